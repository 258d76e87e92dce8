"""``gymapi.Gym``: calls checked against the stubs, then answered by MuJoCo."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gym_standin import stubs
from gym_standin.simulation import Actor, Asset, Simulation

_BUILTIN = {"int": int, "str": str, "bool": bool, "float": (int, float)}
_OURS = {"Sim": Simulation, "Asset": Asset, "Env": Actor}  # an environment holds one actor


class CheckedGym:
    """Refuses names that the stubs do not have, and arguments that they do not take."""

    def __getattr__(self, name: str) -> Any:
        if name not in stubs.methods("Gym"):
            raise AttributeError(f"gymapi.Gym has no function {name!r}")
        answer = getattr(Answers, name, None)
        if answer is None:
            raise NotImplementedError(f"the stand-in has no {name}")

        def call(*arguments: Any) -> Any:
            check(name, arguments)
            return answer(*arguments)

        return call


def check(name: str, arguments: tuple[Any, ...]) -> None:
    """Hold a call's arguments against the stubs."""
    declared = stubs.methods("Gym")[name]
    if declared.vararg is not None:
        return  # the stubs know no more
    wanted = declared.args[1:]
    least = len(wanted) - len(declared.defaults)
    if not least <= len(arguments) <= len(wanted):
        raise TypeError(f"Gym.{name}: expected {least} to {len(wanted)} arguments")
    for argument, value in zip(wanted, arguments, strict=False):
        kind = "" if argument.annotation is None else ast.unparse(argument.annotation)
        expected = _OURS.get(kind) or _BUILTIN.get(kind) or stubs.classes().get(kind)
        if kind.startswith("List["):
            expected = list
        if expected and not isinstance(value, expected):
            raise TypeError(f"Gym.{name}: {argument.arg}: expected {kind}, found {value!r}")


class Answers:
    """What the backend calls, each as Isaac Gym does it."""

    @staticmethod
    def create_sim(compute: int, graphics: int, kind: Any, params: Any) -> Simulation:
        assert kind.name == "SIM_PHYSX" and params.up_axis.name == "UP_AXIS_Z"
        assert params.use_gpu_pipeline is params.physx.use_gpu is False, "the stand-in has no GPU"
        return Simulation(params)

    @staticmethod
    def add_ground(sim: Simulation, plane: Any) -> None:
        assert not sim.actors, "the ground comes before the environments"
        sim.plane = plane

    @staticmethod
    def load_asset(sim: Simulation, root: str, file: str, options: Any) -> Asset:
        return Asset.load(f"{root}/{file}", options)

    @staticmethod
    def get_asset_dof_names(asset: Asset) -> list[str]:
        return list(asset.dofs)

    @staticmethod
    def create_env(sim: Simulation, lower: Any, upper: Any, per_row: int) -> Actor:
        assert per_row > 0
        actor = Actor()
        sim.actors.append(actor)
        return actor

    @staticmethod
    def create_actor(
        env: Actor, asset: Asset, pose: Any, name: str, group: int, mask: int, segment: int = 0
    ) -> int:
        assert not env.asset, "one actor in an environment"
        env.place(asset, pose, group, mask)
        return 0

    @staticmethod
    def get_actor_index(env: Actor, handle: int, domain: Any) -> int:
        assert domain.name == "DOMAIN_SIM" and handle == 0
        return env.group  # the backend numbers its groups like its environments

    @staticmethod
    def get_actor_dof_properties(env: Actor, handle: int) -> np.ndarray:
        return env.drives.copy()

    @staticmethod
    def set_actor_dof_properties(env: Actor, handle: int, values: np.ndarray) -> bool:
        assert values.dtype == np.dtype(stubs.DOF_PROPERTIES)
        env.drives = values.copy()
        return True

    @staticmethod
    def get_actor_rigid_body_names(env: Actor, handle: int) -> list[str]:
        return list(env.need().bodies)

    @staticmethod
    def get_actor_rigid_body_properties(env: Actor, handle: int) -> list[Any]:
        return env.masses

    @staticmethod
    def set_actor_rigid_body_properties(
        env: Actor, handle: int, values: list[Any], recompute: bool = False
    ) -> bool:
        assert env.model is None, "masses are set before prepare_sim"
        assert not recompute
        env.masses = values
        return True

    @staticmethod
    def get_actor_rigid_body_shape_indices(env: Actor, handle: int) -> list[Any]:
        return env.need().ranges()

    @staticmethod
    def get_actor_rigid_shape_properties(env: Actor, handle: int) -> list[Any]:
        return env.shapes

    @staticmethod
    def set_actor_rigid_shape_properties(env: Actor, handle: int, values: list[Any]) -> bool:
        env.shapes = values
        return True

    prepare_sim = Simulation.prepare
    simulate = Simulation.simulate
    fetch_results = Simulation.fetch
    acquire_actor_root_state_tensor = Simulation.root_tensor
    acquire_dof_state_tensor = Simulation.dof_tensor
    refresh_actor_root_state_tensor = Simulation.refresh_root
    refresh_dof_state_tensor = Simulation.refresh_dofs
    set_dof_position_target_tensor = Simulation.set_targets
    set_actor_root_state_tensor_indexed = Simulation.set_root
    set_dof_state_tensor_indexed = Simulation.set_dofs
