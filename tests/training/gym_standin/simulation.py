"""PhysX's part in the stand-in: one MuJoCo simulation per actor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import mujoco
import numpy as np
import torch

from amp_sdk import rotations
from gym_standin import stubs
from gym_standin.torch_bridge import gym_tensor, read

_UNDERSTOOD = "mujoco compiler worldbody body inertial freejoint joint geom actuator motor".split()


@dataclass
class Asset:
    """A robot file as the importer has read it; bodies and joints come in an order of its own."""

    path_text: str
    spec: mujoco.MjSpec
    bodies: list[str]
    dofs: list[str]
    shapes: dict[str, list[str]]
    coms: dict[str, np.ndarray]

    @classmethod
    def load(cls, path: str, options: Any) -> Asset:
        text = open(path, encoding="utf-8").read()
        for element in ElementTree.fromstring(text).iter():
            assert element.tag in _UNDERSTOOD, f"the importer does not understand <{element.tag}>"
            assert "class" not in element.attrib and "childclass" not in element.attrib
        assert options.use_physx_armature and not options.fix_base_link
        spec = mujoco.MjSpec.from_string(text)
        bodies = [body for body in spec.bodies if body.name != "world"]
        assert all(body.mass > 0 for body in bodies), "PhysX needs masses"
        joints = [joint.name for joint in spec.joints if joint.name != "root"]
        return cls(
            path_text=text,
            spec=spec,
            bodies=sorted(body.name for body in bodies),
            dofs=sorted(joints),
            shapes={body.name: [geom.name for geom in body.geoms] for body in bodies},
            coms={body.name: np.array(body.ipos) for body in bodies},
        )

    def ranges(self) -> list[Any]:
        """Which shapes belong to which body."""
        found, start = [], 0
        for name in self.bodies:
            span = stubs.classes()["IndexRange"]()
            span.start, span.count = start, len(self.shapes[name])
            start += span.count
            found.append(span)
        return found


@dataclass
class Actor:
    """A robot in its environment; its properties are Isaac Gym's structures."""

    asset: Asset | None = None
    group: int = -1
    alone: bool = False
    drives: np.ndarray = field(default_factory=lambda: np.zeros(0))
    masses: list[Any] = field(default_factory=list)
    shapes: list[Any] = field(default_factory=list)
    model: Any = None
    data: Any = None

    def need(self) -> Asset:
        assert self.asset is not None
        return self.asset

    def place(self, asset: Asset, pose: Any, group: int, mask: int) -> None:
        """Properties as an importer that misreads everything but centres of mass has them."""
        self.asset, self.group, self.alone = asset, group, mask == 1
        self.drives = np.zeros(len(asset.dofs), np.dtype(stubs.DOF_PROPERTIES))
        for name in asset.bodies:
            body = stubs.classes()["RigidBodyProperties"]()
            body.com.x, body.com.y, body.com.z = (float(v) for v in asset.coms[name])
            body.mass = 0.123
            self.masses.append(body)
        count = sum(len(shapes) for shapes in asset.shapes.values())
        self.shapes = [stubs.classes()["RigidShapeProperties"]() for _ in range(count)]

    def build(self, params: Any) -> None:
        """The MuJoCo model with the actor's properties as they are now."""
        asset, spec = self.need(), mujoco.MjSpec.from_string(self.need().path_text)
        spec.worldbody.add_geom(
            name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], contype=1
        )
        for name, body in zip(asset.bodies, self.masses, strict=True):
            inertia = np.array([[v.x, v.y, v.z] for v in _rows(body.inertia)])
            own, (moments, axes) = spec.body(name), np.linalg.eigh(inertia)
            own.mass, own.ipos = body.mass, [body.com.x, body.com.y, body.com.z]
            own.inertia = moments
            own.iquat = rotations.from_matrix(axes * np.sign(np.linalg.det(axes)))
        for name, drive in zip(asset.dofs, self.drives, strict=True):
            assert drive["driveMode"] == stubs.classes()["DofDriveMode"].DOF_MODE_POS
            motor, joint = spec.actuator(name), spec.joint(name)
            motor.set_to_position(kp=float(drive["stiffness"]), kv=float(drive["damping"]))
            motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
            motor.forcerange = [-float(drive["effort"]), float(drive["effort"])]
            joint.armature, joint.range = drive["armature"], [drive["lower"], drive["upper"]]
        self.model = spec.compile()
        self.model.opt.timestep = params.dt
        self.model.opt.gravity = [params.gravity.x, params.gravity.y, params.gravity.z]
        self.model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        self.data = mujoco.MjData(self.model)

    def rub(self, floor: Any) -> None:
        """PhysX's friction of two shapes is the mean of theirs."""
        names = [name for body in self.need().bodies for name in self.need().shapes[body]]
        for name, shape in zip(names, self.shapes, strict=True):
            geom = self.model.geom(name).id
            self.model.geom_friction[geom, 0] = 0.5 * (shape.friction + floor.static_friction)
            self.model.geom_priority[geom] = 1
            if self.alone:
                self.model.geom_contype[geom] = 0


def _rows(matrix: Any) -> tuple[Any, Any, Any]:
    return matrix.x, matrix.y, matrix.z


class Simulation:
    """Tensors in Gym's memory, written at ``simulate`` and read at ``refresh``."""

    def __init__(self, params: Any) -> None:
        self.params, self.plane = params, None
        self.actors: list[Actor] = []
        self._pending: dict[str, tuple[Any, Any]] = {}
        self._fetched = True

    def prepare(self) -> bool:
        assert self.plane is not None and self.plane.normal.z == 1.0
        for actor in self.actors:
            actor.build(self.params)
            actor.rub(self.plane)
        dofs = len(self.actors[0].need().dofs)
        self._root = torch.zeros(len(self.actors), 13)
        self._dofs = torch.zeros(len(self.actors) * dofs, 2)
        self._names = self.actors[0].need().dofs
        return True

    def root_tensor(self) -> Any:
        return gym_tensor(self._root, keep=True)

    def dof_tensor(self) -> Any:
        return gym_tensor(self._dofs, keep=True)

    def set_targets(self, tensor: Any) -> bool:
        self._pending["targets"] = (tensor, None)
        return True

    def set_root(self, tensor: Any, indices: Any, count: int) -> bool:
        return self._keep("root", tensor, indices, count)

    def set_dofs(self, tensor: Any, indices: Any, count: int) -> bool:
        return self._keep("dofs", tensor, indices, count)

    def _keep(self, what: str, tensor: Any, indices: Any, count: int) -> bool:
        """Of two calls before ``simulate`` the last one counts, as on the GPU pipeline."""
        assert len(read(indices, torch.int32)) == count
        self._pending[what] = (tensor, indices)
        return True

    def simulate(self) -> None:
        assert self._fetched, "fetch_results comes between two calls of simulate"
        for what in ("root", "dofs", "targets"):
            if what in self._pending:
                tensor, indices = self._pending.pop(what)
                values = read(tensor, torch.float32).double().numpy()
                rows = range(len(self.actors)) if indices is None else read(indices, torch.int32)
                for i in rows:
                    getattr(self, f"_write_{what}")(self.actors[int(i)], values, int(i))
        for actor in self.actors:
            mujoco.mj_step(actor.model, actor.data)
        self._fetched = False

    def fetch(self, wait: bool) -> None:
        assert wait
        self._fetched = True

    def _write_root(self, actor: Actor, values: np.ndarray, i: int) -> None:
        row, data = values[i], actor.data
        quat = rotations.from_xyzw(row[3:7])
        turn = rotations.to_matrix(quat)
        com = turn @ actor.model.body_ipos[1]
        data.qpos[:3], data.qpos[3:7] = row[:3], quat
        data.qvel[:3] = row[7:10] - np.cross(row[10:13], com)  # PhysX: of the centre of mass
        data.qvel[3:6] = turn.T @ row[10:13]
        data.qacc_warmstart[:] = 0.0

    def _write_dofs(self, actor: Actor, values: np.ndarray, i: int) -> None:
        rows = values.reshape(len(self.actors), -1, 2)[i]
        for name, (pos, vel) in zip(self._names, rows, strict=True):
            joint = actor.model.joint(name)
            actor.data.qpos[joint.qposadr[0]], actor.data.qvel[joint.dofadr[0]] = pos, vel

    def _write_targets(self, actor: Actor, values: np.ndarray, i: int) -> None:
        rows = values.reshape(len(self.actors), -1)[i]
        for name, target in zip(self._names, rows, strict=True):
            actor.data.ctrl[actor.model.actuator(name).id] = target

    def refresh_root(self) -> bool:
        assert self._fetched, "the CPU pipeline needs fetch_results before a refresh"
        for row, actor in zip(self._root, self.actors, strict=True):
            data = actor.data
            turn = rotations.to_matrix(rotations.normalize(data.qpos[3:7]))
            angular = turn @ data.qvel[3:6]
            linear = data.qvel[:3] + np.cross(angular, turn @ actor.model.body_ipos[1])
            quat = rotations.to_xyzw(data.qpos[3:7])
            row.copy_(torch.from_numpy(np.concatenate((data.qpos[:3], quat, linear, angular))))
        return True

    def refresh_dofs(self) -> bool:
        assert self._fetched, "the CPU pipeline needs fetch_results before a refresh"
        rows = self._dofs.view(len(self.actors), -1, 2)
        for row, actor in zip(rows, self.actors, strict=True):
            for k, name in enumerate(self._names):
                joint = actor.model.joint(name)
                pos = actor.data.qpos[joint.qposadr[0]]
                row[k] = torch.tensor([pos, actor.data.qvel[joint.dofadr[0]]])
        return True
