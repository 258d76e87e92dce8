"""``python -m amp_sdk.export``: checkpoint to policy file, checked before it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional

from amp_sdk._cli import write_json
from amp_training.export import export_run


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.export", description=__doc__)
    p.add_argument("run", type=Path, metavar="RUN", help="run folder of amp_sdk.train")
    p.add_argument("-o", "--output", type=Path, required=True, metavar="POLICY.onnx")
    p.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    args = p.parse_args(argv)
    difference = export_run(args.run, args.output)
    print(f"wrote {args.output} (onnxruntime differs from torch by {difference:.1e})")
    write_json(args.json, {"policy": str(args.output), "largest_difference": difference})
    return 0
