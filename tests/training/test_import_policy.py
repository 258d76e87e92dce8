"""Checkpoints of rl_games, rsl_rl and MimicKit become policies; what they lack is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

import amp_sdk
from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.cli import export as export_command
from amp_training.import_policy import import_policy

GO2 = robots.load("go2")
ORDER = tuple(sorted(GO2.joint_names))  # by leg and kind in another order than the robot's
SIZE, JOINTS = 3 + 3 + 3 + 36, 12
MEAN, STD = torch.randn(SIZE), 0.5 + torch.rand(SIZE)


def network(activation: type[nn.Module]) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(SIZE, 16), activation(), nn.Linear(16, 8), activation(), nn.Linear(8, JOINTS)
    )


def rl_games(net: nn.Sequential) -> dict:
    """With a NumPy scalar in it, as rl_games writes them."""
    model = {f"a2c_network.actor_mlp.{k}": v for k, v in net[:4].state_dict().items()}
    model |= {f"a2c_network.mu.{k}": v for k, v in net[4].state_dict().items()}
    model |= {"a2c_network.sigma": torch.zeros(JOINTS), "a2c_network._disc_mlp.0.bias": MEAN}
    model |= {
        "running_mean_std.running_mean": MEAN.double(),
        "running_mean_std.running_var": STD.double() ** 2,
        "running_mean_std.count": torch.ones(()),
    }
    return {"model": model, "epoch": 5000, "last_mean_rewards": np.float64(3.0)}


def rsl_rl(net: nn.Sequential) -> dict:
    model = {f"actor.{k}": v for k, v in net.state_dict().items()}
    model |= {"actor_obs_normalizer._mean": MEAN[None], "actor_obs_normalizer._std": STD[None]}
    model |= {"std": torch.ones(JOINTS), "critic.0.weight": torch.zeros(1, SIZE)}
    return {"model_state_dict": model, "iter": 10, "infos": None}


ACTION_MEAN, ACTION_STD = torch.randn(JOINTS), 0.5 + torch.rand(JOINTS)


def mimickit(net: nn.Sequential) -> dict:
    model = {f"_model._actor_layers.{k}": v for k, v in net[:4].state_dict().items()}
    model |= {f"_model._action_dist._mean_net.{k}": v for k, v in net[4].state_dict().items()}
    model |= {"_obs_norm._mean": MEAN, "_obs_norm._std": STD}
    return model | {"_a_norm._mean": ACTION_MEAN, "_a_norm._std": ACTION_STD}


def expected(kind: str, net: nn.Sequential, obs: torch.Tensor) -> torch.Tensor:
    """What the trainer itself computes."""
    if kind == "rl_games":
        x = ((obs - MEAN) / torch.sqrt(STD**2 + 1e-5)).clamp(-5, 5)
    elif kind == "rsl_rl":
        x = (obs - MEAN) / (STD + 1e-2)
    else:
        x = ((obs - MEAN) / STD).clamp(-10, 10)
    with torch.no_grad():
        action = net(x)
    return action * ACTION_STD + ACTION_MEAN if kind == "MimicKit" else action


KINDS = {
    "rl_games": (rl_games, nn.ReLU, "relu"),
    "rsl_rl": (rsl_rl, nn.ELU, "elu"),
    "MimicKit": (mimickit, nn.Tanh, "tanh"),
}


def completion(folder: Path, **changes: object) -> Path:
    names = ("base_ang_vel_b", "projected_gravity_b", "command")
    names += ("joint_pos", "joint_vel", "last_action")
    content = {
        "robot": "go2",
        "control_period_s": 0.02,
        "normalizer_in_graph": True,
        "action_offset": "default_pose",
        "action_clip": 100.0,
        "commands": [
            {"name": n, "lower": -1.0, "upper": 1.0, "nominal": 0.0}
            for n in ("lin_vel_x", "lin_vel_y", "ang_vel_z")
        ],
        "joint_names": list(ORDER),
        "kp": {"*": 1.0},
        "kd": {"*": 1.0},
        "action_scale": {"*": 1.0},
        "default_pos_rad": {
            n: float(v) for n, v in zip(GO2.joint_names, GO2.default_joint_pos_rad, strict=True)
        },
        "observation": [{"name": n, "term": n, "scale": 1.0, "history": 1} for n in names],
        **changes,
    }
    path = folder / "complete.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))
    return path


def saved(folder: Path, kind: str) -> tuple[Path, nn.Sequential, str]:
    write, module, activation = KINDS[kind]
    net = network(module)
    path = folder / "theirs.pth"
    torch.save(write(net), path)
    return path, net, activation


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:.*test_vectors", "ignore:.*clip of")
def test_actions_are_those_of_the_trainer_in_the_robots_order(kind: str, tmp_path) -> None:
    path, net, activation = saved(tmp_path, kind)
    output = tmp_path / "policy.onnx"
    args = [str(path), "-o", str(output), "--activation", activation]
    assert export_command.main([*args, "--complete", str(completion(tmp_path))]) == 0
    policy = amp_sdk.load_policy(output)
    assert policy.contract.joint_names == GO2.joint_names
    ours = 4.0 * torch.randn(32, SIZE)
    to_theirs = [GO2.joint_names.index(name) for name in ORDER]
    blocks = [ours[:, :9], *(ours[:, 9 + 12 * i : 21 + 12 * i][:, to_theirs] for i in range(3))]
    found = torch.from_numpy(policy.act(ours.numpy()))[:, to_theirs]
    torch.testing.assert_close(
        found, expected(kind, net, torch.cat(blocks, 1)), atol=1e-4, rtol=1e-4
    )


def test_everything_that_is_missing_is_named(tmp_path) -> None:
    path, _, _ = saved(tmp_path, "rl_games")
    output = tmp_path / "policy.onnx"
    with pytest.raises(InputError, match="activation"):
        import_policy(path, output, None, None)
    with pytest.raises(InputError, match="robot.*control_period_s.*action_clip.*joint_names"):
        import_policy(path, output, "relu", None)
    lacking = completion(tmp_path, control_period_s=None, kp={})
    with pytest.raises(InputError, match=r"control_period_s.*kp"):
        import_policy(path, output, "relu", lacking)
    assert not output.exists()


def test_other_files_are_refused(tmp_path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(InputError, match="rl_games .* rsl_rl .* MimicKit.*it holds: weights"):
        import_policy(path, tmp_path / "p.onnx", "relu", None)
    broken = rsl_rl(network(nn.ELU))
    broken["model_state_dict"]["actor.2.weight"] = torch.zeros(8, 17)
    torch.save(broken, path)
    with pytest.raises(InputError, match="layer 1 of the actor takes 17"):
        import_policy(path, tmp_path / "p.onnx", "elu", None)


class _Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def test_a_file_that_names_foreign_code_does_not_run_it(tmp_path) -> None:
    path = tmp_path / "theirs.pth"
    torch.save({**rl_games(network(nn.ReLU)), "env_state": _Hostile(tmp_path / "ran")}, path)
    with pytest.raises(InputError, match="cannot be read safely"):
        import_policy(path, tmp_path / "p.onnx", "relu", None)
    assert not (tmp_path / "ran").exists()
