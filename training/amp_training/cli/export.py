"""``python -m amp_sdk.export``: checkpoint to policy file, checked before it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional

from amp_sdk._cli import write_json
from amp_sdk.errors import InputError
from amp_training.checkpoint import BEST, CHECKPOINT
from amp_training.export import export_run
from amp_training.import_policy import ACTIVATIONS, import_policy


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.export", description=__doc__)
    p.add_argument(
        "run",
        type=Path,
        metavar="RUN",
        help="run folder of amp_sdk.train, or a checkpoint file of rl_games, rsl_rl or MimicKit",
    )
    p.add_argument("-o", "--output", type=Path, required=True, metavar="POLICY.onnx")
    p.add_argument("--best", action="store_true", help="the run's best policy, not its last")
    p.add_argument(
        "--torchscript",
        type=Path,
        metavar="FILE.pt",
        help="also write the network for normalised observations, and obs_norm.npz beside it",
    )
    p.add_argument(
        "--complete",
        type=Path,
        metavar="FILE.yaml",
        help="what a checkpoint of another trainer does not hold (its errors name what is missing)",
    )
    p.add_argument(
        "--activation", choices=sorted(ACTIVATIONS), help="of such a checkpoint's network"
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    args = p.parse_args(argv)
    if args.run.is_file() and args.run.name not in (CHECKPOINT, BEST):
        if args.best or args.torchscript:
            raise InputError("--best and --torchscript are for runs of this package")
        difference = import_policy(args.run, args.output, args.activation, args.complete)
    elif args.complete or args.activation:
        raise InputError("--complete and --activation are for checkpoints of other trainers")
    else:
        difference = export_run(args.run, args.output, args.best, args.torchscript)
    print(f"wrote {args.output} (onnxruntime differs from torch by {difference:.1e})")
    write_json(args.json, {"policy": str(args.output), "largest_difference": difference})
    return 0
