"""``python -m amp_sdk.bench NAME``: measurements, each beside its named alternative (--help)."""

from __future__ import annotations

import importlib
import sys
from typing import Dict, Optional, Sequence, Tuple

from amp_sdk._cli import guarded, run_layer
from amp_sdk.errors import InputError, closest

# name -> (module with main(argv) -> int, the extra that it needs if any, what it measures)
BENCHES: Dict[str, Tuple[str, Optional[str], str]] = {
    "kernels": (
        "amp_training.bench.kernels",
        "train",
        "gae and disc_obs beside plain torch, TorchScript, torch.compile and a copy",
    ),
    "training": (
        "amp_training.bench.training",
        "train",
        "environment steps and learner samples a second beside bare physics",
    ),
    "learner": (
        "amp_training.bench.learner",
        "train",
        "the learner's update beside skrl, amp-rsl-rl and the bare networks",
    ),
    "runtime": (
        "amp_sdk.runtime.bench",
        None,
        "a policy's step (observation, network, action) beside its network alone",
    ),
    "loop": (
        "amp_sdk.runtime.bench_loop",
        None,
        "how late the loop's ticks are, beside a loop that only sleeps",
    ),
    "gate": (
        "amp_sim2sim.bench.gate",
        "sim",
        "the gate's simulation beside bare Batch.step of the same models and states",
    ),
    "separation": (
        "amp_sim2sim.bench.separation",
        "sim",
        "whether the gate passes a policy and fails eight damaged variants of it",
    ),
    "dds": (
        "amp_sdk.unitree.bench",
        None,
        "the write of a command, and there and back through DDS beside bare messages",
    ),
}


def main(argv: Sequence[str]) -> int:
    """Run the measurement that ``argv[0]`` names with the rest of ``argv``."""
    if not argv or argv[0] in ("-h", "--help"):
        print("usage: python -m amp_sdk.bench NAME [options]   (NAME --help: its options)\n")
        for name, (_, _, what) in BENCHES.items():
            print(f"  {name:10} {what}")
        return 0 if argv else 2
    if argv[0] not in BENCHES:
        return guarded(lambda: _unknown(argv[0]))
    module, extra, _ = BENCHES[argv[0]]
    if extra is None:
        return guarded(lambda: importlib.import_module(module).main(list(argv[1:])))
    return run_layer(module, extra, list(argv[1:]))


def _unknown(name: str) -> int:
    raise InputError(f"no measurement is called {name!r}; {closest(name, BENCHES)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
