"""The copy of a robot's MJCF that Isaac Gym's importer reads.

The importer knows little of MJCF's defaults. So the copy is written out from the plain links: every
attribute on its own element, collision shapes only. Nothing here needs Isaac Gym or MuJoCo.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple
from xml.etree import ElementTree as Xml

import numpy as np

from amp_sdk import rotations
from amp_sdk.robots import RobotSpec
from amp_training.backends.isaacgym_links import Link


def write_asset(robot: RobotSpec, links: List[Link], path: Path) -> None:
    """Write the copy that the importer reads, with joint limits of ``robot``."""
    root = Xml.Element("mujoco", model=robot.name)
    Xml.SubElement(root, "compiler", angle="radian", coordinate="local", inertiafromgeom="false")
    elements = {"": Xml.SubElement(root, "worldbody")}
    lower = dict(zip(robot.joint_names, robot.joint_lower_rad))
    upper = dict(zip(robot.joint_names, robot.joint_upper_rad))
    motors = Xml.Element("actuator")
    for link in links:
        body = Xml.SubElement(elements[link.parent], "body", name=link.name)
        elements[link.name] = body
        body.attrib.update(pos=_text(link.pos), quat=_text(link.quat))
        moments, axes = _principal(link.inertia)
        Xml.SubElement(
            body, "inertial", pos=_text(link.com), mass=_text([link.mass_kg])
        ).attrib.update(diaginertia=_text(moments), quat=_text(axes))
        if not link.parent:
            Xml.SubElement(body, "freejoint", name="root")
        for joint in link.joints:
            limits = _text([lower[joint.name], upper[joint.name]])
            Xml.SubElement(
                body, "joint", name=joint.name, type="hinge", axis=_text(joint.axis)
            ).attrib.update(pos=_text(joint.anchor), limited="true", range=limits)
            Xml.SubElement(motors, "motor", name=joint.name, joint=joint.name, gear="1")
        for i, shape in enumerate(link.shapes):
            name = f"{link.name}_{i}"
            Xml.SubElement(
                body, "geom", name=name, type=shape.kind, size=_text(shape.size_m)
            ).attrib.update(pos=_text(shape.pos), quat=_text(shape.quat))
    root.append(motors)
    path.write_bytes(Xml.tostring(root, encoding="utf-8"))


def _text(values: object) -> str:
    return " ".join(repr(float(value)) for value in np.asarray(values, dtype=np.float64).ravel())


def _principal(inertia: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Principal moments [3] and the wxyz turn of their axes."""
    moments, axes = np.linalg.eigh(inertia)
    if np.linalg.det(axes) < 0:
        axes = axes * np.array([1.0, 1.0, -1.0])
    return moments, rotations.from_matrix(axes)
