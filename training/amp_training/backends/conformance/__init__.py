"""The conformance checks: what ``backends.base`` promises, measured on a backend.

``python -m amp_training.backends.conformance --backend NAME`` runs them, and is the acceptance test
for a simulator that this package's own tests cannot have, such as Isaac Gym.
"""

from __future__ import annotations

from typing import Dict

from amp_training.backends.conformance import contact, dynamics, state, variation
from amp_training.backends.conformance.rig import Case

CASES: Dict[str, Case] = {
    case.name: case for module in (dynamics, contact, state, variation) for case in module.CASES
}
