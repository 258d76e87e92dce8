"""A robot's MJCF as plain links: bodies with joints, and what is fixed to them.

Every value is resolved from MJCF's defaults, and links without a joint are merged into the link
that carries them: PhysX knows no link without mass. Nothing here needs Isaac Gym or MuJoCo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple
from xml.etree import ElementTree as Xml

import numpy as np

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_training.backends.mjcf_defaults import Defaults

# number of sizes that a shape has
SHAPES: Dict[str, int] = {"sphere": 1, "capsule": 2, "cylinder": 2, "box": 3}


@dataclass(frozen=True)
class Shape:
    """A collision shape in its link's frame."""

    kind: str
    size_m: Tuple[float, ...]
    pos: np.ndarray  # [3] m
    quat: np.ndarray  # [4] wxyz
    friction: float
    meets_robot: bool  # it touches the robot's own shapes too


@dataclass(frozen=True)
class Joint:
    """A hinge of a link."""

    name: str
    axis: np.ndarray  # [3]
    anchor: np.ndarray  # [3] m
    damping_nm_s: float


@dataclass
class Link:
    """A body with joints, and what is fixed to it."""

    name: str
    parent: str
    pos: np.ndarray  # [3] m in the parent's frame
    quat: np.ndarray  # [4] wxyz
    mass_kg: float = 0.0
    com: np.ndarray = field(default_factory=lambda: np.zeros(3))  # [3] m
    inertia: np.ndarray = field(default_factory=lambda: np.zeros((3, 3)))  # about the centre
    joints: List[Joint] = field(default_factory=list)
    shapes: List[Shape] = field(default_factory=list)

    def add_mass(self, mass_kg: float, com: np.ndarray, inertia: np.ndarray) -> None:
        """Fix another body to the link: its centre [3] m and inertia [3, 3] in the link's axes."""
        total = self.mass_kg + mass_kg
        centre = (self.mass_kg * self.com + mass_kg * com) / total
        self.inertia = (
            self.inertia
            + _steiner(self.mass_kg, self.com - centre)
            + inertia
            + _steiner(mass_kg, com - centre)
        )
        self.mass_kg, self.com = total, centre


def read_links(path: Path) -> List[Link]:
    """The links of a robot file, the base first. Raises InputError."""
    try:
        root = Xml.parse(str(path)).getroot()
    except (OSError, Xml.ParseError) as error:
        raise InputError(f"cannot read the robot file {path}: {error}") from error
    bodies = root.findall("worldbody/body")
    if len(bodies) != 1:
        raise InputError(f"{path}: expected one body in <worldbody>, found {len(bodies)}")
    reader = _Reader(str(path), Defaults(root))
    reader.body(bodies[0], "", None, np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))
    for link in reader.links:
        if not link.mass_kg > 0.0:
            raise InputError(f"{path}: link {link.name!r} has no mass, which PhysX needs")
    return reader.links


class _Reader:
    def __init__(self, where: str, defaults: Defaults) -> None:
        self.where, self.defaults = where, defaults
        self.links: List[Link] = []

    def body(
        self,
        body: Xml.Element,
        childclass: str,
        link: Optional[Link],
        pos: np.ndarray,
        quat: np.ndarray,
    ) -> None:
        """Read ``body``, whose frame is at ``pos``, ``quat`` of ``link`` (None: it is the base)."""
        childclass = body.get("childclass", childclass)
        joints = body.findall("joint")
        if link is None or joints:
            parent = "" if link is None else link.name
            if link is None:
                pos = np.zeros(3)  # where it starts is the simulator's business
            link = Link(body.get("name", ""), parent, pos, quat)
            self.links.append(link)
            pos, quat = np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])
        for joint in joints:
            values = self.defaults.resolve(joint, childclass)
            link.joints.append(
                Joint(
                    joint.get("name", ""),
                    _floats(values["axis"]),
                    _floats(values.get("pos", "0 0 0")),
                    float(values.get("damping", "0").split()[0]),
                )
            )
        inertial = body.find("inertial")
        if inertial is not None:
            link.add_mass(*self._inertial(inertial, pos, quat))
        for geom in body.findall("geom"):
            self._shape(link, self.defaults.resolve(geom, childclass), pos, quat)
        for child in body.findall("body"):
            child_pos, child_quat = _pose(child.attrib)
            at = pos + rotations.rotate(quat, child_pos)
            self.body(child, childclass, link, at, rotations.multiply(quat, child_quat))

    def _inertial(
        self, inertial: Xml.Element, pos: np.ndarray, quat: np.ndarray
    ) -> Tuple[float, np.ndarray, np.ndarray]:
        if "diaginertia" not in inertial.attrib:
            raise InputError(f"{self.where}: expected <inertial> with 'diaginertia'")
        centre, turn = _pose(inertial.attrib)
        axes = rotations.to_matrix(rotations.multiply(quat, rotations.normalize(turn)))
        inertia = axes @ np.diag(_floats(inertial.attrib["diaginertia"])) @ axes.T
        return float(inertial.attrib["mass"]), pos + rotations.rotate(quat, centre), inertia

    def _shape(self, link: Link, values: Dict[str, str], pos: np.ndarray, quat: np.ndarray) -> None:
        contype, conaffinity = int(values.get("contype", "1")), int(values.get("conaffinity", "1"))
        if not contype and not conaffinity:
            return  # for the eye only
        kind = values.get("type", "sphere")
        if kind not in SHAPES:
            raise InputError(
                f"{self.where}: link {link.name!r}: Isaac Gym has no collision shape {kind!r}; "
                f"expected one of {', '.join(SHAPES)}"
            )
        size, (at, turn) = _floats(values["size"]), _pose(values)
        if "fromto" in values:
            ends = _floats(values["fromto"]).reshape(2, 3)
            at, along = ends.mean(axis=0), ends[1] - ends[0]
            length = float(np.linalg.norm(along))
            size, turn = np.array([size[0], 0.5 * length]), _from_z(along / length)
        link.shapes.append(
            Shape(
                kind,
                tuple(size[: SHAPES[kind]].tolist()),
                pos + rotations.rotate(quat, at),
                rotations.multiply(quat, turn),
                float(values.get("friction", "1").split()[0]),
                bool(contype & conaffinity),
            )
        )


def _floats(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=np.float64)


def _pose(values: Dict[str, str]) -> Tuple[np.ndarray, np.ndarray]:
    quat = rotations.normalize(_floats(values.get("quat", "1 0 0 0")))
    return _floats(values.get("pos", "0 0 0")), quat


def _from_z(direction: np.ndarray) -> np.ndarray:
    """The shortest turn of the z axis into ``direction`` [3] of unit length, wxyz."""
    x, y, z = direction
    if z < -1.0 + 1e-12:
        return np.array([0.0, 1.0, 0.0, 0.0])
    return rotations.normalize(np.array([1.0 + z, -y, x, 0.0]))


def _steiner(mass_kg: float, offset: np.ndarray) -> np.ndarray:
    return mass_kg * (offset @ offset * np.eye(3) - np.outer(offset, offset))
