"""Suites: scenarios and thresholds, from YAML; an unknown key is an error."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from amp_sdk.config import from_mapping, load_yaml
from amp_sdk.errors import InputError, closest
from amp_sim2sim.gate.conditions import NUMBERS, Conditions

_FOLDER = Path(__file__).resolve().parent / "suites"
MAX_RUNS = 20_000


@dataclass(frozen=True)
class Thresholds:
    """What a run must keep to; None is not judged. The measures are ``measure.Measures``.

    ``max_fall_share`` is of the runs of one point of a scenario, a run that the robot's own control
    loop damped being a fall; everything else is of every run that did not fall.
    """

    max_fall_share: float | None = None
    max_speed_error: float | None = None
    max_yaw_rate_error_rad_s: float | None = None
    max_limit_violation_share: float | None = None
    max_saturation_share: float | None = None
    max_target_roughness_rad: float | None = None
    max_cost_of_transport: float | None = None
    max_foot_slip_m_s: float | None = None
    max_joint_error_rad: float | None = None

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if value is not None and value < 0.0:
                raise InputError(f"{f.name} is {value}; expected 0 or more")

    def overridden(self, other: Thresholds) -> Thresholds:
        """These, with the ones that ``other`` gives in their place."""
        given = {f.name: getattr(other, f.name) for f in dataclasses.fields(other)}
        return dataclasses.replace(self, **{k: v for k, v in given.items() if v is not None})


@dataclass(frozen=True)
class Scenario:
    """Runs that differ in one condition, ``vary``, at each of ``values`` (a single point without).

    Only the points within ``required`` decide about pass and fail; the others tell the margin.
    ``neutral`` is the undisturbed value, from which the first failing one is sought upwards and
    downwards. Every value is run for each value of a second condition, ``across``, where named.
    ``thresholds`` replace the suite's one by one.
    """

    about: str
    vary: str = ""
    values: tuple[float, ...] = ()
    required: tuple[float, float] | None = None
    neutral: float = 0.0
    across: str = ""
    across_values: tuple[float, ...] = ()
    repeats: int = 2
    conditions: Conditions = field(default_factory=Conditions)
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        if not 1 <= self.repeats <= 1000:
            raise InputError(f"repeats is {self.repeats}; expected 1 to 1000")
        for name, values in (("vary", "values"), ("across", "across_values")):
            condition, numbers = getattr(self, name), getattr(self, values)
            if condition and condition not in NUMBERS:
                raise InputError(
                    f"{name}: unknown condition {condition!r}; {closest(condition, NUMBERS)}"
                )
            if bool(condition) != bool(numbers) or len(set(numbers)) != len(numbers):
                raise InputError(f"{name} and {values}: expected a condition and different values")
        if self.across and not self.vary:
            raise InputError("across: expected a condition to vary as well")
        self._check_required()
        self.grid()

    def _check_required(self) -> None:
        if self.required is None:
            return
        low, high = self.required
        if not any(low <= value <= high for value in self.values):
            raise InputError(f"required is {[low, high]}; expected a range with some of values")

    def grid(self) -> list[tuple[float | None, float | None, Conditions]]:
        """Every point: its value, its value across and its conditions. Raises InputError."""
        points = []
        for across in self.across_values or (None,):
            for value in self.values or (None,):
                changes = {self.vary: value} if self.vary else {}
                if self.across:
                    changes[self.across] = across
                points.append((value, across, dataclasses.replace(self.conditions, **changes)))
        return points

    def requires(self, value: float | None) -> bool:
        """Whether a point at ``value`` decides about pass and fail."""
        if self.required is None or value is None:
            return True
        return self.required[0] <= value <= self.required[1]


@dataclass(frozen=True)
class Suite:
    """A suite; runs last ``duration_s``. ``robots`` are those it is made for."""

    robots: tuple[str, ...]
    scenarios: dict[str, Scenario]
    thresholds: Thresholds
    duration_s: float = 10.0

    def __post_init__(self) -> None:
        if not 3.0 <= self.duration_s <= 600.0:
            raise InputError(f"duration_s is {self.duration_s}; expected seconds from 3 to 600")
        if not self.scenarios:
            raise InputError("scenarios is empty; expected at least one")
        runs = sum(len(s.grid()) * s.repeats for s in self.scenarios.values())
        if runs > MAX_RUNS:
            raise InputError(f"the scenarios make {runs} runs; expected at most {MAX_RUNS}")


def suite_names() -> tuple[str, ...]:
    """Names of the suites that ship."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.yaml")))


def load_suite(name: str, robot: str) -> Suite:
    """A suite from a file, by its shipped name, or for ``default`` the one made for ``robot``.

    Raises InputError where there is none, or where it is made for other robots.
    """
    path = Path(name)
    if name == "default":
        path = _default(robot)
    elif path.suffix not in (".yaml", ".yml"):
        if name not in suite_names():
            known = closest(name, ("default", *suite_names()))
            raise InputError(
                f"no suite is called {name!r} (expected a .yaml file or a name); {known}"
            )
        path = _FOLDER / f"{name}.yaml"
    suite = from_mapping(Suite, load_yaml(path), str(path))
    if robot not in suite.robots:
        raise InputError(
            f"{path}: this suite is made for {', '.join(suite.robots)}, and the policy is for "
            f"{robot!r}; name a suite for that robot"
        )
    return suite


def _default(robot: str) -> Path:
    for name in suite_names():
        path = _FOLDER / f"{name}.yaml"
        if robot in from_mapping(Suite, load_yaml(path), str(path)).robots:
            return path
    raise InputError(
        f"no suite ships for robot {robot!r}; name a suite file of your own: --gate FILE"
    )
