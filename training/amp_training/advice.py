"""Named warnings: what in a recipe or a run is likely to go wrong, and what will happen then."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from amp_sdk.motion import MotionClip
from amp_sdk.robots import RobotSpec
from amp_training import workers
from amp_training.config import Recipe
from amp_training.style_losses import reward_levels

_OUTSIDE_SHARE = 0.2
_MARGIN_RAD = 0.05
_FEW_ITERATIONS, _USUAL_ITERATIONS = 60, 200


def recipe_warnings(recipe: Recipe, robot: RobotSpec, clips: Sequence[MotionClip]) -> List[str]:
    """One line for each choice that is allowed but usually a mistake."""
    return [
        *_discriminator(recipe),
        *_noise(recipe),
        *_schedules(recipe),
        *_clips(recipe, robot, clips),
    ]


def _discriminator(recipe: Recipe) -> Iterator[str]:
    config = recipe.discriminator
    if config.gradient_penalty == 0.0:
        yield (
            "no-gradient-penalty: discriminator.gradient_penalty is 0: the discriminator will "
            "become steep around the clips, its reward flat where the policy is, and training "
            "will oscillate or stall; 5 to 10 is usual"
        )
    if config.replay_share == 0.0:
        yield (
            "no-replay: discriminator.replay_share is 0: the discriminator will forget what the "
            "policy did earlier, and the policy may return to it in circles; 0.5 is usual"
        )
    if recipe.reward.style == 0.0:
        yield (
            "no-style: reward.style is 0: the discriminator is trained, but the policy will not "
            "follow the clips"
        )


def _noise(recipe: Recipe) -> Iterator[str]:
    final_std = recipe.ppo.final_std
    if recipe.ppo.sigma in ("fixed", "learned") and final_std is not None:
        default = type(recipe.ppo)().final_std
        if final_std != default:
            yield (
                f"unused-final-std: ppo.final_std {final_std:g} has no effect with ppo.sigma "
                f"{recipe.ppo.sigma}"
            )


def _schedules(recipe: Recipe) -> Iterator[str]:
    """Schedules count samples, learning goes by iterations: with eight times the environments of a
    recipe that was tuned with 512 they are over eight times as soon."""
    ends = _schedule_ends(recipe)
    rollout = recipe.simulation.num_envs * recipe.ppo.horizon * workers.size()
    first = min((counts[-1] for counts in ends.values()), default=rollout * _FEW_ITERATIONS)
    if first >= rollout * _FEW_ITERATIONS:
        return
    times = -(-_USUAL_ITERATIONS * rollout // first)
    longer = (f"{key}={_as_text([n * times for n in counts])}" for key, counts in ends.items())
    yield (
        f"short-schedule: an iteration takes {rollout} samples, and the recipe's schedules, which "
        f"count samples, begin to end after {max(1, first // rollout)} of them, most likely before "
        f"the policy walks; with so many environments lengthen them: --set {' '.join(longer)}"
    )


def _as_text(counts: Sequence[int]) -> str:
    """As ``--set`` takes them: a number, or a list of several."""
    text = ",".join(map(str, counts))
    return text if len(counts) == 1 else f"[{text}]"


def _schedule_ends(recipe: Recipe) -> Dict[str, Tuple[int, ...]]:
    """The sample counts of the schedules that the recipe uses, the last of each its end."""
    ends: Dict[str, Tuple[int, ...]] = {}
    if recipe.ppo.noise == "scheduled":
        ends["ppo.std_decay"] = recipe.ppo.std_decay
    if recipe.discriminator.final_learning_rate is not None:
        ends["discriminator.learning_rate_decay"] = recipe.discriminator.learning_rate_decay
    if recipe.harness.enabled:
        ends["harness.fade"] = recipe.harness.fade
    if recipe.episode.first_length_s is not None:
        ends["episode.growth_samples"] = (recipe.episode.growth_samples,)
    if recipe.command.growth_samples is not None:
        ends["command.growth_samples"] = (recipe.command.growth_samples,)
    return ends


def _clips(recipe: Recipe, robot: RobotSpec, clips: Sequence[MotionClip]) -> Iterator[str]:
    period_s = recipe.simulation.control_period_s
    window_s = (recipe.discriminator.span - 1) * period_s
    for clip in clips:
        joints = outside_limits(clip, robot)
        if joints:
            yield (
                f"joint-order: {clip.source}: {len(joints)} of {len(robot.joint_names)} joints are "
                f"outside their limits for much of the clip ({', '.join(joints[:3])}): the file is "
                f"probably of another robot or in another joint order; the policy will be "
                "rewarded for poses that the robot cannot take"
            )
        if clip.loop == "clamp" and clip.duration_s < window_s:
            yield (
                f"short-clip: {clip.source} lasts {clip.duration_s:.2f} s, less than the "
                f"discriminator's window of {window_s:.2f} s: every demonstration will hold "
                "frames that stand still; shorten discriminator.window or spacing, or loop the clip"
            )


def outside_limits(clip: MotionClip, robot: RobotSpec) -> List[str]:
    """Joints that are beyond their hard stops in more than a fifth of the frames."""
    ordered = clip.in_order(robot.joint_names).joint_pos
    low, high = robot.joint_lower_rad - _MARGIN_RAD, robot.joint_upper_rad + _MARGIN_RAD
    share = np.mean((ordered < low) | (ordered > high), axis=0)
    return [name for name, part in zip(robot.joint_names, share) if part > _OUTSIDE_SHARE]


class CollapseAlarm:
    """Says once when the style reward has collapsed, and again if it does so anew.

    Accuracy near 1 alone is normal late in training; together with a style reward near its floor,
    for ``patience`` iterations, the reward has lost its slope.
    """

    def __init__(self, loss: str, scale: float, patience: int = 20) -> None:
        self._floor, self._chance = reward_levels(loss, scale)
        self._patience = patience
        self._count = 0

    def check(self, accuracy: float, style_reward: float) -> Optional[str]:
        """The alarm of one iteration, if it is due."""
        low = style_reward < self._floor + 0.1 * (self._chance - self._floor)
        self._count = self._count + 1 if low and accuracy > 0.98 else 0
        if self._count != self._patience:
            return None
        return (
            f"style-collapse: style reward {style_reward:.3f} (floor {self._floor:.3f}) at a "
            f"discriminator accuracy of {accuracy:.0%} for {self._patience} iterations: the "
            "discriminator tells everything apart and its reward has no slope, so the policy will "
            "stop learning style; raise discriminator.gradient_penalty or throttle_loss, or lower "
            "discriminator.learning_rate or updates"
        )
