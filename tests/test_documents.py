"""What the documents tell a reader to run or to open is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_targets_and_links_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m (amp_\w+(?:\.\w+)*)", text)):
        assert importlib.util.find_spec(module) is not None, f"{name}: python -m {module}"
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in set(re.findall(r"(?:^ +|`|&& )make (\w+)", text, re.M)):
        assert target in targets, f"{name}: make {target}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{name}: {link}"


def test_the_help_of_make_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.M)[0].split())
    assert phony - {"help"} == set(re.findall(r'@echo "make (\w+) ', text))


def test_the_continuous_integration_runs_the_readmes_test_command() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert "make test" in lines and "    make test" in (ROOT / "README.md").read_text()[:2000]
