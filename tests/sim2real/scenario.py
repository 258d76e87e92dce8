"""A robot and its operator in a network of their own: simulate and deploy as processes, real DDS.

Run inside a network namespace: ``scenario.py JSON``, whose keys are the fields of ``Scenario``;
prints one line of JSON, a ``Result``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 300.0
ASK_S = 30.0
PORT = 47311
MODULE = (sys.executable, "-u", "-m")


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


class Operator:
    """Sends JSON messages to deploy's socket until it is closed."""

    def __init__(self, velocity: list) -> None:
        self.wish: dict[str, Any] = {"deadman": True, "velocity": velocity}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        seq = 0
        while self._open:
            seq += 1
            self._socket.sendto(json.dumps({"seq": seq, **self.wish}).encode(), ("127.0.0.1", PORT))
            time.sleep(0.02)

    def close(self) -> None:
        self._open = False
        self._thread.join()


class Lines:
    """What a process prints, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.seen: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.seen.append(line.rstrip())
            self._queue.put(line)
        self._queue.put("")

    def wait_for(self, *texts: str, patience_s: float = PATIENCE_S) -> bool:
        """Until a line has one of ``texts``; False at the end or after a long time."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            try:
                line = self._queue.get(timeout=1.0)
            except queue.Empty:
                continue
            if not line:
                return False
            if any(text in line for text in texts):
                return True
        return False


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def child(of: int, name: str) -> int:
    """The process number of the child of ``of`` whose command holds ``name``."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == of and name in command:
            return int(entry.name)
    raise RuntimeError(f"no child {name}")


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
