"""Simulated registries: drawn from published margins and declared assumptions, never from children."""
