"""The robot layer: deployment on Unitree's Go2 and G1 (``python -m amp_sdk.deploy``)."""
