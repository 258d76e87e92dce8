"""``python -m amp_sdk.identify``: fit motors and joints to a record (options: --help)."""

from __future__ import annotations

import sys

from amp_sdk._cli import run_layer

if __name__ == "__main__":
    sys.exit(run_layer("amp_sim2sim.identify.cli", "sim"))
