"""``python -m amp_sdk.test``: run a policy or a training run headless and measure it."""

from __future__ import annotations

import sys

from amp_sdk._cli import run_layer

if __name__ == "__main__":
    sys.exit(run_layer("amp_training.cli.test", "train"))
