"""``python -m amp_sdk.train``: train an AMP policy from a recipe (options: --help)."""

from __future__ import annotations

import sys

from amp_sdk._cli import run_layer

if __name__ == "__main__":
    sys.exit(run_layer("amp_training.cli.train", "train"))
