"""The gate's report: one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from amp_sdk import robots
from amp_sdk._files import atomic_write
from amp_sim2sim import plots as episode_plots
from amp_sim2sim.gate import plots
from amp_sim2sim.gate.console import comparison_rows, describe
from amp_sim2sim.gate.gate import Gate, GateResults
from amp_sim2sim.gate.simulate import GroupLog
from amp_sim2sim.gate.sweep import Point
from amp_sim2sim.gate.traces import episode_log, find_run
from amp_sim2sim.gate.verdict import ScenarioResult
from amp_sim2sim.page import details, document, image, note, section, table

_KIND = {"pass": "pass", "fail": "fail", "skipped": "info"}


def write_report(folder: Path, gates: Sequence[Gate]) -> Path:
    """Write ``report.html`` into ``folder``, whole or not at all; returns it. Raises InputError."""
    passed = all(gate.results.passed for gate in gates)
    names = ", ".join(Path(gate.results.policy).stem for gate in gates)
    body: list[str] = []
    if len(gates) > 1:
        body.append(_comparison([gate.results for gate in gates]))
    for gate in gates:
        body.extend(_sections(gate))
    path = folder / "report.html"
    with atomic_write(path, binary=False) as file:
        file.write(document(f"{'PASS' if passed else 'FAIL'}: gate of {names}", body))
    return path


def _comparison(results: Sequence[GateResults]) -> str:
    names = [Path(r.policy).stem for r in results]
    rows = [[escape(name), *map(escape, cells)] for name, cells in comparison_rows(results)]
    figure = plots.score_figure(names, [r.score for r in results])
    return section(
        "Policies side by side", table(("scenario", *names), rows) + image(figure, "scores")
    )


def _sections(gate: Gate) -> list[str]:
    results = gate.results
    swept = [s for s in results.scenarios if s.vary and s.points]
    parts = [_header(results), section("Verdict", _verdict(results))]
    if swept:
        text = "Grey: required. Above the red line a point passes; a fall counts as -1."
        parts.append(section("Sweeps", image(plots.sweep_figure(swept), "sweeps") + note(text)))
    for scenario in swept:
        if scenario.vary == "push_m_s" and scenario.across == "push_direction_deg":
            figure = image(plots.push_figure(scenario), scenario.name)
            text = "Impulse over mass in m/s, by the direction it pushes to; the robot heads up."
            parts.append(
                section("Pushes", f'<div style="max-width:520px">{figure}</div>' + note(text))
            )
    for title, (log, i) in _shown(gate):
        parts.append(section(title, _traces(gate, log, i)))
    parts.append(section("Points", "".join(_points(s) for s in results.scenarios if s.points)))
    return parts


def _header(results: GateResults) -> str:
    verdict = "pass" if results.passed else "fail"
    return (
        f'<header><span class="badge {verdict}">{verdict.upper()}</span>'
        f"<h1>{escape(Path(results.policy).stem)} on {escape(results.robot)}</h1></header>"
    )


def _verdict(results: GateResults) -> str:
    rows = []
    for s in results.scenarios:
        margin = "" if s.margin is None else f"{s.margin:.0%}"
        share = "" if s.pass_share is None else f"{s.pass_share:.0%}"
        badge = f'<span class="badge {_KIND[s.status]}">{s.status}</span>'
        cells = [escape(s.name.replace("_", " ")), badge, margin, share]
        rows.append([*cells, f'<span style="white-space:normal">{escape(describe(s))}</span>'])
    head = ("scenario", "", "margin", "passing", "how far, or why not")
    return table(head, rows) + note(
        f"Suite {results.suite}: {results.runs} runs of {results.duration_s:g} s, seed "
        f"{results.seed}, MuJoCo {results.mujoco_version}, amp-sdk {results.amp_sdk_version}; "
        f"robustness score {results.score:.2f}. Skipped scenarios were not tested."
    )


def _shown(gate: Gate) -> list[tuple[str, tuple[GroupLog, int]]]:
    """A run of the first scenario, and the first required point that failed."""
    ran = [s for s in gate.results.scenarios if s.points]
    shown: list[tuple[str, tuple[GroupLog, int]]] = []
    failed = [(s, p) for s in ran for p in s.points if p.required and not p.passed]
    for scenario, point in [(ran[0], ran[0].points[0]), *failed[:1]]:
        found = find_run(gate.logs, scenario.name, point.value, point.across)
        title = f"{scenario.name} {_condition(point)}".strip()
        if found is not None and title not in [t for t, _ in shown]:
            shown.append((title, found))
    return shown


def _traces(gate: Gate, log: GroupLog, i: int) -> str:
    contract = gate.policy.contract
    episode = episode_log(log, i, contract)
    if len(episode.joint_pos) < 4:
        return note("The run ended at once.")
    feet = robots.load(contract.robot).foot_bodies
    figures = (
        ("velocity", plots.velocity_figure(log, i, contract)),
        ("joint angles", episode_plots.joint_figure(episode, contract, None)),
        ("torques", episode_plots.torque_figure(episode, contract)),
        ("foot contacts", episode_plots.contact_figure(episode, feet)),
        ("phase portraits", plots.phase_figure(episode, contract)),
    )
    end = (
        ""
        if episode.fall is None
        else f"Ended at {episode.fall.time_s:.2f} s: {episode.fall.reason}."
    )
    return note(end) + "".join(image(svg, title) + note(title) for title, svg in figures)


def _points(scenario: ScenarioResult) -> str:
    rows = []
    for p in scenario.points:
        kind = "pass" if p.passed else "fail"
        worst = ", ".join(f"{j.name} {j.value:.3g} of {j.limit:.3g}" for j in p.judged)
        rows.append(
            [
                escape(_condition(p)),
                f'<span class="badge {kind}">{kind}</span>',
                "required" if p.required else "",
                f"{p.falls} of {p.runs}",
                f'<span style="white-space:normal">{escape(worst)}</span>',
            ]
        )
    label = f"{scenario.name.replace('_', ' ')}: {scenario.about}"
    return details(label, table(("", "", "", "falls", "worst of the runs"), rows))


def _condition(point: Point) -> str:
    return " at ".join(f"{v:g}" for v in (point.value, point.across) if v is not None)
