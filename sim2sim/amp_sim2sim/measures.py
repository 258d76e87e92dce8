"""The measures of a verification in words, for terminal and report alike."""

from __future__ import annotations

from amp_sdk.contract import COMMAND_NAMES
from amp_sim2sim.check import Targets
from amp_sim2sim.evaluate import Summary


def measures(s: Summary, targets: Targets) -> list[tuple[str, str, str]]:
    """Name, value and meaning of every measure that is no criterion, for a person."""
    low, high = number(s.forward_speed_min_m_s), number(s.forward_speed_max_m_s)
    worst, most = max(s.saturation_joint_share.items(), key=lambda item: item[1])
    saturated = "share of the time" + (f"; most: {worst} {most:.1%}" if most > 0.0 else "")
    return [
        *_pose_error(s.pose_error_m, targets.mean_pose_error_m),
        ("survival", f"{s.survival_share:.1%}", "mean share of an episode before a fall"),
        ("forward speed range", f"{low} to {high} m/s", "slowest to fastest episode"),
        ("lateral speed error", f"{number(s.lateral_speed_error_m_s, 3)} m/s", "mean of |error|"),
        ("yaw rate error", f"{number(s.yaw_rate_error_rad_s, 3)} rad/s", "mean of |error|"),
        ("torque", f"{s.torque_rms_nm:.2f} Nm", "root mean square over joints and time"),
        ("torque at its limit", f"{s.saturation_share:.2%}", saturated),
        ("action roughness", f"{s.action_roughness:.4f}", "mean squared second difference"),
        (
            "beyond joint limits",
            f"{s.limit_violation_share:.2%}",
            f"share of the time; at most by {s.limit_excess_max_rad:.3f} rad",
        ),
        ("cost of transport", number(s.cost_of_transport), "work over weight times distance"),
    ]


def _pose_error(error: float | None, mean_pose: float | None) -> list[tuple[str, str, str]]:
    """Nothing without a clip."""
    if mean_pose is None:
        return []
    value = "unknown" if error is None else f"{error:.4f} m"
    meaning = "mean distance of the joints' places about the base, after time warping; "
    still = f"holding the clip's mean pose scores {mean_pose:.4f}"
    return [("pose error to the clip", value, meaning + still)]


def command_text(command: dict[str, float]) -> str:
    """A command in words: what is not zero, with its unit."""
    words = {"lin_vel_x": "forward", "lin_vel_y": "to the left", "ang_vel_z": "turning left"}
    parts = [
        f"{words.get(name, name)} {value:.2f} {COMMAND_NAMES[name]}"
        for name, value in command.items()
        if value != 0.0
    ]
    return ", ".join(parts) or ("stand" if command else "none")


def number(value: float | None, digits: int = 2) -> str:
    """``value`` with ``digits`` decimals (never minus zero), or a word where there is none."""
    return "unknown" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"
