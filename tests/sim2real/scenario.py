"""A robot and its operator in a network of their own: simulate and deploy as processes, real DDS.

Run inside a network namespace: ``scenario.py JSON``, whose keys are the fields of ``Scenario``;
prints one line of JSON, a ``Result``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from processes import MODULE, PATIENCE_S, PORT, Lines, Operator, child, start

ASK_S = 30.0


@dataclass
class Scenario:
    """The simulation ends ``held_s`` of simulated time after the robot was first held up. Simulated
    time waits for loop and policy, unless ``real_time``."""

    robot: str
    policy: str
    held_s: float
    config: dict = field(default_factory=dict)
    simulate: list = field(default_factory=list)
    velocity: list = field(default_factory=lambda: [0.0, 0.0, 0.0])
    action: str = ""
    after_s: float = 0.0  # real time in the policy before the action
    real_time: bool = False
    dry_run: bool = False
    deploy: list = field(default_factory=list)  # more options of deploy
    peer: list = field(default_factory=list)  # a robot of somebody else's, instead of simulate


@dataclass
class Result:
    """What both sides reported, and what deploy printed."""

    deploy_status: int | None = None
    simulate_status: int | None = None
    deploy: dict = field(default_factory=dict)
    simulate: dict = field(default_factory=dict)
    lines: list = field(default_factory=list)
    error: str = ""


def act(
    action: str,
    deploy: subprocess.Popen[str],
    simulate: subprocess.Popen[str],
    operator: Operator,
) -> None:
    """Do what the scenario is about."""
    if action == "estop":
        operator.wish["estop"] = True
    elif action == "kill_policy":
        os.kill(child(deploy.pid, "policy_process"), signal.SIGKILL)
    elif action == "hang_policy":
        os.kill(child(deploy.pid, "policy_process"), signal.SIGSTOP)
    elif action == "kill_loop":
        os.kill(child(deploy.pid, "_loop_dds"), signal.SIGKILL)
    elif action == "kill_deploy":
        deploy.kill()
    elif action == "end_deploy":  # first, or it would notice that the robot is gone
        deploy.terminate()
        deploy.wait(PATIENCE_S)
        simulate.terminate()
    elif action == "end_simulation":
        simulate.terminate()
    elif action == "cable":
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)


def run(s: Scenario, folder: Path) -> Result:
    result = Result()
    config = folder / "config.yaml"
    config.write_text(json.dumps(s.config))
    reports = {name: folder / f"{name}.json" for name in ("simulate", "deploy")}
    common = ["--robot", s.robot, "--net", "lo", "--domain", "1"]
    board = f"/amp-rehearsal-{os.getpid()}"
    rate = [] if s.real_time else ["--lockstep", board]
    robot = s.peer or [*MODULE, "amp_sdk.simulate", *common, *rate, *s.simulate]
    simulate = start(*robot, "--held", str(s.held_s), "--json", str(reports["simulate"]))
    simulated = Lines(simulate)
    deploy = start(
        *MODULE, "amp_sdk.deploy", s.policy, *common, "--config", str(config),
        "--port", str(PORT), "--board", board, "--json", str(reports["deploy"]),
        *s.deploy,
        *(["--dry-run"] if s.dry_run else []),
    )  # fmt: skip
    lines = Lines(deploy)
    try:
        drive(s, lines, deploy, simulate)
        result.simulate_status = simulate.wait(PATIENCE_S)
        if deploy.poll() is None and s.action != "kill_deploy":
            deploy.terminate()
        result.deploy_status = deploy.wait(PATIENCE_S)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        result.error = str(error)
    finally:
        for process in (simulate, deploy):
            process.kill()
    result.lines = lines.seen + simulated.seen
    for name, file in reports.items():
        setattr(result, name, json.loads(file.read_text()) if file.exists() else {})
    return result


def drive(
    s: Scenario, lines: Lines, deploy: subprocess.Popen[str], simulate: subprocess.Popen[str]
) -> None:
    """Stand, policy, then the action."""
    if not lines.wait_for("the motors are idle"):
        simulate.terminate()
        raise RuntimeError("deploy did not get ready")
    operator = Operator(s.velocity)
    if not ask(operator, lines):
        simulate.terminate()
        raise RuntimeError("never in mode policy")
    time.sleep(s.after_s)
    act(s.action, deploy, simulate, operator)
    if s.action:
        operator.wish.pop("mode", None)
    simulate.wait(PATIENCE_S)
    operator.close()


def ask(operator: Operator, lines: Lines) -> bool:
    """Ask to damp, then to stand up and walk; again where the switch was lost in between, as any
    operator would."""
    for _ in range(round(PATIENCE_S / ASK_S)):
        operator.wish["mode"] = "damp"
        time.sleep(0.4)
        operator.wish["mode"] = "policy"
        if lines.wait_for("robot: policy", patience_s=ASK_S):
            time.sleep(0.2)
            return True
    return False


def main() -> None:
    scenario = Scenario(**json.loads(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        result = run(scenario, Path(folder))
    print(json.dumps(dataclasses.asdict(result)))


if __name__ == "__main__":
    main()
