"""Late commands and pushes: when they act, how strong they are, and that they can be resumed."""

from __future__ import annotations

import pytest
import torch

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_training.backends.disturbances import Pushes, TargetDelay
from amp_training.backends.mujoco_cpu import MujocoBackend
from amp_training.config import EpisodeConfig, RandomizationConfig, SimulationConfig
from amp_training.environment_build import contact_links

GO2 = robots.load("go2")
DECIMATION = 4


def in_effect(delay: TargetDelay, periods: int) -> list[list[float]]:
    """The target of each robot at every physics step; that of period k is the number k + 1."""
    robots_count = len(delay._steps)
    course: list[list[float]] = [[] for _ in range(robots_count)]
    for k in range(periods):
        for count, targets in delay.parts(torch.full((robots_count, 1), k + 1.0)):
            for robot, value in enumerate(targets[:, 0].tolist()):
                course[robot] += [value] * count
    return course


def test_each_robot_gets_its_targets_so_many_physics_steps_late() -> None:
    steps = [0, 1, 3, 4, 6, 9]
    delay = TargetDelay(torch.tensor(steps), DECIMATION, 1)
    delay.restart(torch.arange(6), torch.zeros(6, 1))
    for late, course in zip(steps, in_effect(delay, 5), strict=True):
        on_time = [float(k // DECIMATION + 1) for k in range(5 * DECIMATION)]
        assert course == [0.0] * late + on_time[: 5 * DECIMATION - late]


@pytest.mark.parametrize("which", [[1], [False, True]])
def test_a_restart_forgets_the_old_targets(which: list) -> None:
    delay = TargetDelay(torch.tensor([6, 6]), DECIMATION, 1)
    in_effect(delay, 3)
    delay.restart(torch.tensor(which), torch.full((len(which), 1), 0.5))
    kept, fresh = in_effect(delay, 1)
    assert kept == [2.0, 2.0, 3.0, 3.0] and fresh == [0.5] * 4


def test_a_delay_goes_on_from_its_snapshot() -> None:
    one, two = (TargetDelay(torch.tensor([5]), DECIMATION, 1) for _ in range(2))
    in_effect(one, 3)
    two.resume(one.snapshot())
    assert in_effect(one, 1) == in_effect(two, 1)


def test_delays_are_drawn_in_whole_physics_steps() -> None:
    config = RandomizationConfig(delay_s=(0.005, 0.02))
    delay = TargetDelay.draw(config, 0.005, DECIMATION, (500, 12), 0)
    assert delay._steps.min() == 1 and delay._steps.max() == 4


def backend(n: int = 2, links: tuple[str, ...] = ()) -> MujocoBackend:
    config = SimulationConfig(num_envs=n, threads=1)
    return MujocoBackend(GO2, GO2.kp, GO2.kd, config, links)


def standing(sim: MujocoBackend, height: float) -> torch.Tensor:
    state = sim.layout.empty((sim.num_envs,), sim.device)
    state.root_pos_w[:, 2] = height
    state.root_quat_w[:, 0] = 1.0
    state.joint_pos.copy_(torch.tensor(GO2.default_joint_pos_rad))
    return state.flat


def test_a_delayed_robot_moves_as_one_whose_targets_came_later() -> None:
    """A whole control period late is the same physics, one period later."""
    late, punctual = backend(), backend()
    late.delay = TargetDelay(torch.full((2,), DECIMATION), DECIMATION, 12)
    pose = torch.tensor(GO2.default_joint_pos_rad, dtype=torch.float32).expand(2, 12)
    for sim in (late, punctual):
        sim.reset(torch.arange(2), standing(sim, 1.0))
    for k in range(4):
        late.step(pose + 0.1 * k)
        punctual.step(pose + 0.1 * max(k - 1, 0))
        assert torch.equal(late.state.flat, punctual.state.flat)


@pytest.mark.parametrize("masked", [False, True])
def test_pushes_come_in_time_and_are_not_too_strong(masked: bool) -> None:
    config = RandomizationConfig(push_interval_s=(0.1, 0.2), push_m_s=0.4)
    pushes = Pushes(config, 0.02, 300, 0, masked=masked)
    last, gaps, speeds = torch.zeros(300), [], []
    for step in range(1, 100):
        ids, velocity = pushes.tick()
        if masked:
            ids, velocity = ids.nonzero().flatten(), velocity[ids]
        gaps += (step - last[ids]).tolist()
        speeds += velocity.norm(dim=1).tolist()
        last[ids] = float(step)
    assert 5 <= min(gaps) and max(gaps) <= 11
    assert max(speeds) <= 0.4 + 1e-6 and max(speeds) > 0.39
    other = Pushes(config, 0.02, 300, 1, masked=masked)
    other.resume(pushes.snapshot())
    for _ in range(20):
        for a, b in zip(pushes.tick(), other.tick(), strict=True):
            assert torch.equal(a, b)


def test_a_push_changes_the_velocity_of_the_base() -> None:
    sim, plain = backend(), backend()
    config = RandomizationConfig(push_interval_s=(0.02, 0.02), push_m_s=2.0)
    sim.pushes = Pushes(config, 0.02, 2, 3)
    for one in (sim, plain):
        flat = standing(one, 2.0)
        one.reset(torch.arange(2), flat)
        one.step(one.state.joint_pos.clone())
    change = (sim.state.root_lin_vel_w - plain.state.root_lin_vel_w)[:, :2].norm(dim=1)
    assert (change > 0.02).all() and (change < 2.1).all()


def test_a_trunk_on_the_floor_is_a_contact_and_feet_are_none() -> None:
    links = contact_links(GO2, EpisodeConfig(contact_termination=True))
    assert "FL_foot" not in links and GO2.base_body in links
    sim = backend(2, tuple(links))
    rows = standing(sim, GO2.default_base_height_m)
    rows[1, 2] = 0.0
    sim.reset(torch.arange(2), rows)
    for _ in range(3):
        sim.step(sim.state.joint_pos.clone())
    assert sim.touching().tolist() == [False, True]
    assert not backend().touching().any()


def test_links_that_may_touch_are_checked() -> None:
    assert contact_links(GO2, EpisodeConfig()) == ()
    allowed = EpisodeConfig(contact_termination=True, contact_allowed=("FL_calf",))
    assert "FL_calf" not in contact_links(GO2, allowed)
    with pytest.raises(InputError, match="no link 'FL_calff'; did you mean 'FL_calf'"):
        contact_links(GO2, EpisodeConfig(contact_allowed=("FL_calff",)))


EVERY_BODY = RandomizationConfig(
    link_mass_ratio=(0.7, 1.3),
    com_shift_m=(-0.05, 0.05),
    motor_strength=(0.6, 0.9),
    delay_s=(0.0, 0.03),
)


@pytest.mark.parametrize(
    "config",
    [EVERY_BODY, RandomizationConfig(push_interval_s=(0.02, 0.02), push_m_s=2.0)],
    ids=["bodies", "pushes"],
)
def test_mujoco_warp_has_the_same_robots(config: RandomizationConfig) -> None:
    """Pushed at every step, both draw for all robots, and so the same."""
    pytest.importorskip("mujoco_warp", reason="needs the package mujoco-warp (extra 'warp')")
    from amp_training.backends.mujoco_warp import MujocoWarpBackend

    simulation = SimulationConfig(num_envs=4, threads=1)
    on_warp = MujocoWarpBackend(GO2, GO2.kp, GO2.kd, simulation, torch.device("cpu"))
    ends = []
    for sim in (backend(4), on_warp, backend(4)):
        if len(ends) < 2:
            sim.disturb(config, simulation, 5)
        sim.reset(torch.arange(4), standing(sim, 0.35))
        pose = sim.state.joint_pos.clone()
        for k in range(6):
            sim.step(pose + 0.1 * k)
        ends.append(sim.state.flat.clone())
    cpu, warp, nominal = ends
    assert (warp - cpu).abs().max() < 0.05 * (nominal - cpu).abs().max()
