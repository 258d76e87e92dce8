"""The simulated robot: measurements by name, standing on the floor, contacts."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sim2sim.robot_in_sim import RobotInSim, lowest_point, trunk_bodies
from amp_sim2sim.scene import build_model


@pytest.fixture
def sim(model, go2):
    return RobotInSim(model, go2, go2.joint_names)


@pytest.mark.parametrize("kind", ["SPHERE", "CAPSULE", "CYLINDER", "BOX", "ELLIPSOID"])
def test_lowest_point_is_where_mujoco_finds_the_floor(kind):
    name = kind.lower()
    xml = (
        '<mujoco><worldbody><geom type="plane" size="0 0 1" pos="0 0 -10" name="floor"/><body>'
        f'<freejoint/><geom name="g" type="{name}" size="0.1 0.23 0.17"/></body></worldbody>'
        "</mujoco>"
    )
    if kind in ("SPHERE",):
        xml = xml.replace("0.1 0.23 0.17", "0.1")
    model = mujoco.MjModel.from_xml_string(xml)
    data, geom = mujoco.MjData(model), model.geom("g").id
    for quat in rotations.normalize(np.random.default_rng(0).normal(size=(20, 4))):
        data.qpos[:] = [0.3, -0.2, 0.0, *quat]
        mujoco.mj_forward(model, data)
        low = lowest_point(
            int(model.geom_type[geom]),
            model.geom_size[geom],
            data.geom_xpos[geom],
            data.geom_xmat[geom].reshape(3, 3),
        )
        data.qpos[2] = -10.0 - low - 1e-4  # a tenth of a millimetre into the floor
        mujoco.mj_forward(model, data)
        assert data.ncon and data.contact.dist.min() == pytest.approx(-1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["go2", "g1_29dof"])
def test_standing_starts_with_the_feet_on_the_floor(name):
    robot = robots.load(name)
    sim = RobotInSim(build_model(robot), robot, robot.joint_names)
    height = sim.stand(robot.default_joint_pos_rad, yaw_rad=0.7)
    assert height == pytest.approx(robot.default_base_height_m, abs=1e-6)
    sim.sense()
    assert rotations.heading(sim.measure().quat_w) == pytest.approx(0.7)
    assert (sim.data.contact.dist > -1e-9).all()
    sim.data.qpos[2] -= 1e-4
    sim.sense()
    feet, trunk = sim.floor_contacts()
    assert feet.all() and not trunk


def test_measurements_are_those_of_the_present_state(sim, go2):
    sim.stand(go2.default_joint_pos_rad, 0.0)
    rng = np.random.default_rng(1)
    quat = rotations.normalize(rng.normal(size=4))
    sim.data.qpos[3:7], sim.data.qpos[2] = quat, 5.0
    sim.data.qvel[:] = rng.normal(size=sim.model.nv)
    sim.sense()
    state = sim.measure()
    np.testing.assert_allclose(state.quat_w * np.sign(state.quat_w @ quat), quat, atol=1e-12)
    np.testing.assert_allclose(state.ang_vel_b, sim.data.qvel[3:6], atol=1e-12)
    for j, name in enumerate(go2.joint_names):
        joint = sim.model.joint(name)
        assert state.joint_pos[j] == sim.data.qpos[joint.qposadr[0]]
        assert state.joint_vel[j] == sim.data.qvel[joint.dofadr[0]]


def test_torques_reach_the_joint_of_their_name(sim, go2):
    for j in range(len(go2.joint_names)):
        sim.stand(go2.default_joint_pos_rad, 0.0)
        sim.data.qpos[2] = 5.0
        torque = np.zeros(len(go2.joint_names))
        torque[j] = 5.0
        sim.sense()
        sim.push(torque)
        assert int(np.argmax(np.abs(sim.data.qfrc_actuator))) == int(
            sim.model.joint(go2.joint_names[j]).dofadr[0]
        )


def test_contacts_tell_feet_and_trunk_apart(sim, go2):
    sim.stand(go2.default_joint_pos_rad, 0.0)
    sim.data.qpos[2] -= 1e-3
    sim.sense()
    feet, trunk = sim.floor_contacts()
    assert feet.all() and not trunk
    sim.data.qpos[2] = 0.02
    sim.sense()
    assert sim.floor_contacts()[1]
    sim.data.qpos[2] = 1.0
    sim.sense()
    feet, trunk = sim.floor_contacts()
    assert not feet.any() and not trunk


@pytest.mark.parametrize(
    ("name", "trunk", "leg"),
    [("go2", {"base_link"}, "FL_calf"), ("g1_29dof", {"pelvis", "torso_link"}, "left_knee_link")],
)
def test_the_trunk_is_all_that_leads_to_no_foot(name, trunk, leg):
    robot = robots.load(name)
    model = build_model(robot)
    found = {model.body(int(i)).name for i in np.flatnonzero(trunk_bodies(model, robot))}
    assert trunk <= found and leg not in found and not found & set(robot.foot_bodies)


def test_a_diverged_state_is_seen(sim, go2):
    sim.stand(go2.default_joint_pos_rad, 0.0)
    assert sim.is_finite()
    sim.data.qvel[7] = np.nan
    assert not sim.is_finite()
    sim.data.qvel[7] = 1e6
    assert not sim.is_finite()
