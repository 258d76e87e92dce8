"""Policies of other projects run as they ran there, whatever the order of joints and samples."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import onnx
import pytest
import yaml
from foreign_policy import (
    COMMANDS,
    GO2,
    KP,
    NAMES,
    ORDER,
    SCALE,
    TERMS,
    TOLD,
    holosoma,
    mjlab,
    write,
)
from observation_reference import ReferenceBuilder
from onnx import TensorProto, helper

import amp_sdk
from amp_sdk import inspect
from amp_sdk._cli import guarded
from amp_sdk.errors import InputError, PolicyWarning
from amp_sdk.observation import RobotState
from amp_sdk.runtime import PolicyRunner


def load(path, told):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return amp_sdk.load_policy(path, complete=told)


def samples(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        quat = rng.normal(size=4)
        yield RobotState(rng.normal(size=3), quat / np.linalg.norm(quat), *rng.normal(size=(2, 12)))


def their_observation(policy, states, actions, command, newest_first, per_sample):
    """The network's observation as its own project would build it, from single samples."""
    single = dataclasses.replace(
        policy.contract,
        observation=tuple(dataclasses.replace(t, history=1) for t in policy.contract.observation),
        golden=dataclasses.replace(
            policy.contract.golden, obs=((0.0,) * 41,), actions=((0.0,) * 12,)
        ),
    )
    frames = []
    for state, action in zip(states, actions, strict=True):
        flat = ReferenceBuilder(single).build(state, command, action)
        parts, start = [], 0
        for term in single.observation:
            part = flat[start : start + term.size]
            parts.append(part[ORDER] if term.size == 12 else part)
            start += term.size
        frames.append(parts)
    if newest_first:
        frames = frames[::-1]
    if per_sample:
        return np.concatenate([part for parts in frames for part in parts])
    lengths = [term.history for term in policy.contract.observation]
    kept = [
        [f[i] for f in (frames[:n] if newest_first else frames[-n:])] for i, n in enumerate(lengths)
    ]
    return np.concatenate([part for parts in kept for part in parts])


@pytest.mark.parametrize(
    ("newest_first", "per_sample"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_joints_and_samples_are_exchanged_on_the_way(tmp_path, newest_first, per_sample):
    history = "3,3,3,3,3" if per_sample else "3,1,3,2,1"
    width = 41 * 3 if per_sample else 3 * 3 + 2 + 36 + 24 + 12
    told = {
        "history_order": "newest_first" if newest_first else "oldest_first",
        "history_layout": "per_sample" if per_sample else "per_term",
    }
    metadata = mjlab(digits=9, observation_terms_history_length=history)
    path, file, weight = write(tmp_path, metadata, width, told)
    policy = load(path, file)
    runner, command = PolicyRunner(policy), np.array([0.25, -0.5])
    states, actions = list(samples(4)), [np.zeros(12)]
    for state in states:
        runner.step(state, command)
        actions.append(runner.applied_action.copy())
    theirs = their_observation(policy, states[1:], actions[1:4], command, newest_first, per_sample)
    found = np.empty(12)
    found[ORDER] = theirs @ weight  # their output i is the robot's joint ORDER[i]
    np.testing.assert_allclose(runner.action, found, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(policy.act(runner.observation)[0], runner.action, rtol=1e-6)
    np.testing.assert_allclose(policy.contract.joint_array("kp"), KP, rtol=1e-8)
    np.testing.assert_allclose(policy.contract.joint_array("action_scale"), SCALE, rtol=1e-8)
    assert policy.contract.joint_names == GO2.joint_names


def test_metadata_of_mjlab_become_terms(tmp_path):
    path, file, _ = write(tmp_path, mjlab(), 3 * 2 + 2 + 24 + 24 + 12)
    policy = load(path, file)
    terms = policy.contract.observation
    assert [t.name for t in terms] == [name for name, _ in TERMS.values()]
    assert [t.scale for t in terms] == [1.0, 1.0, 1.0, 0.05, 1.0]
    assert [t.history for t in terms] == [2, 1, 2, 2, 1]
    assert [t.clip for t in terms] == [None, None, None, (-10.0, 10.0), None]
    PolicyRunner(policy).arm(GO2, GO2.joint_names, 0.002)
    assert policy.act(np.zeros((3, policy.contract.obs_dim))).shape == (3, 12)
    assert policy.act(np.zeros((0, policy.contract.obs_dim))).shape == (0, 12)


def test_holosoma_needs_terms_scale_and_pose(tmp_path):
    names = ("actor_obs", "action")
    path, file, _ = write(tmp_path, holosoma(), 41, names=names)
    with pytest.raises(InputError) as caught:
        load(path, file)
    for name in ("observation (every term", "default_pos_rad", "action_scale", "holosoma"):
        assert name in str(caught.value)
    told = {
        "observation": [{"name": n, "term": t} for n, (t, _) in TERMS.items()],
        "term_defaults": {"scale": 1.0, "history": 1},
        "default_pos_rad": dict(
            zip(GO2.joint_names, GO2.default_joint_pos_rad.tolist(), strict=True)
        ),
        "action_scale": {"*_calf_joint": 0.3, "*": 0.25},
    }
    path, file, _ = write(tmp_path, holosoma(), 41, told, names)
    contract = load(path, file).contract
    scale = dict(zip(contract.joint_names, contract.joint_array("action_scale"), strict=True))
    assert scale["FL_calf_joint"] == 0.3 and scale["FL_hip_joint"] == 0.25
    np.testing.assert_array_equal(contract.joint_array("kp"), KP)
    np.testing.assert_allclose(contract.joint_array("kd"), KP / 20)
    histories = {**told, "term_defaults": {"scale": 1.0, "history": 2}}
    path, file, _ = write(tmp_path, holosoma(), 82, histories, names)
    with pytest.raises(InputError, match="missing: history_order; history_layout"):
        load(path, file)


def test_without_a_file_everything_that_is_missing_is_named(tmp_path):
    metadata = mjlab()
    for key in ("joint_damping", "observation_terms_scale"):
        del metadata[key]
    path, _, _ = write(tmp_path, metadata, 68)
    with pytest.raises(InputError) as caught:
        amp_sdk.load_policy(path)
    message = str(caught.value)
    for name in (*TOLD, "scale of the observation term 'actions'", "complete='missing.yaml'"):
        assert name in message
    assert "\n" not in message
    (tmp_path / "told.yaml").write_text(yaml.safe_dump(TOLD))
    with pytest.raises(InputError, match=r"kd \(of every joint\)"):
        amp_sdk.load_policy(path, complete=tmp_path / "told.yaml")


def test_three_decimals_and_missing_vectors_are_warnings_by_name(tmp_path):
    small = {"action_scale": "0.075", "observation_terms_clip": ""}
    metadata = mjlab(**small)
    del metadata["observation_terms_clip"]
    path, file, _ = write(tmp_path, metadata, 68)
    with pytest.warns(PolicyWarning) as caught:
        policy = amp_sdk.load_policy(path, complete=file)
    messages = [str(w.message) for w in caught]
    scale = next(m for m in messages if "action_scale is cut to three decimals" in m)
    assert "0.075, 0.7%" in scale and "and 9 more" in scale and "FL_hip_joint" in scale
    assert any("no test_vectors" in m for m in messages)
    assert any("clip of base_ang_vel, velocity_commands" in m for m in messages)
    assert not any("kp" in m for m in messages)  # 0.0005 of 20 is nothing
    np.testing.assert_array_equal(policy.contract.joint_array("action_scale"), 0.075)
    path, file, _ = write(tmp_path, metadata, 68, {"action_scale": {"*": 0.0745}})
    with pytest.warns(PolicyWarning) as caught:
        policy = amp_sdk.load_policy(path, complete=file)
    assert not any("action_scale" in str(w.message) for w in caught)
    np.testing.assert_array_equal(policy.contract.joint_array("action_scale"), 0.0745)


def test_test_vectors_prove_the_network(tmp_path):
    path, file, weight = write(tmp_path, mjlab(), 68, {"test_vectors": "v.npz"})
    obs = np.random.default_rng(0).normal(size=(3, 68))
    np.savez(tmp_path / "v.npz", obs=obs, actions=obs @ weight)
    policy = load(path, file)
    assert len(policy.contract.golden.obs) == 3 and len(policy.sources) == 3
    np.savez(tmp_path / "v.npz", obs=obs, actions=obs @ weight + 0.01)
    with pytest.raises(InputError, match="does not reproduce"):
        load(path, file)
    np.savez(tmp_path / "v.npz", obs=obs[:, 1:], actions=obs @ weight)
    with pytest.raises(InputError, match=r"expected \[n, 68\]"):
        load(path, file)
    (tmp_path / "v.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="expected an .npz file"):
        load(path, file)


def test_a_completion_that_changed_is_not_armed(tmp_path):
    path, file, _ = write(tmp_path, mjlab(), 68)
    runner = PolicyRunner(load(path, file))
    file.write_text(file.read_text().replace("0.02", "0.01"))
    with pytest.raises(InputError, match="told.yaml has changed since it was loaded"):
        runner.arm(GO2, GO2.joint_names, 0.002)


@pytest.mark.parametrize(
    ("metadata", "told", "message"),
    [
        ({}, {"contrl_period_s": 1}, "unknown key 'contrl_period_s'.*control_period_s"),
        ({}, {"kp": {"*": 55.0}}, "kp of .* is given as 55, but the policy's metadata say"),
        ({}, {"kp": {"hipp": 20.0}}, "no joint is called 'hipp'"),
        ({}, {"robot": "g1_29dof"}, "not those of robot 'g1_29dof'"),
        ({}, {"normalizer_in_graph": False}, "normalizer_in_graph is False"),
        ({}, {"action_clip": 0.0}, "action_clip is 0.0"),
        ({}, {"commands": COMMANDS[:1]}, "'obs' has 68 numbers; expected 67.*command 1 x 1"),
        ({}, {"observation": [{"name": "gyro"}]}, "the network has no term 'gyro'"),
        ({}, {"history_layout": "per_sample"}, "histories differ"),
        ({}, {"joint_names": ["a"]}, "joint_names differ"),
        ({}, {"rename_joints": {"a": "b"}}, "rename_joints: the network has no joint 'a'"),
        ({"observation_names": "base_lin_vel,a,b,c,d"}, {}, "'base_lin_vel': .* not measured"),
        ({"observation_names": "phase,a,b,c,d"}, {}, "'phase': its meaning is unknown"),
        ({"observation_terms_scale": "1,1"}, {}, "has 2 values for 5 observation terms"),
        ({"observation_terms_scale": "1;2;3,1,1,1,1"}, {}, "different scales"),
        ({"observation_terms_scale": "x,1,1,1,1"}, {}, "expected a number"),
        ({"observation_terms_clip": "1,1,1,1,1"}, {}, "expected lower;upper"),
        ({"observation_terms_flatten_history_dim": "False," * 4 + "True"}, {}, "not flattened"),
        ({"anchor_body_name": "torso"}, {}, "motion-tracking policy"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, metadata, told, message):
    path, file, _ = write(tmp_path, mjlab(**metadata), 68, told)
    with pytest.raises(InputError, match=message) as caught:
        load(path, file)
    assert "\n" not in str(caught.value)


def test_tracking_policies_and_recurrent_ones_are_refused(tmp_path):
    path, file, _ = write(tmp_path, mjlab(), 68)
    for name, message in (("time_step", "motion-tracking policy"), ("h_in", "recurrent")):
        model = onnx.load(path)
        model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]))
        other = tmp_path / f"{name}.onnx"
        other.write_bytes(model.SerializeToString())
        with pytest.raises(InputError, match=message):
            load(other, file)


def test_renamed_joints_and_batches_are_taken(tmp_path):
    theirs = [name.replace("_joint", "") for name in NAMES]
    told = {"rename_joints": dict(zip(theirs, NAMES, strict=True))}
    path, file, _ = write(tmp_path, mjlab(joint_names=",".join(theirs)), 68, told, rows="n")
    assert load(path, file).contract.joint_names == GO2.joint_names


def test_a_policy_with_a_contract_needs_no_completion(tmp_path):
    with pytest.raises(InputError, match="contract of its own"):
        amp_sdk.load_policy("go2_trot", complete=tmp_path / "told.yaml")


def test_inspect_shows_the_completed_contract(tmp_path, capsys):
    path, file, _ = write(tmp_path, mjlab(), 68)
    assert guarded(lambda: inspect.main([str(path), "--complete", str(file)])) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: ") and "no test_vectors" in err
    assert "go2" in out and "FL_hip_joint" in out and "mjlab/BeyondMimic" in out
