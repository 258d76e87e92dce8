"""Policy files: loaded only when file, graph, contract and golden vectors agree."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from small_policy import make_contract, make_model, write_policy

import amp_sdk
from amp_sdk import policy as policy_module
from amp_sdk.contract import METADATA_PROPERTY, Golden, read_contract
from amp_sdk.contract._onnx import OnnxFormatError, read_outline
from amp_sdk.errors import InputError


@pytest.fixture
def weight():
    return np.random.default_rng(1).normal(size=(13, 2)).astype(np.float32)


@pytest.fixture
def file(tmp_path, weight):
    path = tmp_path / "walk.onnx"
    write_policy(path, make_contract(), weight)
    return path


def test_act_runs_the_network_for_one_and_for_many(file, weight):
    policy = amp_sdk.load_policy(file)
    obs = np.random.default_rng(2).normal(size=(7, 13)).astype(np.float32)
    actions = policy.act(obs)
    assert actions.shape == (7, 2) and actions.dtype == np.float32
    np.testing.assert_allclose(actions, obs @ weight, atol=1e-5)
    np.testing.assert_array_equal(policy.act(obs[3]), policy.act(obs[3:4]))
    assert policy.act(obs[3]).shape == (1, 2)
    np.testing.assert_allclose(policy.act(obs.astype(np.float64)[:, ::1]), actions)
    assert policy.act(np.zeros((0, 13), np.float32)).shape == (0, 2)


def test_the_contract_is_read_without_running_anything(file):
    assert read_contract(file) == amp_sdk.load_policy(file).contract


def test_observations_that_are_not_finite_name_the_term(tmp_path):
    write_policy(tmp_path / "p.onnx", make_contract(history=2))
    policy = amp_sdk.load_policy(tmp_path / "p.onnx")
    obs = np.zeros((2, 26), np.float32)
    obs[1, 6 + 6 + 2 + 1] = np.nan  # joint_pos, oldest sample, second joint
    with pytest.raises(InputError, match=r"term 'joint_pos', element 1, 1 samples before"):
        policy.act(obs)
    with pytest.raises(InputError, match="base_ang_vel_b"):
        policy.act(np.full(26, 1e300))
    with pytest.raises(InputError, match=r"shape \[25\]; expected \[26\] or \[n, 26\]"):
        policy.act(np.zeros(25))
    with pytest.raises(InputError, match="dtype"):
        policy.act(np.array(["a"] * 26))


def test_actions_that_are_not_finite_are_refused(file, weight):
    policy = amp_sdk.load_policy(file)
    with pytest.raises(InputError, match="returned .*inf for joint '[ab]'"):
        policy.act(np.sign(weight[:, 0]) * np.float32(3e38))


def test_no_contract_says_how_to_export(tmp_path):
    path = tmp_path / "foreign.onnx"
    path.write_bytes(make_model(4, 2, metadata={"joint_names": "a,b"}).SerializeToString())
    with pytest.raises(InputError, match=r"'amp_sdk.contract' \(found: joint_names\).*export"):
        amp_sdk.load_policy(path)


def test_every_truncation_is_an_input_error(file):
    data = file.read_bytes()
    cut = file.with_name("cut.onnx")
    for length in range(0, len(data), 97):
        cut.write_bytes(data[:length])
        with pytest.raises(InputError):
            amp_sdk.load_policy(cut)


def test_damaged_bytes_never_raise_anything_else(file):
    data = bytearray(file.read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(data)
        for position in rng.integers(0, len(data), 3):
            damaged[position] = rng.integers(0, 256)
        try:
            read_outline(bytes(damaged))
        except OnnxFormatError:
            pass


@pytest.mark.parametrize(
    "content", [b"not an onnx file", b"\x80\x04pickle", b"PK\x03\x04", b"\0" * 9]
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a complete ONNX file"):
        amp_sdk.load_policy(path)


def test_missing_files_folders_and_sizes(tmp_path, monkeypatch, file):
    with pytest.raises(InputError, match="no such file"):
        amp_sdk.load_policy(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="is a folder.*amp_sdk.export"):
        amp_sdk.load_policy(tmp_path)
    monkeypatch.setattr("amp_sdk.contract._file.MAX_FILE_BYTES", 100)
    with pytest.raises(InputError, match="expected at most 100"):
        amp_sdk.load_policy(file)


def test_shipped_names_resolve_and_unknown_ones_list_them(tmp_path, monkeypatch, file):
    monkeypatch.setattr(policy_module, "_SHIPPED", tmp_path)
    monkeypatch.chdir("/")
    assert amp_sdk.load_policy("walk").contract.robot == "toy"
    with pytest.raises(InputError, match="'wakl' is neither.*did you mean 'walk'"):
        amp_sdk.load_policy("wakl")


def rewrite(path, change):
    model = onnx.load(path)
    change(model)
    path.write_bytes(model.SerializeToString())


def test_external_data_is_refused(file):
    def change(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")

    rewrite(file, change)
    with pytest.raises(InputError, match="another file .weight.*one file"):
        amp_sdk.load_policy(file)


def test_external_data_inside_an_attribute_is_refused(file):
    def change(model):
        tensor = TensorProto(name="hidden", data_type=1, data_location=TensorProto.EXTERNAL)
        model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))

    rewrite(file, change)
    with pytest.raises(InputError, match="hidden"):
        amp_sdk.load_policy(file)


def test_custom_operators_are_refused(file):
    def change(model):
        model.graph.node[0].domain = "my.ops"
        model.opset_import.append(helper.make_opsetid("my.ops", 1))

    rewrite(file, change)
    with pytest.raises(InputError, match="my.ops.*standard ONNX operators"):
        amp_sdk.load_policy(file)


def test_an_operator_that_onnxruntime_lacks_is_one_error(file, capfd):
    rewrite(file, lambda model: setattr(model.graph.node[0], "op_type", "Unheard"))
    with pytest.raises(InputError, match="onnxruntime .* cannot load"):
        amp_sdk.load_policy(file)
    assert capfd.readouterr().err == ""


def rename_input(model):
    model.graph.input[0].name = "actor_obs"
    model.graph.node[0].input[0] = "actor_obs"


def fix_batch(model):
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def add_input(model):
    extra = helper.make_tensor_value_info("time_step", TensorProto.FLOAT, [1, 1])
    model.graph.input.append(extra)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_input, "input 'obs' float32 .n, 13., .*found 'actor_obs'"),
        (fix_batch, r"found 'obs' float32 \[1, 13\]"),
        (add_input, "'time_step'"),
    ],
)
def test_graph_and_contract_must_agree(file, change, message):
    rewrite(file, change)
    with pytest.raises(InputError, match=message):
        amp_sdk.load_policy(file)


def test_a_contract_of_another_width_is_refused(tmp_path):
    contract = make_contract(joints=("a", "b", "c"))
    model = make_model(13, 2, metadata={METADATA_PROPERTY: contract.to_json()})
    path = tmp_path / "p.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=r"expected one input 'obs' float32 \[n, 16\]"):
        amp_sdk.load_policy(path)


@pytest.mark.parametrize(("error", "refused"), [(3e-5, True), (3e-6, False)])
def test_golden_vectors_catch_a_changed_network(tmp_path, weight, error, refused):
    path = tmp_path / "p.onnx"
    contract = write_policy(path, make_contract(), weight)
    obs = np.array(contract.golden.obs)
    actions = (obs @ weight.astype(np.float64)) / np.maximum(1, np.abs(obs @ weight))
    scaled = weight / np.abs(actions).max()  # keep the actions near 1, where 1e-5 is absolute
    contract = write_policy(path, make_contract(), scaled)
    wrong = np.array(contract.golden.actions)
    wrong[2, 1] += error * max(1.0, abs(wrong[2, 1]))
    contract = dataclasses.replace(
        contract, golden=Golden(contract.golden.obs, tuple(map(tuple, wrong.tolist())))
    )
    model = make_model(13, 2, scaled, {METADATA_PROPERTY: contract.to_json()})
    path.write_bytes(model.SerializeToString())
    if refused:
        with pytest.raises(InputError, match="golden vector 2, joint 'b' is off by 3e-05"):
            amp_sdk.load_policy(path)
    else:
        amp_sdk.load_policy(path)


def test_missing_onnxruntime_says_what_to_install(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="pip install onnxruntime"):
        amp_sdk.load_policy(file)
