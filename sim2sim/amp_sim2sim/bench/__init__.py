"""Measurements of the gate, each beside its named alternative (``python -m amp_sdk.bench``)."""
