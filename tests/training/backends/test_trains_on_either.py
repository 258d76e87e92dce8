"""One recipe trains on either MuJoCo backend, and the same gate judges both policies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_session import SMALL, small_recipe

from amp_training.build import build_session
from amp_training.cli import export as export_command
from amp_training.cli import train as train_command

pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")

BACKENDS = ("mujoco", "mujoco_warp")
SUITE = """
robots: [go2]
duration_s: 3.0
thresholds: {max_fall_share: 0.0, max_speed_error: 5.0, max_saturation_share: 0.9}
scenarios:
  nominal: {about: undisturbed, repeats: 1}
  pushes: {about: pushes, vary: push_m_s, values: [0.2, 8.0], required: [0.0, 0.2], repeats: 1}
"""


def curves(backend: str, seed: int) -> np.ndarray:
    """[iterations, 2]: style and task reward of a training run."""
    recipe = small_recipe(
        f"simulation.backend={backend}",
        f"seed={seed}",
        "simulation.num_envs=32",
        "ppo.horizon=12",
        "discriminator.updates=4",
        "discriminator.batch=64",
    )
    learner = build_session(recipe, "cpu").learner
    stats = [learner.iterate(k * 32 * 12) for k in range(6)]
    return np.array([(s.style_reward, s.task_reward) for s in stats])


def test_the_learning_curve_tells_seeds_apart_but_not_backends() -> None:
    """Starts are drawn in another order, and the physics rounds in another way: means stay near."""
    cpu, warp = (curves(backend, seed=3) for backend in BACKENDS)
    other = curves("mujoco", seed=1)
    assert np.abs(warp - cpu).max() < 0.15
    assert np.abs(other - cpu).max() > 0.3


def trained(backend: str, folder: Path) -> dict:
    """A policy of two iterations in the gate: its results."""
    from amp_sim2sim import cli

    run, policy, suite, result = (folder / n for n in ("run", "p.onnx", "s.yaml", "r.json"))
    line = ["--recipe", "go2_trot", "--backend", backend, "--device", "cpu"]
    line += ["--max-samples", "96", "--out", str(run), "--set", *SMALL]
    assert train_command.main(line) == 0
    assert export_command.main([str(run), "-o", str(policy)]) == 0
    suite.write_text(SUITE)
    gate = ["--gate", str(suite), "--json", str(result), "--threads", "1"]
    assert cli.main([str(policy), *gate]) in (0, 1)  # it need not walk yet
    found = json.loads(result.read_text())
    return {"recipe": (run / "recipe.yaml").read_text(), **found}


def test_one_recipe_trains_on_either_and_the_same_gate_judges(tmp_path) -> None:
    pytest.importorskip("amp_sim2sim", reason="the gate needs the sim2sim layer")
    found = []
    for backend in BACKENDS:
        (tmp_path / backend).mkdir()
        found.append(trained(backend, tmp_path / backend))
    lines = [set(result.pop("recipe").splitlines()) for result in found]
    assert {line.strip() for line in lines[0] ^ lines[1]} == {f"backend: {b}" for b in BACKENDS}
    assert found[0]["scenarios"] and len(found[0]["scenarios"]) == len(found[1]["scenarios"])
    assert [result["runs"] for result in found] == [3, 3]
