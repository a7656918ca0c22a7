"""Layers around the application: each looks at every request, none knows what it is about."""
