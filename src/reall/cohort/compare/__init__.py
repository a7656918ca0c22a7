"""One registry beside published figures, and its systems beside each other."""
