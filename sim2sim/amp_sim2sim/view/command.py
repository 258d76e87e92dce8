"""``python -m amp_sdk.sim2sim POLICY --view``: opens a window, or a page where none can be opened,
and simulates until asked to end."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Protocol

from amp_sdk.errors import InputError
from amp_sdk.policy import load_policy
from amp_sim2sim.pace import Pace
from amp_sim2sim.verify import without_warnings
from amp_sim2sim.view.session import ViewSession

HOST, PORT = "127.0.0.1", 8080


class View(Protocol):
    """What shows a session."""

    def is_open(self) -> bool:
        """Whether the person still looks."""
        ...

    def show(self) -> None:
        """Called after every control period."""
        ...

    def close(self) -> None:
        """Called at the end."""
        ...


def run(args: argparse.Namespace) -> int:
    """0 after the window was closed, Ctrl-C or SIGTERM. Raises InputError."""
    if args.seed < 0:
        raise InputError(f"--seed {args.seed}: expected 0 or more")
    if args.port is not None:
        _check_port(args.port)
    session = ViewSession(load_policy(args.policy, complete=args.complete), args.seed)
    title = f"{Path(args.policy).stem} on {session.contract.robot}"
    view: View | None = None
    pace = Pace(session.period_s)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with without_warnings():
            view = _open(session, title, args.port)  # which takes its time
            pace = Pace(session.period_s)
            watch(session, view, pace)
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        if view is not None:
            view.close()
        signal.signal(signal.SIGTERM, before)
    print(f"ended after {session.time_s:.1f} s; {pace.behind_s:.1f} s slower than real time")
    return 0


def watch(session: ViewSession, view: View, pace: Pace) -> None:
    """Simulate and show, in real time, while the view is open."""
    while view.is_open():
        session.advance()
        view.show()
        pace.wait()


def has_window(system: str, environ: dict[str, str]) -> bool:
    """Whether MuJoCo's own viewer may open a window here (on macOS only in a Python of its own)."""
    if system == "linux":
        return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    return system == "win32"


def display_answers() -> bool:
    """Whether GLFW reaches the display. Asked in the main thread: where it is gone, the viewer's
    own thread would end and leave the main one waiting for it."""
    try:
        import glfw
    except ImportError:  # its library cannot be loaded
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(glfw.init())


def _check_port(port: int) -> None:
    """Raise InputError unless the page can be served there."""
    if not 1 <= port <= 65535:
        raise InputError(f"--port {port}: expected 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(f"--port {port}: {error.strerror}; choose another") from error


def _open(session: ViewSession, title: str, port: int | None) -> View:
    if port is None and has_window(sys.platform, dict(os.environ)) and display_answers():
        from amp_sim2sim.view.window import KEYS, WindowView

        print(KEYS, flush=True)
        return WindowView(session)
    from amp_sim2sim.view.web import WebView

    view = WebView(session, title, HOST, PORT if port is None else port)
    number = view.url.rsplit(":", 1)[1]
    print(f"open {view.url} (Ctrl-C ends)", flush=True)
    print(f"from another machine: ssh -L {number}:localhost:{number} {platform.node()}")
    return view


def _end(*_: object) -> None:
    raise SystemExit(0)
