"""Policies of other projects, made runnable: their metadata and a small YAML file give a contract.

mjlab, BeyondMimic and holosoma write into the ONNX file what their own runtimes need; what is not
there must be told (``Completion``):

    robot: g1_29dof             # gives variant, ranges and torque limits
    control_period_s: 0.02
    normalizer_in_graph: true
    action_offset: default_pose # or: zero
    action_clip: 100.0
    commands:                   # in the network's order
      - {name: lin_vel_x, lower: -1.0, upper: 1.0, nominal: 0.0}
    term_defaults: {scale: 1.0, history: 1}

The contract is in the robot's joint order and oldest first, whatever the network's orders are;
columns and actions are exchanged on the way in and out.
"""

from __future__ import annotations

from amp_sdk.adapters.adapt import Adapted, adapt
from amp_sdk.adapters.completion import Completion, ForeignTerm, TermDefaults

__all__ = ["Adapted", "Completion", "ForeignTerm", "TermDefaults", "adapt"]
