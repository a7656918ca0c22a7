"""Verbs of the command line that belong to the service; `cli` finds them by name."""
