"""Tests of the options: a package, so that its conftest has a name of its own."""
