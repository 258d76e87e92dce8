"""Measures of gaits whose frequency, duty factor, slip and coverage are known."""

from __future__ import annotations

import numpy as np
import pytest

from amp_training import gait

DT_S = 0.02
PHASES = np.array([0.0, 0.5, 0.5, 0.0])  # a trot's legs


def walk(hz: float, duty: float, slip_m_s: float, seconds: float = 5.0) -> np.ndarray:
    """Feet [T, 4, 3] of a walk: on the ground for a share ``duty`` of each cycle, where they slip
    backwards, else 8 cm above it and faster forwards."""
    time = np.arange(int(round(seconds / DT_S))) * DT_S
    stance = (time[:, None] * hz + PHASES) % 1.0 < duty
    speed = np.where(stance, -slip_m_s, 1.0)
    feet = np.zeros((len(time), 4, 3))
    feet[1:, :, 0] = np.cumsum(speed[:-1] * DT_S, axis=0)
    feet[..., 2] = np.where(stance, 0.0, 0.08)
    return feet


def swing(hz: float, seconds: float = 5.0, harmonic: float = 0.0) -> np.ndarray:
    """Joints [T, 8] of two joints a leg; the second also moves at twice the frequency."""
    time = np.arange(int(round(seconds / DT_S))) * DT_S
    phase = 2 * np.pi * (time[:, None] * hz + PHASES)
    return np.hstack([0.3 * np.sin(phase), 0.2 * np.cos(phase) + harmonic * np.sin(2 * phase)])


@pytest.mark.parametrize("duty", [0.3, 0.5, 0.8])
def test_duty_factor_is_that_of_the_gait(duty: float) -> None:
    contact = gait.in_contact(walk(2.0, duty, 0.0)[..., 2])
    assert gait.duty_factor(contact) == pytest.approx(duty, abs=0.03)


def test_a_clip_that_hovers_has_a_ground_of_its_own() -> None:
    height = walk(2.0, 0.5, 0.0)[..., 2] + 0.04
    assert gait.duty_factor(gait.in_contact(height)) == 0.0
    ground = np.quantile(height, 0.05, axis=0)
    assert gait.duty_factor(gait.in_contact(height, ground)) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("slip_m_s", [0.0, 0.25])
def test_slip_is_the_speed_of_feet_on_the_ground_alone(slip_m_s: float) -> None:
    feet = walk(2.0, 0.6, slip_m_s)
    contact = gait.in_contact(feet[..., 2])
    assert gait.foot_slip(feet, contact, DT_S) == pytest.approx(slip_m_s, abs=1e-9)
    assert gait.foot_slip(feet, np.zeros_like(contact), DT_S) is None


@pytest.mark.parametrize("hz", [0.8, 1.37, 2.4, 3.9])
@pytest.mark.parametrize("harmonic", [0.0, 0.25])
def test_frequency_is_that_of_the_stride(hz: float, harmonic: float) -> None:
    found = gait.gait_frequency(swing(hz, harmonic=harmonic), DT_S)
    assert found == pytest.approx(hz, rel=0.02)


def test_frequency_of_a_noisy_gait_and_after_a_start() -> None:
    rng = np.random.default_rng(0)
    joints = swing(2.0) + 0.05 * rng.standard_normal((250, 8))
    joints[:25] = 0.0
    assert gait.gait_frequency(joints, DT_S) == pytest.approx(2.0, rel=0.02)


def test_what_does_not_repeat_itself_has_no_frequency() -> None:
    rng = np.random.default_rng(0)
    assert gait.gait_frequency(np.ones((250, 8)), DT_S) is None
    assert gait.gait_frequency(rng.standard_normal((250, 8)), DT_S) is None
    assert gait.gait_frequency(np.linspace(0, 1, 250)[:, None], DT_S) is None
    assert gait.gait_frequency(swing(0.3), DT_S) is None  # less than two strides
    assert gait.gait_frequency(swing(2.0)[:5], DT_S) is None


def test_coverage_is_the_share_of_the_clip_that_was_visited() -> None:
    clip = np.linspace(0.0, 10.0, 1001)[:, None] * np.ones(4)
    assert gait.coverage(clip, clip) == 1.0
    assert gait.coverage(clip[:501], clip) == pytest.approx(0.5, abs=0.012)  # and 0.1 rad beyond
    assert gait.coverage(clip + 0.2, clip) == pytest.approx(0.99, abs=0.012)  # order is no matter
    assert gait.coverage(-clip - 1.0, clip) == 0.0
    assert gait.coverage(np.zeros((0, 4)), clip) == 0.0


def test_coverage_of_very_many_poses_is_that_of_some_of_them() -> None:
    clip = np.linspace(0.0, 10.0, 60_001)[:, None] * np.ones(4)
    assert gait.coverage(clip, clip) == 1.0
    assert gait.coverage(clip[:30_001], clip) == pytest.approx(0.5, abs=0.012)
    assert gait.coverage(-clip - 1.0, clip) == 0.0
