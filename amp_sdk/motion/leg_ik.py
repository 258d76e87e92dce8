"""Closed-form inverse kinematics of a leg with hip, thigh and calf joints."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from amp_sdk.errors import InputError
from amp_sdk.robots import RobotSpec
from amp_sdk.robots.kinematics import KinematicTree


@dataclass(frozen=True, eq=False)
class Leg:
    """A leg whose hip turns about x, and thigh and calf about y; straight down at zero angles.

    Attributes:
        name: such as "FL". Its joints are ``FL_hip_joint``, ``FL_thigh_joint``, ``FL_calf_joint``.
        hip_b: [3] m, the hip axis in the base frame.
        side_m: from the hip axis to the plane of the leg, along y; signed.
        thigh_m: from the thigh axis down to the calf axis.
        foot: [2] m, the centre of the foot's sphere in the calf frame: forward and down.
        sole_m: the height of that centre when the foot is on the ground, its radius.
    """

    name: str
    hip_b: np.ndarray
    side_m: float
    thigh_m: float
    foot: np.ndarray
    sole_m: float

    @classmethod
    def of(cls, robot: RobotSpec, name: str) -> Leg:
        """Measure a leg of ``robot`` at zero joint angles, and its sole in the stand pose."""
        tree = KinematicTree.from_mjcf(robot.mjcf_path)
        links = [f"{name}_{part}" for part in ("hip", "thigh", "calf", "foot")]
        index = tree.body_index(links)
        level, zero = np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(len(robot.joint_names))
        hip, thigh, calf, foot = tree.forward(np.zeros(3), level, zero)[0][index]
        centre = foot + _sphere_in_foot(robot, links[-1])
        leg = cls(
            name=name,
            hip_b=hip,
            side_m=float(thigh[1] - hip[1]),
            thigh_m=float(thigh[2] - calf[2]),
            foot=np.array([centre[0] - calf[0], calf[2] - centre[2]]),
            sole_m=0.0,
        )
        angles = robot.default_joint_pos_rad[robot.joint_index(leg.joint_names)]
        sole = robot.default_base_height_m + float(leg.foot_centre_b(angles)[2])
        return cls(leg.name, leg.hip_b, leg.side_m, leg.thigh_m, leg.foot, sole)

    @property
    def joint_names(self) -> tuple:
        """Hip, thigh, calf."""
        return tuple(f"{self.name}_{part}_joint" for part in ("hip", "thigh", "calf"))

    def foot_centre_b(self, angles_rad: np.ndarray) -> np.ndarray:
        """The centre of the foot [..., 3] m in the base frame for hip, thigh and calf [..., 3]."""
        hip, thigh, calf = np.moveaxis(np.asarray(angles_rad), -1, 0)
        bend, (forward, down) = thigh + calf, self.foot
        x = -self.thigh_m * np.sin(thigh) - down * np.sin(bend) + forward * np.cos(bend)
        depth = self.thigh_m * np.cos(thigh) + down * np.cos(bend) + forward * np.sin(bend)
        y = self.side_m * np.cos(hip) + depth * np.sin(hip)
        z = self.side_m * np.sin(hip) - depth * np.cos(hip)
        return self.hip_b + np.stack([x, y, z], axis=-1)

    def angles_rad(self, foot_centre_b: np.ndarray) -> np.ndarray:
        """Hip, thigh and calf [..., 3] that put the foot's centre there, knee to the rear.

        Raises InputError for a place out of reach.
        """
        x, y, z = np.moveaxis(np.asarray(foot_centre_b) - self.hip_b, -1, 0)
        shin, tilt = np.hypot(*self.foot), np.arctan2(-self.foot[0], self.foot[1])
        depth = np.sqrt(np.maximum(y**2 + z**2 - self.side_m**2, 0.0))
        cosine = (x**2 + depth**2 - self.thigh_m**2 - shin**2) / (2 * self.thigh_m * shin)
        if np.any(np.abs(cosine) > 1) or np.any(depth <= 0):
            raise InputError(
                f"leg {self.name} ({self.thigh_m + shin:.3f} m long) cannot reach its foot's path; "
                "lower the speed, the swing height or the body, or raise the frequency"
            )
        knee = -np.arccos(cosine)
        hip = np.arctan2(z, y) - np.arctan2(-depth, self.side_m)
        thigh = np.arctan2(-x, depth) - np.arctan2(
            shin * np.sin(knee), self.thigh_m + shin * np.cos(knee)
        )
        return np.stack([(hip + np.pi) % (2 * np.pi) - np.pi, thigh, knee - tilt], axis=-1)


def _sphere_in_foot(robot: RobotSpec, foot: str) -> np.ndarray:
    """The centre [3] m of the foot's collision sphere in the foot's frame."""
    for geom in ElementTree.parse(str(robot.mjcf_path)).iter("geom"):
        if geom.get("name") == foot:
            return np.array(geom.get("pos", "0 0 0").split(), dtype=np.float64)
    raise InputError(f"{robot.mjcf_path}: expected a geom named {foot!r}, the sole of that leg")
