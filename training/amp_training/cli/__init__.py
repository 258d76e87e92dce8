"""Command lines of the training layer, called by the thin entries of ``amp_sdk``."""
