"""The recipe: every choice of a training run, typed and validated.

A recipe is one YAML file (``amp_training/recipes/NAME.yaml`` or the user's). Keys that are left out
take the defaults below, which are the values that the shipped Go2 recipes were tuned to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Literal, Optional, Sequence, Tuple

from amp_sdk.config import from_mapping, load_yaml, to_mapping, with_overrides
from amp_sdk.errors import InputError, closest

RECIPE_FOLDER = Path(__file__).parent / "recipes"


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


@dataclass(frozen=True)
class MotionConfig:
    """Reference clips: files or generator names, with sampling weights (default: by duration)."""

    files: Tuple[str, ...] = ()
    weights: Tuple[float, ...] = ()
    fps: Optional[float] = None

    def __post_init__(self) -> None:
        _require(
            not self.weights or len(self.weights) == len(self.files),
            f"weights: expected one per file ({len(self.files)}), found {len(self.weights)}",
        )
        _require(all(w > 0 for w in self.weights), "weights: every weight must be positive")


@dataclass(frozen=True)
class SimulationConfig:
    """Physics of one environment and how many there are.

    Dry friction of the joints (0.2 N m on a Go2) is one constraint a joint: a fifth of the time of
    a step. It is left out of training unless ``friction_loss``, and always in sim2sim.
    """

    backend: Literal["mujoco"] = "mujoco"
    num_envs: int = 512
    threads: int = 0
    physics_dt_s: float = 0.005
    control_period_s: float = 0.02
    friction_loss: bool = False

    def __post_init__(self) -> None:
        _require(self.num_envs >= 1, "num_envs must be at least 1")
        _require(self.threads >= 0, "threads must not be negative")
        _require(0.0 < self.physics_dt_s <= 0.02, "physics_dt_s must be in (0, 0.02]")
        _require(
            abs(self.decimation * self.physics_dt_s - self.control_period_s) < 1e-9,
            f"control_period_s {self.control_period_s} must be a whole number of physics steps of "
            f"{self.physics_dt_s} s",
        )

    @property
    def decimation(self) -> int:
        """Physics steps per control step."""
        return max(1, int(round(self.control_period_s / self.physics_dt_s)))


@dataclass(frozen=True)
class RandomizationConfig:
    """Differences between the environments' robots, drawn once; (lower, upper) bounds.

    ``damping_nm_s`` (N m s/rad, added to each joint) also stands in for dry friction, which the
    simulation leaves out for speed.
    """

    enabled: bool = True
    gain_ratio: Tuple[float, float] = (0.85, 1.15)
    damping_nm_s: Tuple[float, float] = (0.0, 0.4)
    friction: Tuple[float, float] = (0.5, 1.1)
    base_mass_kg: Tuple[float, float] = (-1.0, 1.5)

    def __post_init__(self) -> None:
        for name in ("gain_ratio", "damping_nm_s", "friction", "base_mass_kg"):
            lower, upper = getattr(self, name)
            _require(lower <= upper, f"{name}: lower bound above upper")
        _require(self.gain_ratio[0] > 0 and self.friction[0] > 0, "ratios must be positive")
        _require(self.damping_nm_s[0] >= 0, "damping_nm_s must not be negative")


@dataclass(frozen=True)
class ActionConfig:
    """Joint target = centre + scale * clip(action); gains default to the robot's."""

    center: Literal["motion_mean", "default"] = "motion_mean"
    scale: Optional[float] = None
    clip: float = 10.0
    kp: Optional[float] = None
    kd: Optional[float] = None

    def __post_init__(self) -> None:
        _require(self.clip > 0, "clip must be positive")
        for name in ("scale", "kp", "kd"):
            value = getattr(self, name)
            _require(value is None or value > 0, f"{name} must be positive")


@dataclass(frozen=True)
class ObservationConfig:
    """What the policy sees: samples kept per term, and their scales."""

    history: int = 1
    joint_vel_scale: float = 0.05
    ang_vel_scale: float = 0.25
    last_action_scale: float = 0.25
    clip: float = 100.0

    def __post_init__(self) -> None:
        _require(1 <= self.history <= 32, "history must be 1 to 32")
        _require(self.clip > 0, "clip must be positive")


@dataclass(frozen=True)
class CommandConfig:
    """Velocity command in the heading frame; ``None`` takes the clips' mean velocity.

    A real animal's heading is rarely quite along its way, so a clip has a lateral velocity too.
    """

    lin_vel_x: Optional[Tuple[float, float]] = None
    lin_vel_y: Optional[Tuple[float, float]] = None
    ang_vel_z: Tuple[float, float] = (0.0, 0.0)
    resample_s: Tuple[float, float] = (4.0, 8.0)

    def __post_init__(self) -> None:
        for name in ("lin_vel_x", "lin_vel_y", "ang_vel_z", "resample_s"):
            bounds = getattr(self, name)
            _require(bounds is None or bounds[0] <= bounds[1], f"{name}: lower bound above upper")


@dataclass(frozen=True)
class EpisodeConfig:
    """Episode length, where episodes start, and what counts as a fall.

    Short episodes at first (``first_length_s``, growing to ``length_s`` over ``growth_samples``)
    keep most samples near the clip while the policy cannot stay there yet. An episode also ends,
    as a failure, when the mean joint distance to the nearest pose of the clips exceeds
    ``max_pose_distance_rad``; starts away from the clips have ``pose_grace_s`` to get there.
    """

    length_s: float = 10.0
    first_length_s: Optional[float] = 1.0
    growth_samples: int = 3_000_000
    max_pose_distance_rad: Optional[float] = None
    pose_grace_s: float = 1.0
    reference_start_share: float = 0.8
    max_tilt_rad: float = 1.0
    min_height_ratio: float = 0.5

    def __post_init__(self) -> None:
        _require(
            0.0 <= self.reference_start_share <= 1.0, "reference_start_share must be in [0, 1]"
        )
        _require(self.length_s > 0.1, "length_s must be above 0.1")
        _require(self.growth_samples >= 1, "growth_samples must be at least 1")
        _require(self.max_tilt_rad > 0, "max_tilt_rad must be positive")


@dataclass(frozen=True)
class RewardConfig:
    """Weights of the step reward. Task terms are in [0, 1]; penalties are subtracted."""

    style: float = 0.7
    task: float = 0.3
    yaw_share: float = 0.2
    velocity_width: float = 0.5
    yaw_width_rad_s: float = 0.5
    action_rate: float = 0.001

    def __post_init__(self) -> None:
        _require(self.style >= 0 and self.task >= 0, "style and task weights must not be negative")
        _require(self.velocity_width > 0, "velocity_width must be positive")
        _require(self.yaw_width_rad_s > 0, "yaw_width_rad_s must be positive")
        _require(0 <= self.yaw_share <= 1, "yaw_share must be in [0, 1]")


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The motion prior: features, window, loss and its own optimiser.

    A discriminator that tells all samples apart gives a reward without slope. Updates are left out
    while its prediction loss is below ``throttle_loss`` (0 when saturated; by chance 1 with lsgan
    and 0.69 with bce, where the same number throttles more).
    """

    loss: Literal["lsgan", "bce"] = "lsgan"
    terms: Tuple[str, ...] = (
        "root_height",
        "gravity_b",
        "lin_vel_b",
        "ang_vel_b",
        "joint_pos",
        "key_pos_b",
    )
    window: int = 2
    hidden: Tuple[int, ...] = (256, 128)
    learning_rate: float = 1e-4
    updates: int = 8
    batch: int = 2048
    gradient_penalty: float = 10.0
    penalty_on: Literal["demonstrations", "both"] = "both"
    throttle_loss: float = 0.2
    logit_penalty: float = 0.01
    weight_decay: float = 1e-4
    reward_scale: float = 1.0
    replay_capacity: int = 200_000
    replay_share: float = 0.5
    replay_push: int = 2048
    normalizer_samples: int = 5_000_000
    demo_windows: int = 100_000

    def __post_init__(self) -> None:
        _require(2 <= self.window <= 32, "window must be 2 to 32 control steps")
        _require(len(self.terms) > 0, "terms must name at least one feature")
        for name in ("updates", "batch", "replay_capacity", "replay_push", "demo_windows"):
            _require(getattr(self, name) >= 1, f"{name} must be at least 1")
        for name in ("gradient_penalty", "logit_penalty", "weight_decay", "throttle_loss"):
            _require(getattr(self, name) >= 0, f"{name} must not be negative")
        _require(self.learning_rate > 0, "learning_rate must be positive")
        _require(all(width >= 1 for width in self.hidden), "hidden: every width must be positive")
        _require(0.0 <= self.replay_share < 1.0, "replay_share must be in [0, 1)")


@dataclass(frozen=True)
class PpoConfig:
    """Proximal policy optimisation.

    The action noise is learned from ``initial_std``, or, with ``final_std``, falls to it
    exponentially between the two sample counts of ``std_decay``. Values are in units of a step's
    reward, ``value_clip`` too. ``schedule`` concerns the actor alone: a critic that has to follow
    its learning rate down loses track of the returns. The policy that is tested and exported has
    the actor's weights averaged over iterations with ``average_decay`` (0: the last weights).
    """

    horizon: int = 24
    epochs: int = 5
    minibatches: int = 4
    learning_rate: float = 1e-3
    critic_learning_rate: float = 1e-3
    schedule: Literal["adaptive", "constant"] = "adaptive"
    target_kl: float = 0.01
    gamma: float = 0.95
    lam: float = 0.95
    clip: float = 0.2
    value_clip: Optional[float] = None
    entropy_coef: float = 0.0
    bound_coef: float = 0.0
    max_grad_norm: float = 1.0
    average_decay: float = 0.95
    initial_std: float = 1.0
    final_std: Optional[float] = 0.15
    std_decay: Tuple[int, int] = (0, 2_500_000)
    actor_hidden: Tuple[int, ...] = (256, 128)
    critic_hidden: Tuple[int, ...] = (256, 128)

    def __post_init__(self) -> None:
        _require(self.horizon >= 2, "horizon must be at least 2")
        for name in ("epochs", "minibatches"):
            _require(getattr(self, name) >= 1, f"{name} must be at least 1")
        for name in ("learning_rate", "critic_learning_rate", "target_kl", "clip", "max_grad_norm"):
            _require(getattr(self, name) > 0, f"{name} must be positive")
        widths = self.actor_hidden + self.critic_hidden
        _require(all(width >= 1 for width in widths), "every hidden width must be positive")
        _require(0 < self.gamma < 1 and 0 <= self.lam <= 1, "gamma in (0, 1) and lam in [0, 1]")
        _require(0 <= self.average_decay < 1, "average_decay must be in [0, 1)")
        _require(self.initial_std > 0, "initial_std must be positive")
        _require(self.final_std is None or self.final_std > 0, "final_std must be positive")
        _require(0 <= self.std_decay[0] < self.std_decay[1], "std_decay must be two rising numbers")


@dataclass(frozen=True)
class Recipe:
    """One training run."""

    name: str
    robot: str
    motion: MotionConfig = field(default_factory=MotionConfig)
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    randomization: RandomizationConfig = field(default_factory=RandomizationConfig)
    action: ActionConfig = field(default_factory=ActionConfig)
    observation: ObservationConfig = field(default_factory=ObservationConfig)
    command: CommandConfig = field(default_factory=CommandConfig)
    episode: EpisodeConfig = field(default_factory=EpisodeConfig)
    reward: RewardConfig = field(default_factory=RewardConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    ppo: PpoConfig = field(default_factory=PpoConfig)
    max_samples: int = 20_000_000
    seed: int = 1

    def __post_init__(self) -> None:
        _require(self.seed >= 0, "seed must not be negative")
        _require(self.max_samples >= 1, "max_samples must be at least 1")

    def sha256(self) -> str:
        """Hash of every value of the recipe, whatever the order of its keys."""
        text = json.dumps(to_mapping(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def recipe_names() -> Sequence[str]:
    """Names of the recipes in the package."""
    return sorted(path.stem for path in RECIPE_FOLDER.glob("*.yaml"))


def load_recipe(name_or_file: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name or file with ``key.path=value`` overrides. Raises InputError."""
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml"):
        path = RECIPE_FOLDER / f"{name_or_file}.yaml"
        if not path.is_file():
            raise InputError(
                f"no recipe named {name_or_file!r}; {closest(name_or_file, recipe_names())}; "
                "or give the path of a .yaml file"
            )
    mapping: Dict[str, Any] = with_overrides(load_yaml(path), overrides)
    return from_mapping(Recipe, mapping, str(path))
