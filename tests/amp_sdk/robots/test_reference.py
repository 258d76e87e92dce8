"""The robot models equal the public references in everything that moves.

Ours have no meshes, so geoms are not compared: what follows from them in a reference, mass and
inertia, is explicit in ours.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

import numpy as np
import pytest

from amp_sdk import robots

mujoco = pytest.importorskip("mujoco", reason="needs MuJoCo")


class Reference(NamedTuple):
    """A reference file and in what it is another than ours.

    ``own_armature``: it states none, or the same for all motors, and ours is the motors' own.
    ``holds_gains``: stiffness and damping of its joints are PD gains, in ours they are not springs.
    ``additions``: bodies and joints of ours that it lacks; left out before the two are compared.
    """

    file: str
    own_armature: bool = False
    holds_gains: bool = False
    additions: Tuple[str, ...] = ()


REFERENCES = {
    "go2": Reference("unitree_go2.xml"),
    "g1_12dof": Reference("unitree_g1_12dof.xml", own_armature=True),
    "g1_23dof": Reference("unitree_g1_23dof_rev_1_0.xml", own_armature=True),
    "g1_29dof": Reference("unitree_g1_29dof_rev_1_0.xml", own_armature=True),
    "humanoid": Reference("mimickit_humanoid.xml", holds_gains=True),
    "humanoid_sword_shield": Reference(
        "mimickit_humanoid.xml",
        holds_gains=True,
        additions=("right_hand_x", "right_hand_y", "right_hand_z", "sword", "shield"),
    ),
    "pi_plus": Reference("mimickit_pi_plus_22dof.xml", holds_gains=True),
    "smpl": Reference("mimickit_smpl.xml", holds_gains=True),
}
POSES = 1000


class Pair(NamedTuple):
    spec: robots.RobotSpec
    ours: Any
    theirs: Any
    reference: Reference


@pytest.fixture(scope="module", params=sorted(REFERENCES))
def pair(request, reference_mjcf) -> Pair:
    reference = REFERENCES[request.param]
    spec = robots.load(request.param)
    theirs = mujoco.MjModel.from_xml_string(reference_mjcf(reference.file))
    return Pair(spec, without(spec, reference.additions), theirs, reference)


def without(spec, additions):
    scene = mujoco.MjSpec.from_file(str(spec.mjcf_path))
    for element in [*scene.actuators, *scene.joints, *scene.bodies]:
        if element.name in additions:
            scene.delete(element)
    return scene.compile()


def test_every_robot_has_a_reference():
    assert set(robots.names()) == set(REFERENCES)


def names(model, kind, count):
    return [mujoco.mj_id2name(model, kind, i) for i in range(count)]


def bodies(pair):
    """Ids of the bodies of the reference, in ours and in theirs; the world is left out."""
    theirs = names(pair.theirs, mujoco.mjtObj.mjOBJ_BODY, pair.theirs.nbody)[1:]
    ours = names(pair.ours, mujoco.mjtObj.mjOBJ_BODY, pair.ours.nbody)
    return np.array([ours.index(name) for name in theirs]), np.arange(1, pair.theirs.nbody)


def inertia_in_body(model, ids):
    matrix = np.empty((len(ids), 9))
    for row, quat in zip(matrix, model.body_iquat[ids], strict=True):
        mujoco.mju_quat2Mat(row, quat)
    r = matrix.reshape(-1, 3, 3)
    return np.einsum("bij,bj,bkj->bik", r, model.body_inertia[ids], r)


def test_masses_and_inertias(pair):
    ours, theirs = bodies(pair)
    np.testing.assert_allclose(pair.ours.body_mass[ours], pair.theirs.body_mass[theirs], rtol=1e-11)
    np.testing.assert_allclose(
        pair.ours.body_ipos[ours], pair.theirs.body_ipos[theirs], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        inertia_in_body(pair.ours, ours), inertia_in_body(pair.theirs, theirs), rtol=0, atol=1e-12
    )


def test_bodies_of_our_own_are_massless(pair):
    own = np.setdiff1d(np.arange(1, pair.ours.nbody), bodies(pair)[0])
    assert not np.any(pair.ours.body_mass[own])
    assert not np.any(pair.ours.body_inertia[own])
    assert not np.any(pair.ours.body_jntnum[own])


def test_link_frames(pair):
    ours, theirs = bodies(pair)
    parents = names(pair.ours, mujoco.mjtObj.mjOBJ_BODY, pair.ours.nbody)
    reference_parents = names(pair.theirs, mujoco.mjtObj.mjOBJ_BODY, pair.theirs.nbody)
    assert [parents[i] for i in pair.ours.body_parentid[ours]] == [
        reference_parents[i] for i in pair.theirs.body_parentid[theirs]
    ]
    # the base's own place is only where a simulation starts
    np.testing.assert_allclose(
        pair.ours.body_pos[ours[1:]], pair.theirs.body_pos[theirs[1:]], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        pair.ours.body_quat[ours], pair.theirs.body_quat[theirs], rtol=0, atol=1e-12
    )


def test_joints(pair):
    joint = mujoco.mjtObj.mjOBJ_JOINT
    ours, theirs = pair.ours, pair.theirs
    assert names(ours, joint, ours.njnt)[1:] == names(theirs, joint, theirs.njnt)[1:]
    np.testing.assert_array_equal(ours.jnt_type, theirs.jnt_type)
    np.testing.assert_array_equal(ours.jnt_axis[1:], theirs.jnt_axis[1:])
    np.testing.assert_array_equal(ours.jnt_pos[1:], theirs.jnt_pos[1:])
    np.testing.assert_array_equal(ours.jnt_range[1:], theirs.jnt_range[1:])
    assert np.all(ours.jnt_limited[1:]) and np.all(theirs.jnt_limited[1:])


def test_joint_losses(pair):
    """Damping, friction loss and armature are the reference's, and none of them is the base's.

    (A default of the reference for all its joints acts on the floating base too.)
    """
    ours, theirs = pair.ours, pair.theirs
    for model_field in ("dof_damping", "dof_frictionloss", "dof_armature"):
        mine = getattr(ours, model_field)
        assert not np.any(mine[:6])
        if model_field == "dof_armature" and pair.reference.own_armature:
            continue
        if model_field == "dof_damping" and pair.reference.holds_gains:
            assert not np.any(mine)
            continue
        np.testing.assert_array_equal(mine[6:], getattr(theirs, model_field)[6:])
    if pair.reference.own_armature:
        assert len(set(theirs.dof_armature[6:])) == 1


def test_gains_are_the_reference_s(pair):
    """MimicKit keeps PD gains in joints; a simulator would take them for springs and dampers."""
    spec, theirs = pair.spec, pair.theirs
    if not pair.reference.holds_gains:
        assert not np.any(theirs.jnt_stiffness)
        return
    index = spec.joint_index(names(theirs, mujoco.mjtObj.mjOBJ_JOINT, theirs.njnt)[1:])
    np.testing.assert_array_equal(spec.kp[index], theirs.jnt_stiffness[1:])
    np.testing.assert_array_equal(spec.kd[index], theirs.dof_damping[6:])


def test_torque_limits(pair):
    """The least of what the reference lets joint, control and actuator do."""
    model = pair.theirs
    limits = {}
    for actuator in range(model.nu):
        joint = model.actuator_trnid[actuator, 0]
        gear = model.actuator_gear[actuator, 0]
        by_joint = model.jnt_actfrcrange[joint, 1] if model.jnt_actfrclimited[joint] else np.inf
        limited = model.actuator_ctrllimited[actuator]
        by_control = gear * model.actuator_ctrlrange[actuator, 1] if limited else np.inf
        limited = model.actuator_forcelimited[actuator]
        by_force = gear * model.actuator_forcerange[actuator, 1] if limited else np.inf
        name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_JOINT, joint)
        limits[name] = min(by_joint, by_control, by_force)
    index = pair.spec.joint_index(list(limits))
    np.testing.assert_array_equal(pair.spec.effort_limit_nm[index], list(limits.values()))
    assert len(limits) == model.njnt - 1


def random_qpos(model, count):
    rng = np.random.default_rng(0)
    quat = rng.normal(size=(count, 4))
    quat /= np.linalg.norm(quat, axis=-1, keepdims=True)
    angles = rng.uniform(*model.jnt_range[1:].T, size=(count, model.njnt - 1))
    return np.concatenate([rng.uniform(-2, 2, size=(count, 3)), quat, angles], axis=1)


def test_forward_kinematics_of_random_poses(pair):
    ours, theirs = bodies(pair)
    data, reference = mujoco.MjData(pair.ours), mujoco.MjData(pair.theirs)
    worst = 0.0
    for qpos in random_qpos(pair.ours, POSES):
        data.qpos[:], reference.qpos[:] = qpos, qpos
        mujoco.mj_kinematics(pair.ours, data)
        mujoco.mj_kinematics(pair.theirs, reference)
        worst = max(worst, np.max(np.abs(data.xpos[ours] - reference.xpos[theirs])))
        worst = max(worst, np.max(np.abs(data.xmat[ours] - reference.xmat[theirs])))
    assert worst < 1e-6


def test_joint_space_inertia(pair):
    """Relative to sqrt(M_ii M_jj), so that the base's kilograms do not hide a wrist's grams."""
    pair.theirs.dof_armature[:] = pair.ours.dof_armature
    data, reference = mujoco.MjData(pair.ours), mujoco.MjData(pair.theirs)
    ours, theirs = np.empty((pair.ours.nv,) * 2), np.empty((pair.theirs.nv,) * 2)
    for qpos in random_qpos(pair.ours, 100):
        for model, state, matrix in ((pair.ours, data, ours), (pair.theirs, reference, theirs)):
            state.qpos[:] = qpos
            mujoco.mj_kinematics(model, state)
            mujoco.mj_comPos(model, state)
            mujoco.mj_crb(model, state)
            mujoco.mj_fullM(model, state, matrix)
        scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
        assert np.max(np.abs(ours - theirs) / scale) < 1e-6


def test_sword_and_shield():
    """What no reference states: where they are and that they weigh what their sizes say."""
    spec = robots.load("humanoid_sword_shield")
    additions = REFERENCES[spec.name].additions
    assert len(spec.joint_names) == 31
    model = mujoco.MjModel.from_xml_path(str(spec.mjcf_path))
    bare = without(spec, additions)
    hilt = 600 * np.pi * 0.023**2 * (0.23 + 4 / 3 * 0.023)
    blade = 600 * 0.68 * 0.07 * 0.02
    shield = 250 * np.pi * 0.3**2 * 0.03
    np.testing.assert_allclose(model.body("sword").mass, hilt + blade, rtol=1e-9)
    np.testing.assert_allclose(model.body("shield").mass, shield, rtol=1e-9)
    np.testing.assert_allclose(
        model.body_mass.sum() - bare.body_mass.sum(), hilt + blade + shield, rtol=1e-9
    )
    parents = {name: model.body(model.body(name).parentid[0]).name for name in ("sword", "shield")}
    assert parents == {"sword": "right_hand", "shield": "left_lower_arm"}
    assert not model.body("sword").jntnum[0] and not model.body("shield").jntnum[0]
    humanoid = robots.load("humanoid")
    assert tuple(n for n in spec.joint_names if n not in additions) == humanoid.joint_names
    for field in ("kp", "kd", "effort_limit_nm", "armature", "default_joint_pos_rad"):
        here = getattr(spec, field)[spec.joint_index(humanoid.joint_names)]
        np.testing.assert_array_equal(here, getattr(humanoid, field))
