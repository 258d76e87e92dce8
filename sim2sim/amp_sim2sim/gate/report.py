"""The gate's report: one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from amp_sdk import robots
from amp_sdk._files import atomic_write
from amp_sim2sim import plots as episode_plots
from amp_sim2sim.gate import plots
from amp_sim2sim.gate.cases import Case, cases, condition
from amp_sim2sim.gate.console import comparison_rows, describe
from amp_sim2sim.gate.gate import Gate, GateResults
from amp_sim2sim.gate.traces import episode_log
from amp_sim2sim.gate.verdict import ScenarioResult
from amp_sim2sim.page import details, document, film, image, note, section, table

Films = Sequence[Mapping[str, Path | str]]
_TITLES = {"nominal": "Nominal case", "worst": "Worst case"}
_KIND = {"pass": "pass", "fail": "fail", "skipped": "info"}


def write_report(folder: Path, gates: Sequence[Gate], films: Films | None = None) -> Path:
    """Write ``report.html`` into ``folder``, whole or not at all; returns it.

    ``films`` has each gate's films by the name of their case: the file, or why there is none.
    Raises InputError.
    """
    passed = all(gate.results.passed for gate in gates)
    names = ", ".join(Path(gate.results.policy).stem for gate in gates)
    body: list[str] = []
    if len(gates) > 1:
        body.append(_comparison([gate.results for gate in gates]))
    for gate, shown in zip(gates, films or [{}] * len(gates), strict=True):
        parts = {name: _film(folder, found) for name, found in shown.items()}
        body.extend(_sections(gate, parts))
    path = folder / "report.html"
    with atomic_write(path, binary=False) as file:
        file.write(document(f"{'PASS' if passed else 'FAIL'}: gate of {names}", body))
    return path


def _film(folder: Path, found: Path | str) -> str:
    return film(folder, found, "") if isinstance(found, Path) else note(f"No video: {found}")


def _comparison(results: Sequence[GateResults]) -> str:
    names = [Path(r.policy).stem for r in results]
    rows = [[escape(name), *map(escape, cells)] for name, cells in comparison_rows(results)]
    figure = plots.score_figure(names, [r.score for r in results])
    return section(
        "Policies side by side", table(("scenario", *names), rows) + image(figure, "scores")
    )


def _sections(gate: Gate, films: Mapping[str, str]) -> list[str]:
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
    for case in cases(gate):
        title = f"{_TITLES[case.name]}: {case.condition}"
        parts.append(section(title, films.get(case.name, "") + _traces(gate, case)))
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


def _traces(gate: Gate, case: Case) -> str:
    contract, log, i = gate.policy.contract, case.log, case.i
    episode = episode_log(log, i, contract)
    if len(episode.joint_pos) < 4:
        return note("The run ended at once.")
    feet = robots.load(contract.robot).foot_bodies
    figures = (
        ("Commanded and actual velocity", plots.velocity_figure(log, i, contract)),
        (
            "Joint angles and near limits",
            episode_plots.joint_figure(episode, contract, None),
        ),
        ("Torques and their limits", episode_plots.torque_figure(episode, contract)),
        ("Foot contacts", episode_plots.contact_figure(episode, feet)),
        ("Phase portraits", plots.phase_figure(episode, contract)),
    )
    end = (
        ""
        if episode.fall is None
        else f"Ended at {episode.fall.time_s:.2f} s: {episode.fall.reason}."
    )
    return note(end) + "".join(f"<h3>{title}</h3>{image(svg, title)}" for title, svg in figures)


def _points(scenario: ScenarioResult) -> str:
    rows = []
    for p in scenario.points:
        kind = "pass" if p.passed else "fail"
        worst = ", ".join(f"{j.name} {j.value:.3g} of {j.limit:.3g}" for j in p.judged)
        rows.append(
            [
                escape(condition(scenario, p)),
                f'<span class="badge {kind}">{kind}</span>',
                "required" if p.required else "",
                f"{p.falls} of {p.runs}",
                f'<span style="white-space:normal">{escape(worst)}</span>',
            ]
        )
    label = f"{scenario.name.replace('_', ' ')}: {scenario.about}"
    return details(label, table(("", "", "", "falls", "worst of the runs"), rows))
