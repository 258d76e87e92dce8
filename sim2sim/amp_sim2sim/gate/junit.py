"""The verdict as JUnit XML, which CI systems show and gate on."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from amp_sdk._files import atomic_write
from amp_sim2sim.gate.console import describe
from amp_sim2sim.gate.gate import GateResults
from amp_sim2sim.gate.verdict import ScenarioResult

# characters that XML 1.0 cannot hold
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_junit(path: Path, results: Sequence[GateResults]) -> None:
    """One test suite for each policy, one test case for each scenario. Raises InputError.

    There are no times in it, so that two runs give the same bytes.
    """
    root = ET.Element("testsuites")
    for result in results:
        states = [scenario.status for scenario in result.scenarios]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_clean(f"{Path(result.policy).stem} on {result.robot}, gate {result.suite}"),
            tests=str(len(states)),
            failures=str(states.count("fail")),
            skipped=str(states.count("skipped")),
            errors="0",
        )
        for scenario in result.scenarios:
            _case(suite, Path(result.policy).stem, scenario)
    ET.indent(root)
    with atomic_write(path, binary=False) as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write(ET.tostring(root, encoding="unicode") + "\n")


def _case(suite: ET.Element, policy: str, scenario: ScenarioResult) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=_clean(f"gate.{policy}"), name=_clean(scenario.name)
    )
    if scenario.status == "skipped":
        ET.SubElement(case, "skipped", message=_clean(scenario.reason))
    elif scenario.status == "fail":
        failure = ET.SubElement(case, "failure", message=_clean(scenario.reason), type="threshold")
        failed = [point for point in scenario.points if point.required and not point.passed]
        failure.text = _clean(
            "\n".join(
                f"{scenario.vary or scenario.name} {'' if p.value is None else f'{p.value:g}'} "
                f"{'' if p.across is None else f'{scenario.across} {p.across:g}'}: {p.why}"
                for p in failed
            )
        )
    else:
        ET.SubElement(case, "system-out").text = _clean(describe(scenario))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
