"""The excitation: one joint at a time, within its limits, from rest to rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy
from amp_sim2real.excite import Excitation, ExciteSettings, chirp_rad, load_settings

GO2, CONTRACT = robots.load("go2"), load_policy("go2_trot").contract


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 0.5), st.floats(0.5, 8.0), st.floats(0.0, 1.0), st.floats(2.0, 12.0))
def test_a_chirp_keeps_amplitude_speed_and_room(
    amplitude: float, speed: float, room: float, highest: float
) -> None:
    s = ExciteSettings(amplitude_rad=amplitude, velocity_rad_s=speed, end_hz=highest, seconds=4.0)
    time_s = np.arange(-0.1, 4.2, 0.001)
    offset = np.array([chirp_rad(s, room, t) for t in time_s])
    assert np.abs(offset).max() <= min(amplitude, room) + 1e-12
    # the amplitude itself changes slowly beside the speed of the swing
    assert np.abs(np.diff(offset)).max() / 0.001 <= 1.3 * speed + amplitude / s.ramp_s
    assert not offset[(time_s <= 0.0) | (time_s >= 4.0)].any()


def test_one_joint_at_a_time_from_the_stand_pose() -> None:
    excitation = Excitation(GO2, CONTRACT, ExciteSettings(seconds=3.0))
    time_s = np.arange(-1.0, excitation.seconds + 1.0, 0.01)
    rest = CONTRACT.joint_array("default_pos_rad")
    targets = np.array([excitation.targets(t) for t in time_s])
    moved = np.abs(targets - rest) > 0.0
    assert moved.sum(axis=1).max() == 1 and moved.any(axis=0).all()
    assert not moved[time_s < 0.0].any() and not moved[time_s >= excitation.seconds].any()
    lower, upper = GO2.joint_lower_rad, GO2.joint_upper_rad
    assert (targets > lower).all() and (targets < upper).all()


@pytest.mark.parametrize("text", ["amplitude_rad: 2", "end_hz: 0.1", "ramp_s: 9", "seconds: -1"])
def test_excitations_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "excite.yaml"
    file.write_text(text)
    with pytest.raises(InputError):
        load_settings(str(file))
