"""The processes of a rehearsal: what they print, their children, and the operator's messages."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PATIENCE_S = 300.0
PORT = 47311
MODULE = (sys.executable, "-u", "-m")


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
