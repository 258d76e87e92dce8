"""Measurements of the training side, each beside its named alternative in the same run."""
