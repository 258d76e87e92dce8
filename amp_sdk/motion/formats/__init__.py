"""One module per file format: what a file stores, in which order, and nothing of what it means."""
