"""What ``bench training`` measures of a session, and its figures."""

from __future__ import annotations

import contextlib
import statistics
import time
from dataclasses import dataclass
from typing import List, Optional, Tuple

import torch

from amp_training.bench.bare import BareNetworks
from amp_training.bench.replay import Recorder, elapsed_s
from amp_training.bench.timing import no_waiting
from amp_training.build import Session
from amp_training.learner import IterationStats

TIMES_BARE = 1.15  # what --check demands of whole training


@dataclass(frozen=True)
class TrainingFigures:
    """Medians over rollouts. Rates are environment steps (learner: samples) a second.

    ``times_bare`` is the time of whole training over that of bare physics and bare networks.
    ``host_share`` is the host's time to hand a rollout's collection to a GPU over the GPU's time
    for it (None without a GPU): near one or above, the GPU waits for the host, and less work there
    (a CUDA graph of the whole control step) would pay; far below one, it would not.
    """

    recipe: str
    robot: str
    backend: str
    device: str
    num_envs: int
    horizon: int
    bare_steps_per_s: float
    collection_steps_per_s: float
    collection_ratio: float
    host_share: Optional[float]
    learner_samples_per_s: float
    whole_samples_per_s: float
    whole_ratio: float
    times_bare: float


def measure(session: Session, rollouts: int) -> TrainingFigures:
    """Time ``rollouts`` rollouts; the first is a warm-up."""
    backend, learner = session.environment.backend, session.learner
    networks = BareNetworks(session)
    rows: List[Tuple[float, ...]] = []
    host: List[float] = []
    for _ in range(rollouts + 1):
        bare_s, collect_s, host_s = _collection(session)
        host.append(host_s / collect_s)
        stats: List[IterationStats] = []
        whole_s = elapsed_s(lambda: stats.append(learner.iterate(0)), backend.device)  # noqa: B023
        networks_s = networks.act_s() + networks.learn_s(stats[0].prior.applied_share)
        rows.append((bare_s, collect_s, whole_s, stats[0].learn_s, networks_s))
    rows = rows[1:]
    steps = backend.num_envs * learner.rollout.horizon
    bare_s, collect_s, whole_s, learn_s, _ = (statistics.median(column) for column in zip(*rows))
    return TrainingFigures(
        recipe=session.recipe.name,
        robot=session.interface.robot.name,
        backend=session.recipe.simulation.backend,
        device=device_name(backend.device),
        num_envs=backend.num_envs,
        horizon=learner.rollout.horizon,
        bare_steps_per_s=steps / bare_s,
        collection_steps_per_s=steps / collect_s,
        collection_ratio=statistics.median(bare / collect for bare, collect, *_ in rows),
        host_share=None if backend.device.type == "cpu" else statistics.median(host[1:]),
        learner_samples_per_s=steps / learn_s,
        whole_samples_per_s=steps / whole_s,
        whole_ratio=statistics.median(bare / whole for bare, _, whole, *_ in rows),
        times_bare=statistics.median(w / (b + n) for b, _, w, _, n in rows),
    )


def misses(figures: List[TrainingFigures]) -> List[str]:
    """The limit where it is missed, for a person."""
    return [
        f"{f.num_envs} environments: {f.times_bare:.2f} times the bare parts, wanted at most "
        f"{TIMES_BARE:g}"
        for f in figures
        if f.times_bare > TIMES_BARE
    ]


def device_name(device: torch.device) -> str:
    """The device as a person knows it."""
    return "cpu" if device.type == "cpu" else torch.cuda.get_device_name(device)


def _collection(session: Session) -> Tuple[float, float, float]:
    """Seconds of bare physics, of collection and of the host in it, for one rollout of noise.

    On a ``masked`` backend the host may not wait for the device in it.
    """
    learner, backend = session.learner, session.environment.backend
    rollout = learner.rollout
    noise = torch.randn(
        rollout.action.shape, generator=session.generator, device=rollout.action.device
    )

    host_s = 0.0

    def collect() -> None:
        nonlocal host_s
        begin = time.perf_counter()
        with no_waiting(backend.device) if backend.masked else contextlib.nullcontext():
            rollout.collect_with(session.environment, lambda t, _: noise[t])
            learner.rewards(rollout.discriminator_windows(learner.features))
        host_s = time.perf_counter() - begin

    with Recorder(backend) as recorder:
        collect_s = elapsed_s(collect, backend.device)
    return recorder.replay_s(), collect_s - recorder.own_s, host_s
