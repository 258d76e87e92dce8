"""Training layer of amp-sdk: environments on a simulator backend, AMP+PPO, checkpoints, export."""

from __future__ import annotations

import importlib.util as _util
import sys as _sys

# Isaac Gym refuses to be imported after torch, and all else here imports torch
if "torch" not in _sys.modules and _util.find_spec("isaacgym") is not None:
    try:
        import isaacgym as _isaacgym  # noqa: F401
    except ImportError:
        pass  # said where the backend is asked for
