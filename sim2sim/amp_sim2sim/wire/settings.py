"""What a simulated robot on the wire is told, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from amp_sdk.errors import InputError
from amp_sim2sim.wire.events import Event
from amp_sim2sim.wire.line import LineSettings


@dataclass(frozen=True)
class SimulateSettings:
    """``state_hz`` of states; ``timeout_s`` after which a command counts no more and the robot goes
    limp; ``gantry_s``: how long a band holds it after it was first held up (0: none),
    ``lift_m`` above its stance;
    ``mode_machine`` that a G1 shows (0: that of its variant); ``lockstep``: while commands come, a
    state period passes for each of them; ``board``: and while the policies of the loop on that
    board owe it no answer."""

    state_hz: float = 500.0
    physics_hz: float = 1000.0
    timeout_s: float = 0.05
    gantry_s: float = 0.0
    lift_m: float = 0.0
    mode_machine: int = 0
    lockstep: bool = False
    board: str = ""
    seed: int = 0
    line: LineSettings = field(default_factory=LineSettings)
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if not 1.0 <= self.state_hz <= self.physics_hz <= 10000.0:
            raise InputError(
                f"state_hz is {self.state_hz!r}, physics_hz {self.physics_hz!r}; expected rates "
                "from 1 to 10000 Hz, states not more often than physics steps"
            )
        if not 0.001 <= self.timeout_s <= 10.0:
            raise InputError(f"timeout_s is {self.timeout_s!r}; expected 0.001 to 10 seconds")
        if not 0.0 <= self.lift_m <= 2.0:
            raise InputError(f"lift_m is {self.lift_m!r}; expected 0 to 2 m")
        if not 0 <= self.mode_machine <= 255:
            raise InputError(f"mode_machine is {self.mode_machine!r}; expected 0 to 255")


@dataclass
class Report:
    """What happened, for a person and for tests. Times are simulated ones, but ``behind_s``, real
    time that was left out, and ``latest_s``, the most that a step was late by; ``fell``: the trunk
    touched the floor, or the robot was tilted by more than 1 rad, while its motors held it after it
    had stood; ``longest_command_s``: the oldest command that a motor acted on, in real time;
    ``end`` is "held", "damped" or "limp"."""

    simulated_s: float = 0.0
    behind_s: float = 0.0
    latest_s: float = 0.0
    states: int = 0
    states_lost: int = 0
    stood: bool = False
    fell: bool = False
    held_s: float = 0.0
    timeouts: int = 0
    longest_command_s: float = 0.0
    highest_base_m: float = 0.0
    end: str = "limp"
    commands: dict[str, int] = field(default_factory=dict)
