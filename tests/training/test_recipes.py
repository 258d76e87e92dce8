"""Every recipe that ships constructs, learns for three iterations and exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_session import SMALL

import amp_sdk
from amp_sdk.errors import InputError
from amp_training.build import build_session
from amp_training.config import load_recipe, recipe_names
from amp_training.export import export_policy
from amp_training.interface import load_library
from amp_training.session_contract import session_contract

TASKS = {"none": 0, "velocity": 3, "steering": 5, "location": 2}
PUBLIC = {
    "amp_g1", "amp_go2", "amp_humanoid", "amp_location_humanoid",
    "amp_location_humanoid_sword_shield", "amp_pi_plus", "amp_smpl", "amp_steering_humanoid",
    "amp_steering_humanoid_sword_shield", "amp_roban", "go2_commands", "g1_commands",
}  # fmt: skip


def test_the_public_cases_are_there() -> None:
    assert set(recipe_names()) >= PUBLIC


@pytest.mark.parametrize("name", recipe_names())
def test_three_iterations_and_an_export(name: str, tmp_path: Path) -> None:
    overrides = [*SMALL, "simulation.num_envs=4", "ppo.horizon=4"]
    if not load_recipe(name).motion.files:
        overrides.append("motion.files=[sway]")
    recipe = load_recipe(name, overrides)
    session = build_session(recipe)
    for k in range(3):
        stats = session.learner.iterate(16 * k)
        assert np.isfinite([stats.style_reward, stats.task_reward, stats.ppo.value_loss]).all()
    contract = session_contract(session, 48)
    path = tmp_path / "policy.onnx"
    export_policy(session.learner.ppo.average, contract, path)
    policy = amp_sdk.load_policy(path)
    assert len(policy.contract.commands) == TASKS[recipe.task.kind]
    golden = policy.contract.golden
    action = policy.act(np.array(golden.obs, np.float32))
    np.testing.assert_allclose(action, np.array(golden.actions), atol=1e-5, rtol=1e-5)


def test_the_published_joint_space_case_has_108_inputs() -> None:
    recipe = load_recipe("amp_roban", [*SMALL, "motion.files=[sway]", "discriminator.window=2"])
    session = build_session(recipe)
    windows = session.reference.clip_windows(3)
    assert session.features(windows).shape == (3, 2 * 54)
    published = load_recipe("amp_roban")
    assert published.discriminator.hidden == (1024, 512, 256)
    assert published.discriminator.window == 2
    assert (published.reward.task, published.reward.style) == (1.0, 0.02)


def test_a_recipe_without_clips_says_which_it_needs() -> None:
    recipe = load_recipe("amp_humanoid")
    wanted = "needs clips of humanoid, such as MimicKit's humanoid_walk.pkl.*--motion FILE"
    with pytest.raises(InputError, match=wanted):
        build_session(recipe)


def test_a_data_set_brings_its_weights(tmp_path: Path) -> None:
    from amp_sdk import robots

    path = tmp_path / "set.yaml"
    path.write_text("motions:\n- {file: go2_trot, weight: 3.0}\n- {file: go2_stand}\n")
    go2 = robots.load("go2")
    recipe = load_recipe("go2", [f"motion.files=['{path}', go2_pace]", "motion.weights=[2, 4]"])
    library = load_library(recipe, go2)
    ids, _ = library.sample(np.random.default_rng(0), 4000)
    shares = np.bincount(ids) / 4000
    np.testing.assert_allclose(shares, [0.5, 1 / 6, 1 / 3], atol=0.03)
    assert [clip.name for clip in library.clips] == ["go2_trot", "go2_stand", "go2_pace"]
