"""Watching a policy live: a window where there is a display, a web page where there is none."""
