"""``make demo``: train the shipped trot recipe, export, verify in MuJoCo, report with video.

The same as the commands of the README, one after the other, with a time limit on training.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import List, Optional

from amp_sdk._cli import run_layer


def main(argv: Optional[List[str]] = None) -> int:
    """Run the steps; the exit status is that of the first that failed."""
    p = argparse.ArgumentParser(prog="python -m amp_sdk.demo", description=__doc__)
    p.add_argument("--out", type=Path, default=Path("runs/demo"), metavar="DIR")
    p.add_argument("--max-minutes", type=float, default=4.5, metavar="M", help="time to train")
    args = p.parse_args(argv)
    run = args.out / time.strftime("%Y%m%d-%H%M%S")
    policy = run / "policy.onnx"
    train = ["--recipe", "go2_trot", "--out", str(run), "--max-minutes", str(args.max_minutes)]
    verify = [str(policy), "--report", str(run / "report")]  # with its video where one can be made
    steps = (
        ("train", "amp_training.cli.train", "train", train),
        ("export", "amp_training.cli.export", "train", [str(run), "-o", str(policy)]),
        ("sim2sim", "amp_sim2sim.cli", "sim", verify),
    )
    for name, module, extra, options in steps:
        print(f"$ python -m amp_sdk.{name} {' '.join(options)}", flush=True)
        status = run_layer(module, extra, options)
        if status != 0:
            return status
    print(f"done: open {run / 'report' / 'report.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
