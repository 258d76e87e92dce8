"""``python -m amp_sdk.replay FILE``: what happened in a run, and does its policy answer alike."""

from __future__ import annotations

import argparse
import hashlib
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from amp_sdk._cli import guarded, run_layer, write_json
from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy, resolve
from amp_sdk.runtime import timing
from amp_sdk.runtime.flight_header import RecordedPolicy
from amp_sdk.runtime.flight_log import DamagedRecordWarning, FlightLog
from amp_sdk.runtime.replay import Comparison, compare
from amp_sdk.runtime.summary import RunSummary, summarize
from amp_sdk.runtime.summary import timing as timing_of
from amp_sdk.runtime.timing_picture import write_svg


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Print summary and comparison; 0 where every action is the same bits, 1 where one differs."""
    args = _parser().parse_args(argv)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DamagedRecordWarning)
        log = FlightLog(args.file)
    notes = [str(w.message) for w in caught if issubclass(w.category, DamagedRecordWarning)]
    for note in notes:
        print(f"warning: {note}", file=sys.stderr)
    slots = sorted(log.policies)
    files = {slot: _file(log, slot, _given("policy", args.policy, slots), notes) for slot in slots}
    completions = _given("complete", args.complete, slots)
    policies = {s: load_policy(file, complete=completions.get(s)) for s, file in files.items()}
    comparisons = [compare(log, slot, policy) for slot, policy in policies.items()]
    summary, distributions = summarize(log), timing_of(log)
    _print(summary, comparisons, distributions)
    write_json(args.json, _result(summary, comparisons, distributions, notes))
    if args.timing is not None:
        write_svg(args.timing, distributions, f"{summary.robot}, {summary.created_utc}")
        print(f"timing: {args.timing}")
    if args.plots is not None:
        status = run_layer(
            "amp_sim2sim.flight_plots", "sim", [str(args.file), "--out", str(args.plots)]
        )
        if status:
            return status
    return 1 if any(c.different_actions for c in comparisons) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.replay",
        description="Read a flight record: modes, faults, timing; run its policy again on the "
        "recorded observations, and build these again from the recorded measurements. Exit "
        "status: 0 all actions are the same bits, 1 one differs, 2 bad input.",
    )
    add = parser.add_argument
    add("file", metavar="FILE", type=Path, help="flight record of a run")
    add(
        "--policy",
        metavar="[SLOT=]P",
        action="append",
        default=[],
        help="policy file or name, instead of the file that the record names; with SLOT= where "
        "several policies ran",
    )
    add(
        "--complete",
        metavar="[SLOT=]FILE",
        action="append",
        default=[],
        help="what the file of another project's policy does not say (see amp_sdk.inspect)",
    )
    add("--json", type=Path, metavar="FILE", help="write the results as JSON")
    add("--timing", type=Path, metavar="FILE.svg", help="write the timing histograms as a picture")
    add("--plots", type=Path, metavar="DIR", help="write plots of the run (extra 'sim')")
    return parser


def _given(name: str, options: Sequence[str], slots: Sequence[int]) -> Dict[int, str]:
    """The files of the option ``--name`` by slot; without a slot: that of the only one."""
    given: Dict[int, str] = {}
    for option in options:
        slot, sep, path = option.partition("=")
        number = int(slot) if sep and slot.isdecimal() else None
        if number is None and len(slots) > 1:
            raise InputError(
                f"--{name} {option}: policies ran in slots {', '.join(map(str, slots))}; say for "
                f"which one: --{name} {slots[0]}={option}"
            )
        if number is not None and number not in slots:
            raise InputError(f"--{name} {option}: no policy ran in slot {number}")
        given.update({number: path} if number is not None else {slot: option for slot in slots})
    return given


def _file(log: FlightLog, slot: int, given: Dict[int, str], notes: List[str]) -> Path:
    """The file of the policy to run again. Raises InputError where it is not the one that ran."""
    recorded = next((p for p in log.header.policies if p.slot == slot and p.sha256), None)
    if recorded is None and slot not in given:
        raise InputError(f"{log.path} does not name the policy of slot {slot}; give --policy")
    file = resolve(given[slot] if slot in given or recorded is None else recorded.path)
    changed = "" if recorded is None else _difference(recorded, file)
    if changed and slot not in given:
        raise InputError(f"{changed}; give the policy that ran with --policy")
    if changed:
        notes.append(changed)
        print(f"warning: {changed}", file=sys.stderr)
    return file


def _difference(recorded: RecordedPolicy, file: Path) -> str:
    """One line where ``file`` is not what ran, or ""."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return f"the policy that ran, {file}, cannot be read ({error.strerror or error})"
    if found == recorded.sha256:
        return ""
    return f"{file} is another policy than the one that ran (SHA-256 {recorded.sha256[:12]}...)"


def _print(
    summary: RunSummary,
    comparisons: Sequence[Comparison],
    distributions: Sequence[timing.Distribution],
) -> None:
    print(f"{summary.robot}, {summary.created_utc}: {summary.duration_s:.2f} s")
    end = "" if summary.complete else ", ends without an end (the loop was killed, or ran on)"
    print(f"{summary.ticks} ticks, {summary.lost_cells} records lost{end}")
    for span in summary.modes:
        print(f"  {span.start_s:9.3f} to {span.end_s:9.3f} s  {span.mode}")
    for fault in summary.faults:
        print(f"  {fault.time_s:9.3f} s  tick {fault.tick}: FAULT {', '.join(fault.faults)}")
    print()
    print(timing.report_text(distributions))
    print()
    for comparison in comparisons:
        print(_comparison_text(comparison))
    if not comparisons:
        print("no policy ran")


def _comparison_text(c: Comparison) -> str:
    lines = [f"slot {c.slot}, {c.policy}: {c.answers} answers"]
    if c.first_action is None:
        lines.append("  actions: all the same bits")
    else:
        lines.append(f"  actions: {c.different_actions} DIFFER, first {c.first_action}")
    rebuilt = c.answers - c.not_rebuilt
    if c.first_observation is None:
        lines.append(f"  observations from the measurements: {rebuilt} the same bits")
    else:
        lines.append(
            f"  observations from the measurements: {c.different_observations} of {rebuilt} "
            f"differ, first {c.first_observation}"
        )
    if c.not_rebuilt:
        lines.append(f"  {c.not_rebuilt} could not be built: their history is not in the record")
    return "\n".join(lines)


def _result(
    summary: RunSummary,
    comparisons: Sequence[Comparison],
    distributions: Sequence[timing.Distribution],
    notes: Sequence[str],
) -> Dict[str, Any]:
    return {
        "passed": not any(c.different_actions for c in comparisons),
        "summary": summary,
        "policies": list(comparisons),
        "timing": timing.report_mapping(distributions),
        "warnings": list(notes),
    }


if __name__ == "__main__":
    sys.exit(guarded(main))
