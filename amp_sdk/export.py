"""``python -m amp_sdk.export``: turn a training run into an ONNX policy."""

from __future__ import annotations

import sys

from amp_sdk._cli import run_layer

if __name__ == "__main__":
    sys.exit(run_layer("amp_training.cli.export", "train"))
