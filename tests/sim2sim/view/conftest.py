"""A policy that stands and takes commands."""

from __future__ import annotations

import socket

import pytest
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk.contract import CommandTerm


@pytest.fixture(scope="session")
def commanded_file(go2, tmp_path_factory):
    """A Go2 policy that holds the default pose and may be commanded forward and to turn."""
    commands = (CommandTerm("lin_vel_x", 0.0, 1.0, 0.4), CommandTerm("ang_vel_z", -1.0, 1.0, 0.0))
    path = tmp_path_factory.mktemp("view") / "stands.onnx"
    write_policy(path, robot_contract(go2, commands=commands))
    return path


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def session(commanded_file):
    from amp_sim2sim.view.session import ViewSession

    return ViewSession(amp_sdk.load_policy(commanded_file), seed=3)
