"""Steering and location: rewards with known values, commands seen from the robot, resampling."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from amp_training.backends.base import SimState, StateLayout
from amp_training.config import LocationConfig, SteeringConfig, TaskConfig
from amp_training.tasks.location import Location, location_reward, location_terms
from amp_training.tasks.results import TaskTally
from amp_training.tasks.steering import Steering, steering_errors, steering_reward, steering_terms

LAYOUT = StateLayout(joints=2, keys=1)


def robots_at(xy: list, yaw_rad: list, velocity: list) -> SimState:
    """Upright robots at places [n, 2], with headings [n] and world velocities [n, 2]."""
    state = LAYOUT.empty((len(xy),), torch.device("cpu"))
    yaw = torch.tensor(yaw_rad)
    state.root_pos_w[:, :2] = torch.tensor(xy)
    state.root_quat_w[:, 0], state.root_quat_w[:, 3] = (yaw / 2).cos(), (yaw / 2).sin()
    state.root_lin_vel_w[:, :2] = torch.tensor(velocity)
    return state


def random_robots(n: int, seed: int = 0) -> SimState:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(n, 5, generator=generator).tolist()
    return robots_at([v[:2] for v in values], [v[2] for v in values], [v[3:] for v in values])


def steering(config: SteeringConfig, n: int = 400, masked: bool = False) -> Steering:
    return Steering(config, 0.02, n, torch.Generator().manual_seed(0), masked)


def location(config: LocationConfig, n: int = 400, masked: bool = False) -> Location:
    return Location(config, 0.02, n, torch.Generator().manual_seed(0), masked)


def test_steering_reward_is_one_on_the_goal_and_falls_off_it() -> None:
    # on the goal; 1 m/s too slow; facing a quarter turn away; facing backwards
    state = robots_at([[0.0, 0.0]] * 4, [0.5, 0.5, 0.5, 0.5], [[0.0, 2.0]] + [[0.0, 1.0]] * 3)
    goal = torch.tensor(
        [[math.pi / 2, 0.5, 2.0], [math.pi / 2, 0.5, 2.0], [math.pi / 2, 0.5 + math.pi / 2, 1.0],
         [math.pi / 2, 0.5 + math.pi, 1.0]]
    )  # fmt: skip
    reward = steering_reward(state, goal, 0.5, 0.3)
    expected = torch.tensor([1.0, 0.7 * math.exp(-0.5) + 0.3, 0.7, 0.7])
    torch.testing.assert_close(reward, expected)
    speed, facing = steering_errors(state, goal)
    torch.testing.assert_close(speed, torch.tensor([0.0, -1.0, 0.0, 0.0]), atol=1e-5, rtol=0)
    quarters = torch.tensor([0.0, 0.0, math.pi / 2, math.pi])
    torch.testing.assert_close(facing, quarters, atol=1e-3, rtol=0)


def test_steering_is_seen_from_where_the_robot_heads() -> None:
    task, state = steering(SteeringConfig()), random_robots(400)
    task.restart(torch.arange(400), state)
    yaw = 2 * torch.atan2(state.root_quat_w[:, 3], state.root_quat_w[:, 0])
    direction, face, speed = task.goal.unbind(1)
    seen = torch.stack(
        ((direction - yaw).cos(), (direction - yaw).sin(), speed, (face - yaw).cos(),
         (face - yaw).sin()), dim=1,
    )  # fmt: skip
    torch.testing.assert_close(task.command, seen, atol=1e-5, rtol=0)
    for term, column in zip(steering_terms(SteeringConfig(), 1.2), task.command.T, strict=True):
        assert term.lower - 1e-5 <= column.min() and column.max() <= term.upper + 1e-5


def test_steering_along_the_way_faces_it() -> None:
    task = steering(SteeringConfig(face_apart=False, turn_rad=0.5))
    task.restart(torch.arange(400), random_robots(400))
    assert torch.equal(task.goal[:, 0], task.goal[:, 1])
    assert (task.command[:, 0] >= math.cos(0.5) - 1e-5).all()


def test_location_reward_is_one_there_and_has_a_slope_far_away() -> None:
    config = LocationConfig()
    goal = torch.tensor([[3.0, 4.0]] * 5)
    way = math.atan2(4.0, 3.0)
    state = robots_at(
        [[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [3.0, 3.6]],
        [way, way, way, way + math.pi, 2.0],
        [[0.0, 0.0], [0.6, 0.8], [0.3, 0.4], [0.6, 0.8], [0.0, 0.0]],
    )
    reward = location_reward(state, goal, config)
    far = math.exp(-12.5) * 0.5
    expected = [1.0, far + 0.5, far + 0.4 * math.exp(-0.25) + 0.1, far + 0.4,
                0.5 * math.exp(-0.08) + 0.5]  # fmt: skip
    torch.testing.assert_close(reward, torch.tensor(expected))


def test_location_is_seen_from_the_robot_and_drawn_around_it() -> None:
    config = LocationConfig(distance_m=(2.0, 3.0))
    task, state = location(config), random_robots(400)
    task.restart(torch.arange(400), state)
    distance = (task.goal - state.root_pos_w[:, :2]).norm(dim=1)
    assert 2.0 <= distance.min() < 2.1 and 2.9 < distance.max() <= 3.0
    torch.testing.assert_close(task.command.norm(dim=1), distance, atol=1e-4, rtol=0)
    ahead = robots_at([[1.0, 1.0]], [math.pi / 2], [[0.0, 0.0]])
    single = location(config, 1)
    single.goal[:] = torch.tensor([[1.0, 3.0]])
    single._timer.left[:] = 10.0
    single.tick(ahead)
    torch.testing.assert_close(single.command, torch.tensor([[2.0, 0.0]]), atol=1e-5, rtol=0)
    assert [term.nominal for term in location_terms(config)] == [0.0, 0.0]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("make", "config"), [(steering, SteeringConfig), (location, LocationConfig)]
)
def test_goals_are_held_and_then_drawn_again(make, config, masked: bool) -> None:
    task, state = make(config(resample_s=(0.2, 0.4)), masked=masked), random_robots(400)
    task.restart(torch.ones(400, dtype=torch.bool) if masked else torch.arange(400), state)
    first, changed = task.goal.clone(), torch.zeros(400, dtype=torch.int64)
    for step in range(1, 21):
        task.tick(state)
        moved = (task.goal != first).any(dim=1)
        changed = torch.where(moved & (changed == 0), step, changed)
    assert 10 <= changed.min() <= 11 and 19 <= changed.max() <= 20


@pytest.mark.parametrize(
    ("make", "config"), [(steering, SteeringConfig()), (location, LocationConfig())]
)
def test_a_mask_restarts_what_ids_restart_and_nothing_else(make, config) -> None:
    """Of a mask the rows for the others mean nothing."""
    task, state = make(config, masked=True), random_robots(400)
    task.restart(torch.ones(400, dtype=torch.bool), state)
    goal, command, left = (x.clone() for x in (task.goal, task.command, task._timer.left))
    mask = torch.arange(400) % 3 == 0
    task.restart(mask, random_robots(400, seed=1))
    for before, after in ((goal, task.goal), (command, task.command)):
        assert torch.equal(before[~mask], after[~mask])
        assert (before[mask] != after[mask]).any(dim=1).all()
    assert torch.equal(left[~mask], task._timer.left[~mask])


def test_a_task_goes_on_from_its_state() -> None:
    one, two, state = location(LocationConfig()), location(LocationConfig()), random_robots(400)
    one.restart(torch.arange(400), state)
    two.resume(one.snapshot())
    one._generator.manual_seed(5)
    two._generator.manual_seed(5)
    for task in (one, two):
        for _ in range(400):
            task.tick(state)
    assert torch.equal(one.goal, two.goal) and torch.equal(one.command, two.command)


def tally_of(places: list, goals: list, failed: list, timed_out: list):
    """One robot that stands at ``places`` [T] on the x axis with targets at ``goals`` [T]."""
    state = robots_at([[x, 0.0] for x in places], [0.0] * len(places), [[0.0, 0.0]] * len(places))
    tally = TaskTally(TaskConfig(kind="location"), 1, 0.5)

    def column(values: list) -> Tensor:
        return torch.tensor(values).unsqueeze(1)

    stepped = LAYOUT.view(state.flat.unsqueeze(1))
    tally.add(stepped, torch.tensor([[[g, 0.0]] for g in goals]), column(failed), column(timed_out))
    return tally.result()


def test_targets_reached_missed_and_undecided() -> None:
    no = [False] * 8
    # reached after two steps, then missed, then undecided at the end
    result = tally_of([0, 2, 2, 2, 2, 2, 2, 2], [2, 2, 2, 9, 9, 30, 30, 30], no, no)
    assert (result.targets, result.targets_reached, result.time_to_reach_s) == (2, 0.5, 1.0)
    fell = [False] * 7 + [True]
    result = tally_of([0, 2, 2, 2, 2, 2, 2, 2], [2, 2, 2, 9, 9, 30, 30, 30], fell, no)
    assert result.targets == 3
    result = tally_of([0] * 8, [9] * 8, no, fell)
    assert result.targets == 0 and result.targets_reached is None


def test_steering_errors_are_averaged() -> None:
    tally = TaskTally(TaskConfig(kind="steering"), 2, 0.02)
    state = LAYOUT.view(robots_at([[0.0, 0.0]] * 2, [0.0, 1.0], [[1.0, 0.0]] * 2).flat[None])
    ends = torch.zeros(1, 2, dtype=torch.bool)
    tally.add(state, torch.tensor([[[0.0, 0.0, 1.5], [0.0, 0.0, 1.0]]]), ends, ends)
    result = tally.result()
    assert result.steering_speed_error_m_s == pytest.approx(0.25)
    assert result.steering_facing_error_rad == pytest.approx(0.5)
