"""The bodies and hinges of one of this package's MJCF files, read without MuJoCo.

The robot files state every link frame, axis and limit on the element itself, in radians, so that
this reader needs none of MJCF's default classes; it refuses what it does not understand rather
than read a number wrongly. MuJoCo and this reader are held equal by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple, Union
from xml.etree import ElementTree

import numpy as np

from amp_sdk.errors import InputError

_ORIENTATIONS = ("euler", "axisangle", "xyaxes", "zaxis")


@dataclass(frozen=True, eq=False)
class Body:
    """A link: its frame in the frame of body ``parent`` (-1 for the world), m and wxyz."""

    name: str
    parent: int
    pos: np.ndarray
    quat: np.ndarray


@dataclass(frozen=True, eq=False)
class Hinge:
    """A joint of body ``body``: unit ``axis`` and ``anchor`` [3] in that body's frame."""

    name: str
    body: int
    axis: np.ndarray
    anchor: np.ndarray
    lower_rad: float
    upper_rad: float
    effort_nm: float
    armature: float


@dataclass(frozen=True)
class Mjcf:
    """A robot: bodies and hinges in depth-first order. ``bodies[0]`` floats freely."""

    bodies: Tuple[Body, ...]
    hinges: Tuple[Hinge, ...]
    sites: Tuple[str, ...]


def read(path: Union[str, Path]) -> Mjcf:
    """Read a robot file. Raises InputError for a file that is missing, broken or not understood."""
    try:
        root = ElementTree.parse(str(path)).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise InputError(f"cannot read the robot file {path}: {error}") from error
    compiler = root.find("compiler")
    if compiler is None or compiler.get("angle") != "radian":
        raise InputError(f'{path}: expected <compiler angle="radian"/>; angles must be in radians')
    world = root.find("worldbody")
    roots = [] if world is None else world.findall("body")
    if len(roots) != 1:
        raise InputError(f"{path}: expected one body in <worldbody>, found {len(roots)}")
    return _Reader(str(path)).read(roots[0])


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.bodies: List[Body] = []
        self.hinges: List[Hinge] = []
        self.sites: List[str] = []

    def read(self, root: ElementTree.Element) -> Mjcf:
        self._body(root, -1)
        return Mjcf(tuple(self.bodies), tuple(self.hinges), tuple(self.sites))

    def _body(self, element: ElementTree.Element, parent: int) -> None:
        name = self._name(element)
        for key in _ORIENTATIONS:
            if key in element.attrib:
                raise InputError(f"{self.where}: body {name!r}: write {key!r} as 'quat'")
        index = len(self.bodies)
        quat = self._vector(element, "quat", 4, default="1 0 0 0")
        pos = self._vector(element, "pos", 3, default="0 0 0")
        self.bodies.append(Body(name, parent, pos, quat / np.linalg.norm(quat)))
        joints = element.findall("joint")
        floating = element.find("freejoint") is not None
        if floating != (parent < 0) or (floating and joints):
            raise InputError(
                f"{self.where}: body {name!r}: expected one <freejoint> on the first body and "
                "only hinges on the others"
            )
        self.hinges.extend(self._hinge(joint, index) for joint in joints)
        self.sites.extend(self._name(site) for site in element.findall("site"))
        for child in element.findall("body"):
            self._body(child, index)

    def _hinge(self, element: ElementTree.Element, body: int) -> Hinge:
        name = self._name(element)
        if element.get("type", "hinge") != "hinge" or "ref" in element.attrib:
            raise InputError(f"{self.where}: joint {name!r}: expected a hinge without 'ref'")
        axis = self._vector(element, "axis", 3)
        lower, upper = self._vector(element, "range", 2)
        weakest, effort = self._vector(element, "actuatorfrcrange", 2)
        if not (lower < upper and weakest == -effort and effort > 0):
            raise InputError(
                f"{self.where}: joint {name!r}: expected range 'lower upper' and actuatorfrcrange "
                f"'-limit limit', found {element.attrib}"
            )
        return Hinge(
            name=name,
            body=body,
            axis=axis / np.linalg.norm(axis),
            anchor=self._vector(element, "pos", 3, default="0 0 0"),
            lower_rad=float(lower),
            upper_rad=float(upper),
            effort_nm=float(effort),
            armature=float(self._vector(element, "armature", 1, default="0")[0]),
        )

    def _name(self, element: ElementTree.Element) -> str:
        name = element.get("name")
        if not name:
            raise InputError(f"{self.where}: a <{element.tag}> has no name")
        return name

    def _vector(
        self, element: ElementTree.Element, key: str, size: int, default: str = ""
    ) -> np.ndarray:
        text = element.get(key, default)
        try:
            values = np.array(text.split(), dtype=np.float64)
        except ValueError:
            values = np.empty(0)
        if values.shape != (size,) or not np.all(np.isfinite(values)):
            raise InputError(
                f"{self.where}: <{element.tag} name={element.get('name')!r}>: expected {key!r} "
                f"with {size} numbers, found {text!r}"
            )
        return values
