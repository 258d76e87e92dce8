"""``python -m amp_sdk.doctor``: what this machine can do with the package, and what is wrong."""
