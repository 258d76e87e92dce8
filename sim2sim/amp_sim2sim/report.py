"""The report: one HTML file that opens offline, with the numbers as JSON beside it."""

from __future__ import annotations

from html import escape
from pathlib import Path

from amp_sdk._cli import write_json
from amp_sdk._files import atomic_write
from amp_sim2sim import plots
from amp_sim2sim.check import FORWARD_SPEED
from amp_sim2sim.measures import command_text, measures, number
from amp_sim2sim.page import details, document, film, image, note, section, table
from amp_sim2sim.verify import Results, Verification


def write_report(
    folder: Path, verification: Verification, video: Path | None, video_note: str
) -> Path:
    """Write ``report.html`` and ``results.json`` into ``folder``; returns the HTML file.

    ``video`` is embedded where it is small enough and linked otherwise; ``video_note`` says why
    there is none. Each file appears whole or not at all. Raises InputError.
    """
    write_json(folder / "results.json", verification.results)
    page = _page(verification, film(folder, video, video_note))
    path = folder / "report.html"
    with atomic_write(path, binary=False) as file:
        file.write(page)
    return path


def _page(verification: Verification, video: str) -> str:
    results, robot = verification.results, verification.robot
    contract = verification.policy.contract
    name = Path(results.policy).stem
    verdict = "pass" if results.passed else "fail"
    speed = next(c for c in results.criteria if c.name == FORWARD_SPEED)
    clip, phase = None, ""
    if verification.comparison is not None:
        clip = verification.comparison.cycle(verification.shown.period_s)
        phase = "The clip runs at its own pace, from the phase that fits best."
    shown = verification.shown
    which = f"Episode {shown.number}"
    if shown.fall is None:
        which += ", its middle"
    else:
        which += f", which ended at {shown.fall.time_s:.2f} s: {shown.fall.reason}"
    figures = (
        (
            "Forward speed",
            plots.speed_figure(verification.logs, results.targets.speed_m_s, speed.threshold),
            "Thin: each episode, mean over half a second. Grey band: what passes.",
        ),
        (
            "Joint angles",
            plots.joint_figure(shown, contract, clip),
            f"{which}. {phase}",
        ),
        ("Joint torques", plots.torque_figure(shown, contract), f"{which}."),
        (
            "Foot contacts",
            plots.contact_figure(shown, robot.foot_bodies),
            f"{which}. Dark: the foot is on the floor; right: its share of the time.",
        ),
    )
    body = [
        f'<header><span class="badge {verdict}">{verdict.upper()}</span>'
        f"<h1>{escape(name)} on {escape(robot.name)}</h1></header>",
        section("Verdict", _verdict(results) + f'<p class="note">{escape(_setting(results))}</p>'),
        section("Video", video),
        section("Measures", _measures(results)),
        *(section(title, image(svg, title) + note(text)) for title, svg, text in figures),
        section("Episodes", details("each episode in numbers", _episodes(results))),
        section("Policy", details("contract and origin", _policy(verification))),
    ]
    return document(f"{verdict.upper()}: {name}", body)


def _verdict(results: Results) -> str:
    rows = []
    for c in results.criteria:
        kind = "info" if c.passed is None else "pass" if c.passed else "fail"
        word = {"info": "reported", "pass": "pass", "fail": "fail"}[kind]
        rows.append([escape(c.name), f'<span class="badge {kind}">{word}</span>', escape(c.text)])
    return table(("criterion", "", "measured"), rows)


def _setting(results: Results) -> str:
    s = results.settings
    return (
        f"{s.episodes} episodes of {s.duration_s:g} s, seed {s.seed}, MuJoCo "
        f"{results.mujoco_version} with steps of {s.physics_step_s * 1e3:g} ms, explicit PD "
        f"torque at every step; command: {command_text(results.command)}; "
        f"clip: {', '.join(results.clips) or 'none'}."
    )


def _measures(results: Results) -> str:
    rows = [
        [escape(n), escape(v), escape(m)] for n, v, m in measures(results.summary, results.targets)
    ]
    return table(("measure", "value", ""), rows)


def _episodes(results: Results) -> str:
    rows = []
    for e in results.episodes:
        end = "completed" if e.fall is None else f"{e.fall.time_s:.2f} s: {e.fall.reason}"
        values = (e.forward_speed_m_s, e.lateral_speed_m_s, e.yaw_rate_rad_s)
        errors = number(e.joint_error_rad, 3), number(e.pose_error_m, 4)
        rows.append([str(e.number), escape(end), *(number(v, 3) for v in values), *errors])
    speeds = ("forward m/s", "lateral m/s", "yaw rad/s")
    head = ("episode", "end", *speeds, "joint error rad", "pose error m")
    return table(head, rows)


def _policy(verification: Verification) -> str:
    c = verification.policy.contract
    p = c.provenance
    facts = [
        ("file", verification.policy.path),
        ("robot", f"{c.robot}, {c.variant}"),
        ("control period", f"{c.control_period_s:g} s"),
        ("motions", ", ".join(p.motions) or "none"),
        ("recipe", f"{p.recipe} (sha256 {p.recipe_sha256[:16]}...)"),
        ("training", f"seed {p.seed}, {p.samples:,} samples"),
        ("made", f"{p.created_utc} with amp-sdk {p.sdk_version}, torch {p.torch_version}"),
    ]
    terms = ", ".join(f"{t.name} {t.size} x {t.history}" for t in c.observation)
    joints = [
        [j.name, f"{j.default_pos_rad:.3f}", f"{j.kp:g}", f"{j.kd:g}"]
        + [f"{j.action_scale:.4g}", f"{j.action_offset_rad:.3f}", f"{j.effort_limit_nm:g}"]
        for j in c.joints
    ]
    head = ("joint", "default rad", "kp", "kd", "scale", "offset rad", "limit Nm")
    return (
        table(("", ""), [[escape(k), escape(v)] for k, v in [*facts, ("observation", terms)]])
        + "<br>"
        + table(head, joints)
    )
