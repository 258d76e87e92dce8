"""What may be wrong between a target and the motion that follows, each tried in the physics."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from amp_sdk import rotations
from amp_sim2sim.parity.joint_order import order_text, swapped
from amp_sim2sim.parity.motion_trials import Trials
from amp_sim2sim.parity.physics import Gains

Mistake = tuple[str, str, np.ndarray]
"""Kind, text, next states [M, S]."""
_SUSPECTS = 8


def motion_mistakes(trials: Trials, joint_error: np.ndarray) -> Iterator[Mistake]:
    """Every known mistake, those with the fewest numbers to fit first; ``joint_error [J]`` says
    which joints to suspect."""
    suspects = [int(j) for j in np.argsort(-joint_error)[:_SUSPECTS]]
    yield from _delay(trials)
    yield from _states(trials)
    unlimited = dataclasses.replace(trials.gains, effort_nm=trials.gains.effort_nm * 1e6)
    text = "the record's motors have no torque limit"
    yield "torque_limit", text, trials.run(gains=unlimited)
    yield "dry_friction", "the record's joints differ in dry friction", trials.other_friction()
    yield from _gains(trials)
    yield from _target_scale(trials)
    yield from _swaps(trials, suspects)
    yield from _both_gains(trials)
    for joint in suspects[:2]:
        yield from _one_joint(trials, joint)


def _scaled(gains: Gains, kp: float | np.ndarray, kd: float | np.ndarray) -> Gains:
    return dataclasses.replace(gains, kp=gains.kp * kp, kd=gains.kd * kd)


def _gains(trials: Trials) -> Iterator[Mistake]:
    """One ratio of kp and kd, or of one of them."""
    for which in ("kp and kd", "kp", "kd"):

        def run(ratio: np.ndarray, which: str = which) -> np.ndarray:
            kp, kd = (ratio[0] if gain in which else 1.0 for gain in ("kp", "kd"))
            return trials.run(gains=_scaled(trials.gains, kp, kd))

        ratio = trials.fit(run, 1)
        text = f"moved with {ratio[0]:.3g} times the {which} of the policy file"
        yield "gains", f"the record's robots {text}", run(ratio)


def _both_gains(trials: Trials) -> Iterator[Mistake]:
    def run(ratio: np.ndarray) -> np.ndarray:
        return trials.run(gains=_scaled(trials.gains, ratio[0], ratio[1]))

    ratio = trials.fit(run, 2)
    times = f"{ratio[0]:.3g} times the kp and {ratio[1]:.3g} times the kd"
    yield "gains", f"the record's robots moved with {times} of the policy file", run(ratio)


def _one_joint(trials: Trials, joint: int) -> Iterator[Mistake]:
    def run(ratio: np.ndarray) -> np.ndarray:
        kp, kd = np.ones((2, len(trials.names)))
        kp[joint], kd[joint] = ratio
        return trials.run(gains=_scaled(trials.gains, kp, kd))

    ratio = trials.fit(run, 2)
    text = (
        f"the record's {trials.names[joint]} moved with {ratio[0]:.3g} times the kp and "
        f"{ratio[1]:.3g} times the kd of the policy file"
    )
    yield "gains", text, run(ratio)


def _delay(trials: Trials) -> Iterator[Mistake]:
    """Targets that act some physics steps late, up to two control steps."""
    now, before, earlier = trials.targets
    for late in range(1, 2 * trials.steps + 1):
        whole, part = divmod(late, trials.steps)
        older, newer = ((before, now), (earlier, before), (earlier, earlier))[whole]
        parts = [(part, older), (trials.steps - part, newer)]
        time_ms = 1e3 * late * trials.physics_step_s
        periods = f"{late / trials.steps:.3g} control step(s)"
        text = f"the record's targets act {time_ms:.4g} ms late ({periods})"
        yield "delay", text, trials.run(parts=[p for p in parts if p[0]])


def _states(trials: Trials) -> Iterator[Mistake]:
    """States in other frames or orders: changed, run, and changed back."""
    quat = slice(3, 7)
    for roll in (1, -1):
        state = trials.state.copy()
        state[:, quat] = np.roll(state[:, quat], roll, axis=1)
        after = trials.run(state=state)
        after[:, quat] = np.roll(after[:, quat], -roll, axis=1)
        text = "the recorded states hold the quaternion as xyzw where wxyz is expected"
        yield "quaternion_order", text, after
    for name, columns, there, back in (
        (
            "angular velocity in the world",
            slice(10, 13),
            rotations.rotate_inverse,
            rotations.rotate,
        ),
        (
            "linear velocity in the base frame",
            slice(7, 10),
            rotations.rotate,
            rotations.rotate_inverse,
        ),
    ):
        state = trials.state.copy()
        state[:, columns] = there(state[:, quat], state[:, columns])
        after = trials.run(state=state)
        after[:, columns] = back(after[:, quat], after[:, columns])
        yield "frame", f"the recorded states hold the base's {name}", after


def _swaps(trials: Trials, suspects: list[int]) -> Iterator[Mistake]:
    """Two motors that get each other's target; two joints that are measured for each other."""
    joints = len(trials.names)
    best: dict[str, tuple[float, Mistake]] = {}
    for first, second in itertools.combinations(suspects, 2):
        order = swapped(joints, first, second)
        whole = np.concatenate([np.arange(13), 13 + order, 13 + joints + order])
        parts = [(trials.steps, trials.targets[0][:, order])]
        words = order_text(trials.names, order)
        for text, after in (
            (f"among the record's motors {words}", trials.run(parts=parts)),
            (f"in the recorded states {words}", trials.run(state=trials.state[:, whole])[:, whole]),
            (
                f"in the recorded states and targets {words}",
                trials.run(state=trials.state[:, whole], parts=parts)[:, whole],
            ),
        ):
            size, kind = float(np.square(after - trials.next_state).mean()), text.split(words)[0]
            if kind not in best or size < best[kind][0]:
                best[kind] = size, ("joint_order", text, after)
    yield from (mistake for _, mistake in best.values())


def _target_scale(trials: Trials) -> Iterator[Mistake]:
    def run(ratio: np.ndarray) -> np.ndarray:
        target = trials.centre + ratio[0] * (trials.targets[0] - trials.centre)
        return trials.run(parts=[(trials.steps, target)])

    ratio = trials.fit(run, 1)
    text = f"the record's robots moved as if their targets swung {ratio[0]:.3g} times as far"
    yield "action_scale", text, run(ratio)
