"""Policies that stand and that fall, and episodes of them."""

from __future__ import annotations

import numpy as np
import pytest
from small_policy import robot_contract, write_policy

import amp_sdk
from amp_sdk import robots

pytest.importorskip("mujoco", reason="sim2sim needs MuJoCo (extra 'sim')")


@pytest.fixture(scope="session")
def go2():
    return robots.load("go2")


@pytest.fixture(scope="session")
def stand_file(go2, tmp_path_factory):
    """A Go2 policy whose actions are always zero: it holds the default pose."""
    path = tmp_path_factory.mktemp("policies") / "stand.onnx"
    write_policy(path, robot_contract(go2))
    return path


@pytest.fixture(scope="session")
def fall_file(go2, tmp_path_factory):
    """A Go2 policy that stretches its left legs and folds its right ones: it tips over."""
    path = tmp_path_factory.mktemp("policies") / "fall.onnx"
    contract = robot_contract(go2)
    weight = np.zeros((contract.obs_dim, contract.action_dim))
    for j, name in enumerate(contract.joint_names):
        if "calf" in name:
            weight[5, j] = -4.0 if name.startswith(("FL", "RL")) else 4.0  # gravity z is -1
    write_policy(path, contract, weight)
    return path


@pytest.fixture(scope="session")
def stand(stand_file):
    return amp_sdk.load_policy(stand_file)


@pytest.fixture(scope="session")
def fall(fall_file):
    return amp_sdk.load_policy(fall_file)


@pytest.fixture(scope="session")
def model(go2):
    from amp_sim2sim.scene import build_model

    return build_model(go2)
