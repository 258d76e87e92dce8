"""The inspect command: our contract in full, other projects' metadata as far as it goes."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from small_policy import make_contract, make_model, write_policy

from amp_sdk import inspect
from amp_sdk._cli import guarded
from amp_sdk._table import table
from amp_sdk.contract import METADATA_PROPERTY, PolicyContract
from amp_sdk.contract.foreign import read_foreign

MJLAB = {
    "run_path": "team/project/run",
    "joint_names": "left_hip_joint,left_knee_joint",
    "joint_stiffness": "40.179,99.098",
    "joint_damping": "2.558,6.309",
    "default_joint_pos": "-0.312,0.669",
    "command_names": "twist",
    "observation_names": "base_ang_vel,joint_pos",
    "action_scale": "0.548,0.351",
    "observation_terms_clip": "-inf;inf,-inf;inf",
}
HOLOSOMA = {
    "dof_names": '["hip", "knee"]',
    "kp": '{"knee": 99.0984, "hip": 40.1792}',
    "kd": "[2.5579, 6.3088]",
    "command_ranges": '{"lin_vel_x": [-1, 1]}',
    "robot_urdf": '"<robot/>"',
}


def run(*arguments) -> int:
    return guarded(lambda: inspect.main([str(a) for a in arguments]))


def write(path, metadata):
    path.write_bytes(make_model(4, 2, metadata=metadata).SerializeToString())
    return path


def test_a_contract_is_shown_and_written_in_full_precision(tmp_path, capsys):
    weight = np.random.default_rng(0).normal(size=(26, 2))
    contract = write_policy(tmp_path / "p.onnx", make_contract(("knee", "hip"), history=2), weight)
    assert run(tmp_path / "p.onnx", "--json", tmp_path / "p.json") == 0
    out = capsys.readouterr().out
    for text in ("toy (toy_1)", "knee", "23.7", "base_ang_vel_b", "lin_vel_x", "every 0.02 s"):
        assert text in out
    assert "reproduces all 4 golden vectors" in out
    written = json.loads((tmp_path / "p.json").read_text())
    assert PolicyContract.from_json(json.dumps(written["contract"]), "x") == contract
    assert written["graph"]["inputs"] == [
        {"name": "obs", "element_type": "float32", "shape": ["n", 26]}
    ]


def test_a_network_that_is_not_the_contracts_is_shown_and_refused(tmp_path, capsys):
    contract = write_policy(tmp_path / "p.onnx", make_contract(), np.ones((13, 2)))
    metadata = {METADATA_PROPERTY: contract.to_json()}
    (tmp_path / "p.onnx").write_bytes(make_model(13, 2, None, metadata).SerializeToString())
    assert run(tmp_path / "p.onnx", "--json", tmp_path / "p.json") == 2
    captured = capsys.readouterr()
    assert "toy (toy_1)" in captured.out and "golden vector" in captured.err
    assert not (tmp_path / "p.json").exists()


def test_no_known_metadata_is_one_error(tmp_path, capsys):
    assert run(write(tmp_path / "p.onnx", {"author": "someone"})) == 2
    error = capsys.readouterr().err
    assert METADATA_PROPERTY in error and "author" in error


def test_mjlab_metadata_is_shown_with_what_is_missing(tmp_path, capsys):
    path = write(tmp_path / "p.onnx", {k: v for k, v in MJLAB.items() if k != "default_joint_pos"})
    assert run(path, "--json", tmp_path / "p.json") == 0
    out = capsys.readouterr().out
    for text in ("mjlab/BeyondMimic", "left_knee_joint", "99.098", "run_path = team/project/run"):
        assert text in out
    missing = out[out.index("Missing") :]
    for text in ("'default_joint_pos'", "control period", "effort limits", "variant"):
        assert text in missing
    assert "three decimals" in out
    assert json.loads((tmp_path / "p.json").read_text())["format"] == "mjlab/BeyondMimic"


def test_mjlab_numbers_belong_to_joints_and_a_scalar_to_all():
    foreign = read_foreign({**MJLAB, "action_scale": "0.25"})
    assert foreign.joints == ("left_hip_joint", "left_knee_joint")
    assert foreign.per_joint["joint_stiffness"] == (40.179, 99.098)
    assert foreign.per_joint["action_scale"] == (0.25, 0.25)


def test_holosoma_metadata_is_json_by_name_or_in_order(tmp_path, capsys):
    foreign = read_foreign(HOLOSOMA)
    assert foreign.joints == ("hip", "knee")
    assert foreign.per_joint == {"kp": (40.1792, 99.0984), "kd": (2.5579, 6.3088)}
    assert "the property 'action_scale'" in foreign.missing
    assert run(write(tmp_path / "p.onnx", HOLOSOMA)) == 0
    assert "holosoma" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({**MJLAB, "joint_damping": "1.0,2.0,3.0"}, "joint_damping has 3 numbers for 2 joints"),
        ({**MJLAB, "joint_stiffness": "1.0,stiff"}, "no number"),
        ({**HOLOSOMA, "kp": "40,20"}, "not JSON"),
        ({**HOLOSOMA, "dof_names": "7"}, "not a list of names"),
        ({**HOLOSOMA, "kp": '{"hip": 1.0}'}, "no number"),
    ],
)
def test_contradictions_are_named_and_never_raise(metadata, problem):
    assert any(problem in p for p in read_foreign(metadata).problems)


def test_foreign_graphs_with_several_inputs_are_listed(tmp_path, capsys):
    model = make_model(4, 2, metadata=MJLAB)
    model.graph.input.append(onnx.helper.make_tensor_value_info("time_step", 1, [1, 1]))
    (tmp_path / "p.onnx").write_bytes(model.SerializeToString())
    assert run(tmp_path / "p.onnx") == 0
    assert "time_step float32 [1, 1]" in capsys.readouterr().out


def test_tables_align_numbers_right_and_text_left():
    lines = table(("name", "value"), [["a", "1.5"], ["long", "-10"]], indent="").splitlines()
    assert lines == ["name  value", "a       1.5", "long    -10"]
