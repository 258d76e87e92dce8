"""The robot layer: drivers and the real-time control loop.

Not part of this release: the package holds no driver yet, and no command uses it. A policy file
with its contract (``amp_sdk.load_policy``) is what a control loop of your own can run today.
"""
