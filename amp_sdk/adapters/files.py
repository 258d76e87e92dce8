"""The files that come with a policy of another project."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import List, Optional, Tuple, Union

import numpy as np

from amp_sdk._network import Network
from amp_sdk.adapters.completion import Completion
from amp_sdk.contract import Golden, PolicyContract
from amp_sdk.errors import InputError

Files = List[Tuple[str, str]]
"""Paths and the SHA-256 of what was read."""


def read(path: Path, files: Files) -> bytes:
    """The bytes of ``path``, which is added to ``files``. Raises InputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    files.append((str(path), hashlib.sha256(data).hexdigest()))
    return data


def beside(name: str, complete: Optional[Union[str, Path]]) -> Path:
    return Path(name) if complete is None else Path(complete).parent / name


def golden_vectors(
    network: Network,
    contract: PolicyContract,
    told: Completion,
    complete: Optional[Union[str, Path]],
    files: Files,
) -> Golden:
    """Test vectors in the contract's order: those that came with the policy, or else the network's
    own answers, which only show that it stays the same."""
    if told.test_vectors is None:
        rng = np.random.default_rng(0)
        obs = rng.normal(size=(2, contract.obs_dim)).astype(np.float32)
        return _rows(obs, network.run(obs))
    path = beside(told.test_vectors, complete)
    try:
        with np.load(io.BytesIO(read(path, files)), allow_pickle=False) as vectors:
            theirs, actions = (np.asarray(vectors[k], np.float64) for k in ("obs", "actions"))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: expected an .npz file with the arrays 'obs' and 'actions', found {error}; "
            "write it with numpy.savez"
        ) from error
    shapes = ((len(theirs), contract.obs_dim), (len(theirs), contract.action_dim))
    if (theirs.shape, actions.shape) != shapes or not len(theirs):
        raise InputError(
            f"{path}: obs {list(theirs.shape)} and actions {list(actions.shape)}; expected "
            f"[n, {contract.obs_dim}] and [n, {contract.action_dim}], in the network's order"
        )
    obs = np.empty_like(theirs)
    obs[:, network.columns] = theirs
    return _rows(obs, actions[:, network.actions])


def _rows(obs: np.ndarray, actions: np.ndarray) -> Golden:
    return Golden(tuple(map(tuple, obs.tolist())), tuple(map(tuple, actions.tolist())))
