"""``python -m amp_sdk.sim2sim``: verify a policy in MuJoCo (options: --help)."""

from __future__ import annotations

import sys

from amp_sdk._cli import run_layer

if __name__ == "__main__":
    sys.exit(run_layer("amp_sim2sim.cli", "sim"))
