"""Rollout records: what a policy saw and did in its training environment, step by step.

An ``.npz`` file without pickles. ``header`` is JSON as bytes (``contract`` as in a policy file,
``physics``, ``normalizer_limit``); every other member is an array over steps ``T`` and robots
``N`` (``ARRAYS``). Joints are in the order of the contract's names. A state is position of the base
[3] m, its quaternion wxyz [4], linear velocity in the world [3] m/s, angular velocity in the base
frame [3] rad/s, joint angles [J] rad and speeds [J] rad/s. ``python -m amp_sdk.test RUN --record
FILE`` writes one; any other trainer may, and ``python -m amp_sdk.sim2sim POLICY --parity FILE``
reads it.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

from amp_sdk._files import atomic_write
from amp_sdk.config import from_mapping, to_mapping
from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError

VERSION = 1
MAX_BYTES = 1024**3
_DAMAGE = (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
_AGAIN = "record it again: python -m amp_sdk.test RUN --record FILE"


@dataclass(frozen=True)
class RecordedPhysics:
    """What moved the robots. ``backend`` "mujoco": position actuators, integrator ``implicitfast``,
    pyramidal cone, on a plane; without ``friction_loss`` the joints have no dry friction."""

    backend: str
    physics_step_s: float
    friction_loss: bool
    engine: str

    def __post_init__(self) -> None:
        if not 0.0 < self.physics_step_s <= 0.02:
            raise InputError(
                f"physics_step_s is {self.physics_step_s!r}; expected seconds above 0, to 0.02"
            )


@dataclass(frozen=True, eq=False)
class Normalizer:
    """What a network does with observations before its first layer; ``mean``, ``std`` ``[D]``."""

    mean: np.ndarray
    std: np.ndarray
    limit: float

    def apply(self, observation: np.ndarray) -> np.ndarray:
        """``clip((observation - mean) / std, -limit, limit)``, [..., D]."""
        return np.clip((observation - self.mean) / self.std, -self.limit, self.limit)

    def undo(self, observation: np.ndarray) -> np.ndarray:
        """What becomes ``observation`` [..., D] where nothing is clipped."""
        return observation * self.std + self.mean


@dataclass(frozen=True, eq=False)
class RolloutRecord:
    """A record; arrays as in ``ARRAYS``, float32 or float64 (``start``: bool).

    ``action`` is the network's output before ``action_clip``, chosen on ``observation`` in
    ``state``; ``target`` (rad) is what the motors were told for it, ``next_state`` where the step
    ended, before any restart. ``start``: an episode begins here. ``normalizer`` is None where it is
    not known; in the file it is ``normalizer_mean``, ``normalizer_std`` and the header's limit.
    """

    contract: PolicyContract
    physics: RecordedPhysics
    start: np.ndarray
    command: np.ndarray
    state: np.ndarray
    next_state: np.ndarray
    observation: np.ndarray
    action: np.ndarray
    target: np.ndarray
    normalizer: Optional[Normalizer] = None

    def __post_init__(self) -> None:
        start, steps = np.asarray(self.start), np.shape(self.start)
        if len(steps) != 2 or 0 in steps or start.dtype != np.bool_ or not start[0].all():
            found = f"{start.dtype} {list(steps)}"
            raise InputError(f"start is {found}; expected bool [T, N], all true at the first step")
        contract = self.contract
        state, joints, obs = 13 + 2 * contract.action_dim, contract.action_dim, contract.obs_dim
        widths = (len(contract.commands), state, state, obs, joints, joints)
        for name, width in zip(ARRAYS[1:], widths):
            _check(name, getattr(self, name), (*steps, width))
        if self.normalizer is not None:
            _check("normalizer_mean", self.normalizer.mean, (obs,))
            _check("normalizer_std", self.normalizer.std, (obs,))
            if (self.normalizer.std <= 0.0).any():
                raise InputError("normalizer_std has numbers of 0 or less; expected them above 0")


ARRAYS = ("start", "command", "state", "next_state", "observation", "action", "target")
"""Members: [T, N] bool; [T, N, C]; twice [T, N, 13 + 2J]; [T, N, D]; twice [T, N, J]."""


def _check(name: str, array: np.ndarray, shape: Tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype.kind != "f":
        raise InputError(
            f"{name} is {array.dtype} {list(array.shape)}; expected float {list(shape)}"
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(map(str, bad[0].tolist()))
        raise InputError(
            f"{name}[{where}] is {array[tuple(bad[0])]}, and {len(bad) - 1} more are not finite; "
            "expected numbers only (a run that diverged cannot be compared)"
        )


def write_record(path: Union[str, Path], record: RolloutRecord) -> None:
    """Write ``record`` to ``path``, atomically. Raises InputError where it is too large to read."""
    normalizer = record.normalizer
    header = {
        "version": VERSION,
        "contract": record.contract.to_json(),
        "physics": to_mapping(record.physics),
        "normalizer_limit": None if normalizer is None else normalizer.limit,
    }
    arrays = {name: getattr(record, name) for name in ARRAYS}
    if normalizer is not None:
        arrays.update(normalizer_mean=normalizer.mean, normalizer_std=normalizer.std)
    buffer, text = io.BytesIO(), np.frombuffer(json.dumps(header).encode("utf-8"), np.uint8)
    np.savez_compressed(buffer, header=text, **arrays)
    _check_size(buffer, "the record")
    with atomic_write(path) as file:
        file.write(buffer.getvalue())


def read_record(path: Union[str, Path]) -> RolloutRecord:
    """The record at ``path``, checked. Raises InputError where it is none, cut, damaged, or holds
    numbers that are not finite."""
    members = _members(Path(path))
    header = _header(members.pop("header", None), str(path))
    try:
        contract = PolicyContract.from_json(header["contract"], str(path))
        physics = from_mapping(RecordedPhysics, header["physics"], str(path))
        limit, names = header["normalizer_limit"], ARRAYS
        names += () if limit is None else ("normalizer_mean", "normalizer_std")
        missing = [name for name in names if name not in members]
        if missing:
            raise InputError(f"it lacks {', '.join(missing)}")
        normalizer = None
        if limit is not None:
            normalizer = Normalizer(members["normalizer_mean"], members["normalizer_std"], limit)
        arrays = {name: members[name] for name in ARRAYS}
        return RolloutRecord(contract, physics, normalizer=normalizer, **arrays)
    except InputError as error:
        raise InputError(f"{path} is no usable rollout record: {error}; {_AGAIN}") from error


def _members(path: Path) -> Dict[str, np.ndarray]:
    try:
        _check_size(path, str(path))
        with np.load(str(path), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _DAMAGE as error:
        raise InputError(
            f"{path} is no complete rollout record ({error}); {_AGAIN}, or copy it again"
        ) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _check_size(file: Union[Path, io.BytesIO], what: str) -> None:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES:
        raise InputError(f"{what} holds {size} bytes; expected {MAX_BYTES} at most: fewer steps")


def _header(text: Optional[np.ndarray], where: str) -> Dict[str, Any]:
    expected = f"expected one written by amp_sdk.test --record, of version {VERSION}; {_AGAIN}"
    try:
        header = json.loads(bytes(np.asarray(text, np.uint8)).decode("utf-8"))
        keys = {"version", "contract", "physics", "normalizer_limit"}
        if set(header) != keys or header["version"] != VERSION:
            raise ValueError(f"version {header.get('version')!r}")
        limit = header["normalizer_limit"]
        if not isinstance(header["contract"], str) or not (
            limit is None or (isinstance(limit, float) and limit > 0.0)
        ):
            raise ValueError("contract or normalizer_limit is of another type")
        return header
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{where} is no rollout record ({error}); {expected}") from error
