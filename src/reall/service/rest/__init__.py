"""REST under /api/v1: the same operations, and the same bytes, as the command line's `--json`."""
