"""The compiled builder equals the NumPy reference bit for bit, one robot or many."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from observation_reference import ReferenceBuilder
from small_policy import TERMS, make_contract, make_joint

from amp_sdk.contract import CommandTerm, ObservationTerm, PolicyContract
from amp_sdk.errors import InputError
from amp_sdk.observation import BatchObservationBuilder, ObservationBuilder, RobotState

finite = st.floats(-1e6, 1e6)


@st.composite
def contracts(draw: st.DrawFn) -> PolicyContract:
    """Any joints, terms, histories, scales and clips."""
    joints = draw(st.integers(1, 5))
    commands = [CommandTerm(name, 0.0, 0.0, 0.0) for name in ("lin_vel_x", "ang_vel_z")]
    sizes = {"base_ang_vel_b": 3, "projected_gravity_b": 3, "command": 2}
    names = draw(st.lists(st.sampled_from(TERMS), min_size=1, unique=True))
    clip = st.none() | st.tuples(st.floats(-9, -1e-3), st.floats(0, 9))
    scale = st.floats(-4, 4).filter(lambda x: x != 0)
    terms = tuple(
        ObservationTerm(n, sizes.get(n, joints), draw(scale), draw(clip), draw(st.integers(1, 5)))
        for n in names
    )
    default = st.floats(-1, 1)
    rows = [make_joint(f"j{i}", default_pos_rad=draw(default)) for i in range(joints)]
    width = sum(term.width for term in terms)
    golden = dataclasses.replace(make_contract().golden, obs=((0.0,) * width,))
    golden = dataclasses.replace(golden, actions=((0.0,) * joints,))
    return make_contract(rows, commands=commands, observation=terms, golden=golden)


def random_step(rng: np.random.Generator, contract: PolicyContract, spread: float):
    """A measurement, a command and an action."""
    joints = contract.action_dim
    quat = rng.normal(size=4)
    quat *= rng.uniform(0.51, 1.99) / np.linalg.norm(quat)
    state = RobotState(spread * rng.normal(size=3), quat, *spread * rng.normal(size=(2, joints)))
    return state, rng.normal(size=len(contract.commands)), rng.normal(size=joints)


@given(contracts(), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.sets(st.integers(1, 11)))
def test_one_robot_equals_the_reference(contract, seed, spread, resets):
    rng = np.random.default_rng(seed)
    builder, reference = ObservationBuilder(contract), ReferenceBuilder(contract)
    for step in range(12):
        if step in resets:
            builder.reset()
            reference.reset()
        inputs = random_step(rng, contract, spread)
        np.testing.assert_array_equal(builder.build(*inputs), reference.build(*inputs))


@given(contracts(), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_batch_equals_builders_of_their_own(contract, seed, robots):
    rng = np.random.default_rng(seed)
    batch = BatchObservationBuilder(contract, robots)
    alone = [ReferenceBuilder(contract) for _ in range(robots)]
    expected = np.zeros((robots, contract.obs_dim), np.float32)
    out = expected.copy()
    for _ in range(8):
        active, resets = rng.random((2, robots)) < 0.7
        batch.reset(resets)
        rows = [random_step(rng, contract, 1.0) for _ in range(robots)]
        for i, (state, command, action) in enumerate(rows):
            if resets[i]:
                alone[i].reset()
            if active[i]:
                expected[i] = alone[i].build(state, command, action)
            else:
                state.quat_w[:] = 0.0  # nothing of a robot that is left out is looked at
        states, commands, actions = zip(*rows, strict=True)
        fields = [f.name for f in dataclasses.fields(RobotState)]
        stacked = RobotState(*(np.array([getattr(s, f) for s in states]) for f in fields))
        assert batch.build(stacked, np.array(commands), np.array(actions), out, active) is out
        np.testing.assert_array_equal(out, expected)


@given(st.permutations(range(5)), st.integers(0, 2**32 - 1))
def test_measured_joints_are_found_by_name(order, seed):
    names = [f"j{i}" for i in range(5)]
    contract = make_contract(names[:3], history=2)
    rng = np.random.default_rng(seed)
    inputs = random_step(rng, contract, 1.0)
    state = inputs[0]
    measured = [names[i] for i in order]  # two joints more, in another order
    pos, vel = np.full((2, 5), np.nan)
    places = [measured.index(name) for name in contract.joint_names]
    pos[places], vel[places] = state.joint_pos, state.joint_vel
    other = dataclasses.replace(state, joint_pos=pos, joint_vel=vel)
    found = ObservationBuilder(contract, measured).build(other, *inputs[1:])
    np.testing.assert_array_equal(found, ObservationBuilder(contract).build(*inputs))


def test_an_unusable_joint_list_is_refused():
    with pytest.raises(InputError, match="without b"):
        ObservationBuilder(make_contract(), ["a", "c"])
    with pytest.raises(InputError, match="each joint of the contract once"):
        BatchObservationBuilder(make_contract(), 2, ["a", "b", "a"])


def test_what_is_not_finite_passes_to_whoever_checks():
    builder = ObservationBuilder(make_contract())
    state = RobotState(
        np.array([np.nan, np.inf, 1e300]), np.array([1.0, 0, 0, 0]), *np.zeros((2, 2))
    )
    obs = builder.build(state, np.zeros(1), np.zeros(2))
    np.testing.assert_array_equal(obs[:3], [np.nan, np.inf, np.inf])


def test_an_error_in_a_batch_changes_no_history():
    contract = make_contract(history=2)
    batch = BatchObservationBuilder(contract, 2)
    zeros = np.zeros((2, 1)), np.zeros((2, 2))

    def states(value, quat):
        joints = np.full((2, 2), value)
        return RobotState(np.full((2, 3), value), np.array([[1.0, 0, 0, 0], quat]), joints, joints)

    upright = (1.0, 0.0, 0.0, 0.0)
    batch.build(states(1.0, upright), *zeros)
    with pytest.raises(InputError, match=r"quat_w of robot 1 is \[0, 0, 0, 0\].*check the IMU"):
        batch.build(states(5.0, (0.0,) * 4), *zeros)
    obs = batch.build(states(2.0, upright), *zeros)
    np.testing.assert_array_equal(obs[:, :6], [[1.0] * 3 + [2.0] * 3] * 2)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.zeros(13), "float32"),
        (np.zeros(26, np.float32)[::2], "contiguous"),
        (np.zeros(12, np.float32), r"out has shape \[12\]; expected \[13\]"),
        ([0.0] * 13, "float32"),
    ],
)
def test_a_result_buffer_that_cannot_be_used_is_refused(out, message):
    state = RobotState(np.zeros(3), np.array([1.0, 0, 0, 0]), np.zeros(2), np.zeros(2))
    with pytest.raises(InputError, match=message):
        ObservationBuilder(make_contract()).build(state, np.zeros(1), np.zeros(2), out=out)


def test_arguments_of_a_batch_are_checked():
    batch = BatchObservationBuilder(make_contract(), 2)
    one = RobotState(np.zeros(3), np.array([1.0, 0, 0, 0]), np.zeros(2), np.zeros(2))
    with pytest.raises(InputError, match=r"ang_vel_b has shape \[3\]; expected \[2, 3\]"):
        batch.build(one, np.zeros((2, 1)), np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"which has shape \[3\]; expected \[2\]"):
        batch.reset(np.zeros(3, bool))
    with pytest.raises(InputError, match="which must be .* bool"):
        batch.reset(np.zeros(2))
    with pytest.raises(InputError, match="robots is 0"):
        BatchObservationBuilder(make_contract(), 0)
