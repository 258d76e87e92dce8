"""The contract: exact JSON, every inconsistency refused with what to do."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_policy import make_contract, make_joint

from amp_sdk.contract import (
    CommandTerm,
    Golden,
    ObservationTerm,
    PolicyContract,
    check_robot,
)
from amp_sdk.errors import InputError

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=8, max_size=8), st.floats(1e-3, 0.5), st.floats(1e-9, 1e300))
def test_json_keeps_every_bit(values, period, clip):
    contract = make_contract(
        joints=[make_joint("knee", kp=abs(values[0]), action_offset_rad=values[1])],
        control_period_s=period,
        action_clip=clip,
    )
    golden = Golden((tuple(values[:1] * contract.obs_dim),), ((values[2],),))
    contract = dataclasses.replace(contract, golden=golden)
    assert PolicyContract.from_json(contract.to_json(), "x") == contract


def test_numpy_numbers_become_exact_python_numbers():
    joint = make_joint("a", kp=np.float32(0.1))
    assert type(joint.kp) is float and joint.kp == float(np.float32(0.1))
    json.loads(make_contract(joints=[joint]).to_json())


def test_joint_target_clips_scales_and_offsets():
    contract = make_contract(
        joints=[make_joint("a"), make_joint("b", action_scale=2.0, action_offset_rad=-0.5)],
        action_clip=3.0,
    )
    applied = contract.applied_action(np.array([[1.0, 5.0], [-9.0, 0.5]]))
    np.testing.assert_array_equal(applied, [[1, 3], [-3, 0.5]])
    np.testing.assert_allclose(contract.joint_target_rad(applied), [[0.35, 5.5], [-0.65, 0.5]])


def edited(path, value):
    """The JSON of a valid contract with one value changed; ``path`` like ('joints', 0, 'kp')."""
    mapping = json.loads(make_contract().to_json())
    node = mapping
    for key in path[:-1]:
        node = node[key]
    if value is KeyError:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return json.dumps(mapping)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema_version",), 2, "schema version 2 is unknown.*version 1.*update amp-sdk"),
        (("schema_version",), KeyError, "schema version None"),
        (("robot",), "", "robot and variant"),
        (("joints",), [], "joints is empty"),
        (("joints", 1, "name"), "a", "'a' appears twice"),
        (("joints", 0, "kp"), -1.0, r"'joints\[0\]': kp of joint 'a' is -1.0; expected >= 0"),
        (("joints", 0, "kp"), "much", r"'joints\[0\].kp': expected a finite number, found 'much'"),
        (("joints", 0, "kpp"), 1.0, r"unknown key 'joints\[0\].kpp'; did you mean 'kp'"),
        (("joints", 0, "kd"), KeyError, r"missing key 'joints\[0\].kd'"),
        (("joints", 0, "effort_limit_nm"), 0, "expected > 0"),
        (("joints", 0, "lower_rad"), 1.0, "not below upper_rad"),
        (("joints", 0, "default_pos_rad"), 3.0, "outside its range"),
        (("observation", 0, "name"), "gyro", "unknown observation term 'gyro'; .*base_ang_vel_b"),
        (("observation", 0, "size"), 4, "'base_ang_vel_b' has size 4; expected 3"),
        (("observation", 3, "size"), 3, "'joint_pos' has size 3; expected 2"),
        (("observation", 0, "history"), 0, "1 or more"),
        (("observation", 0, "scale"), 0.0, "would see nothing"),
        (("observation", 0, "clip"), [1.0, 1.0], "lower, upper"),
        (("commands", 0, "name"), "vx", "unknown command 'vx'"),
        (("commands", 0, "nominal"), 9.0, "outside its range"),
        (("control_period_s",), 20, "seconds"),
        (("action_clip",), 0, "expected > 0"),
        (("quaternion",), "xyzw", "expected 'wxyz'"),
        (("history_order",), "newest_first", "oldest_first"),
        (("normalizer_in_graph",), False, "normaliser.*export the policy again"),
        (("golden", "obs"), [], "as many of both"),
        (("golden", "obs", 0), [0.0], r"golden.obs\[0\] has 1 numbers; expected 13"),
        (("golden", "actions", 0), [0.0] * 3, r"golden.actions\[0\] has 3 numbers; expected 2"),
        (("provenance", "samples"), -1, "0 or more"),
    ],
)
def test_each_defect_is_one_clear_error(path, value, message):
    with pytest.raises(InputError, match=message) as error:
        PolicyContract.from_json(edited(path, value), "walk.onnx")
    assert str(error.value).startswith("walk.onnx: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "expected an object"),
        ("[" * 100_000, "not valid JSON"),
        ('{"a": 1, "a": 2}', "'a' appears twice"),
        ('{"schema_version": NaN}', "NaN is not a number"),
        (
            edited(("action_clip",), 10).replace('"action_clip": 10', '"action_clip": 1e999'),
            "finite",
        ),
        (edited(("action_clip",), 10).replace(": 10,", ": " + "9" * 400 + ","), "too long"),
        ("x" * (17 * 2**20), "characters"),
    ],
)
def test_hostile_json_is_one_clear_error(text, message):
    with pytest.raises(InputError, match=message):
        PolicyContract.from_json(text, "walk.onnx")


def test_not_finite_numbers_are_refused_at_construction():
    for value in (np.nan, np.inf):
        with pytest.raises(InputError, match="kp is .*; expected a finite number"):
            make_joint("a", kp=value)
        with pytest.raises(InputError, match="finite"):
            CommandTerm("lin_vel_x", -value, 1.0, 0.0)
        with pytest.raises(InputError, match="finite"):
            Golden(((value,),), ((0.0,),))
        with pytest.raises(InputError, match="finite"):
            ObservationTerm("joint_pos", 2, clip=(0.0, value))


def test_a_command_that_is_not_observed_must_be_constant():
    terms = tuple(t for t in make_contract().observation if t.name != "command")
    golden = Golden(((0.0,) * 12,), ((0.0, 0.0),))
    with pytest.raises(InputError, match="does not observe 'command'.*'lin_vel_x'"):
        make_contract(observation=terms, golden=golden)
    fixed = make_contract(
        observation=terms, golden=golden, commands=[CommandTerm("lin_vel_x", 0.8, 0.8, 0.8)]
    )
    assert fixed.nominal_command[fixed.command_index("lin_vel_x")] == 0.8
    assert fixed.command_index("ang_vel_z") == -1


def toy_robot(**changes):
    values = dict(
        name="toy",
        variant="toy_1",
        joint_names=("a", "b"),
        effort_limit_nm=np.array([23.7, 23.7]),
        joint_lower_rad=np.array([-1.0, -1.0]),
        joint_upper_rad=np.array([1.0, 1.0]),
    )
    return SimpleNamespace(**{**values, **changes})


def test_a_fitting_robot_passes():
    check_robot(make_contract(), toy_robot())
    check_robot(make_contract(), toy_robot(effort_limit_nm=np.array([30.0, 23.7])))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "go2"}, "for robot 'toy'"),
        ({"variant": "toy_2"}, "variant 'toy_1', the robot is 'toy_2'"),
        ({"joint_names": ("a", "c")}, "lacks the joints c; the robot has no joints b"),
        ({"joint_names": ("b", "a")}, "order differs from position 0 on: expected 'b', found 'a'"),
        (
            {"effort_limit_nm": np.array([23.7, 20.0])},
            "effort_limit_nm of 'b' is 23.7, above .* 20",
        ),
        ({"joint_upper_rad": np.array([0.5, 1.0])}, r"range of 'a' is \[-1, 1\], beyond"),
    ],
)
def test_another_robot_is_refused_with_every_difference(changes, message):
    with pytest.raises(InputError, match=message):
        check_robot(make_contract(), toy_robot(**changes))
