"""``RobotSpec``: everything about a robot that training, verification and deployment must agree on.

Masses, link frames, joint limits, torque limits and armature live in the robot's MJCF; what a MJCF
has no place for lives in a YAML file of the same name beside it. Nothing is written twice.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, Optional, Sequence, Tuple, Union

import numpy as np

from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.errors import InputError, closest
from amp_sdk.robots import mjcf

_FOLDER = Path(__file__).resolve().parent
_JOINT_ARRAYS = (
    "joint_lower_rad",
    "joint_upper_rad",
    "effort_limit_nm",
    "velocity_limit_rad_s",
    "kp",
    "kd",
    "default_joint_pos_rad",
    "armature",
    "action_scale",
)


@dataclass(frozen=True, eq=False)
class RobotSpec:
    """One robot. Arrays [J] are read-only float64 in the order of ``joint_names``.

    Attributes:
        name, variant: the short name ("go2") and the hardware revision the numbers are of.
        mjcf_path: the MuJoCo model; it holds the robot only, no floor and no solver settings.
        base_body, imu_site: the floating body, and the site where the IMU sits.
        joint_names: the MJCF's depth-first order, which is the order of every array of joints.
        joint_lower_rad, joint_upper_rad: hard stops.
        effort_limit_nm, velocity_limit_rad_s: what motor and gear can do at the joint.
        kp (Nm/rad), kd (Nm s/rad): default gains of the PD position control.
        default_joint_pos_rad, default_base_height_m: the stand pose, feet just on flat ground.
        armature: reflected inertia of the rotors, kg m^2.
        action_scale: rad per unit of a policy's action, a good default.
        wire_names: the joints in the vendor's motor order.
        wire_slots: the vendor's number of each of these motors; where a smaller variant leaves
            motors out, the numbers have gaps.
        foot_bodies, key_bodies: links that touch the ground; links whose places describe a motion.
    """

    name: str
    variant: str
    mjcf_path: Path
    base_body: str
    imu_site: str
    joint_names: Tuple[str, ...]
    joint_lower_rad: np.ndarray
    joint_upper_rad: np.ndarray
    effort_limit_nm: np.ndarray
    velocity_limit_rad_s: np.ndarray
    kp: np.ndarray
    kd: np.ndarray
    default_joint_pos_rad: np.ndarray
    default_base_height_m: float
    armature: np.ndarray
    action_scale: np.ndarray
    wire_names: Tuple[str, ...]
    wire_slots: Tuple[int, ...]
    foot_bodies: Tuple[str, ...]
    key_bodies: Tuple[str, ...]

    def __post_init__(self) -> None:
        for field in _JOINT_ARRAYS:
            object.__setattr__(self, field, self._joint_array(field, getattr(self, field)))
        _same_names("wire_names", self.wire_names, self.joint_names)
        slots = self.wire_slots
        distinct = len(set(slots)) == len(slots) and all(slot >= 0 for slot in slots)
        if len(slots) != len(self.wire_names) or not distinct:
            raise InputError(
                f"robot {self.name!r}: wire_slots: expected {len(self.wire_names)} different motor "
                f"numbers, one for each of wire_names; found {list(slots)}"
            )
        for field in ("effort_limit_nm", "velocity_limit_rad_s", "kp", "action_scale"):
            if np.any(getattr(self, field) <= 0):
                raise InputError(f"robot {self.name!r}: {field} must be above zero for every joint")
        for field in ("kd", "armature"):
            if np.any(getattr(self, field) < 0):
                raise InputError(f"robot {self.name!r}: {field} must not be below zero")
        if np.any(self.joint_lower_rad >= self.joint_upper_rad):
            raise InputError(
                f"robot {self.name!r}: every joint's lower limit must be below its upper"
            )
        pose = self.default_joint_pos_rad
        if np.any(pose < self.joint_lower_rad) or np.any(pose > self.joint_upper_rad):
            raise InputError(f"robot {self.name!r}: the default pose is outside the joint limits")

    def joint_index(self, names: Sequence[str]) -> np.ndarray:
        """Positions [K] int64 of joints in ``joint_names``. Raises InputError for an unknown one.

        ``array[spec.joint_index(spec.wire_names)]`` is an array of joints in motor order.
        """
        known = {name: index for index, name in enumerate(self.joint_names)}
        for name in names:
            if name not in known:
                raise InputError(
                    f"robot {self.name!r} has no joint {name!r}; {closest(name, known)}"
                )
        return np.array([known[name] for name in names], dtype=np.int64)

    def _joint_array(self, name: str, value: Any) -> np.ndarray:
        array = np.array(value, dtype=np.float64)
        if array.shape != (len(self.joint_names),) or not np.all(np.isfinite(array)):
            raise InputError(
                f"robot {self.name!r}: {name}: expected {len(self.joint_names)} finite numbers, "
                f"found {value!r}"
            )
        array.setflags(write=False)
        return array


@dataclass(frozen=True)
class _Motor:
    """Joints that are driven by the same kind of motor and gear with the same gains."""

    joints: Tuple[str, ...]
    kp: float
    kd: float
    velocity_limit_rad_s: float
    action_scale: float


@dataclass(frozen=True)
class _RobotFile:
    """What the YAML beside a MJCF holds."""

    variant: str
    base_body: str
    imu_site: str
    default_base_height_m: float
    default_joint_pos_rad: Dict[str, float]
    motors: Dict[str, _Motor]
    wire_names: Tuple[str, ...]
    foot_bodies: Tuple[str, ...]
    key_bodies: Tuple[str, ...]
    wire_slots: Optional[Tuple[int, ...]] = None


def names() -> Tuple[str, ...]:
    """The robots of this package."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load(name: str) -> RobotSpec:
    """The robot ``name``. Raises InputError that lists the valid names for an unknown one."""
    if name not in names():
        raise InputError(f"unknown robot {name!r}; {closest(str(name), names())}")
    return _load(name)


@functools.lru_cache(maxsize=None)
def _load(name: str) -> RobotSpec:
    return load_file(_FOLDER / f"{name}.yaml")


def load_file(path: Union[str, Path]) -> RobotSpec:
    """A robot from a YAML file with its MJCF (same name, ``.xml``) beside it. Raises InputError."""
    path = Path(path)
    where = str(path)
    file = from_mapping(_RobotFile, load_yaml(path), where)
    mjcf_path = path.with_suffix(".xml")
    model = mjcf.read(mjcf_path)
    joint_names = tuple(hinge.name for hinge in model.hinges)
    try:
        _check_bodies(file, model)
        _same_names("default_joint_pos_rad", file.default_joint_pos_rad, joint_names)
        motor_of = _motor_of_joint(file.motors, joint_names)
        return RobotSpec(
            name=path.stem,
            variant=file.variant,
            mjcf_path=mjcf_path,
            base_body=file.base_body,
            imu_site=file.imu_site,
            joint_names=joint_names,
            joint_lower_rad=np.array([hinge.lower_rad for hinge in model.hinges]),
            joint_upper_rad=np.array([hinge.upper_rad for hinge in model.hinges]),
            effort_limit_nm=np.array([hinge.effort_nm for hinge in model.hinges]),
            velocity_limit_rad_s=np.array([motor_of[j].velocity_limit_rad_s for j in joint_names]),
            kp=np.array([motor_of[j].kp for j in joint_names]),
            kd=np.array([motor_of[j].kd for j in joint_names]),
            default_joint_pos_rad=np.array([file.default_joint_pos_rad[j] for j in joint_names]),
            default_base_height_m=file.default_base_height_m,
            armature=np.array([hinge.armature for hinge in model.hinges]),
            action_scale=np.array([motor_of[j].action_scale for j in joint_names]),
            wire_names=file.wire_names,
            wire_slots=tuple(range(len(joint_names)))
            if file.wire_slots is None
            else file.wire_slots,
            foot_bodies=file.foot_bodies,
            key_bodies=file.key_bodies,
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _motor_of_joint(motors: Dict[str, _Motor], joint_names: Sequence[str]) -> Dict[str, _Motor]:
    _same_names("motors", [j for motor in motors.values() for j in motor.joints], joint_names)
    return {joint: motor for motor in motors.values() for joint in motor.joints}


def _check_bodies(file: _RobotFile, model: mjcf.Mjcf) -> None:
    bodies = [body.name for body in model.bodies]
    if file.base_body != bodies[0]:
        raise InputError(f"base_body: expected {bodies[0]!r}, found {file.base_body!r}")
    for key, listed in (("foot_bodies", file.foot_bodies), ("key_bodies", file.key_bodies)):
        for name in listed:
            if name not in bodies:
                raise InputError(f"{key}: unknown body {name!r}; {closest(name, bodies)}")
    if file.imu_site not in model.sites:
        hint = closest(file.imu_site, model.sites)
        raise InputError(f"imu_site: unknown site {file.imu_site!r}; {hint}")


def _same_names(key: str, found: Iterable[Any], joint_names: Sequence[str]) -> None:
    """Raise InputError unless ``found`` holds every joint exactly once, in any order."""
    listed = list(found)
    for name in listed:
        if name not in joint_names:
            raise InputError(f"{key}: unknown joint {name!r}; {closest(str(name), joint_names)}")
        if listed.count(name) > 1:
            raise InputError(f"{key}: joint {name!r} is listed {listed.count(name)} times")
    missing = [name for name in joint_names if name not in listed]
    if missing:
        raise InputError(f"{key}: missing {', '.join(missing)}")
