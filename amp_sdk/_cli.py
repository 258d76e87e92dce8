"""What every command line shares: exit statuses, one-line errors, JSON results, lazy layers.

Exit status: 0 done (and passed), 1 the thing checked failed, 2 bad input or usage, 130 interrupted.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any, Callable, List, Mapping, Optional, Union

from amp_sdk._files import atomic_write
from amp_sdk.errors import AmpSdkError, CheckFailedError, InputError, MotionWarning, PolicyWarning


def guarded(command: Callable[[], int]) -> int:
    """Run ``command`` and turn its deliberate errors into one line and an exit status."""
    warnings.showwarning = _show_warning
    try:
        status = command()
        sys.stdout.flush()
        return status
    except CheckFailedError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except AmpSdkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader (head, less) has gone: nobody is left to tell, at interpreter exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _show_warning(message: Any, category: Any, *where: Any, **_: Any) -> None:
    """Our own warnings as one line; those of others as Python shows them."""
    if issubclass(category, (MotionWarning, PolicyWarning)):
        print(f"warning: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, *where[:2]), end="", file=sys.stderr)


def run_layer(module: str, extra: Optional[str], argv: Optional[List[str]] = None) -> int:
    """Import ``module`` of another layer and run its ``main(argv) -> int``.

    A missing third-party package, now or while it runs, is reported with its extra (None: the
    layer needs only what every installation has).
    """

    def command() -> int:
        _short_spins()
        try:
            return importlib.import_module(module).main(argv)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if not missing or (missing.startswith("amp_") and "." in missing):
                raise  # a mistake of ours, to be seen in full
            missing = missing.split(".")[0]
            raise InputError(_advice(missing, extra)) from error

    return guarded(command)


def _short_spins() -> None:
    """Have torch's idle OpenMP threads sleep after some microseconds, not milliseconds.

    GNU's OpenMP, which torch's wheels carry, lets them spin for so long that the physics step that
    follows a network has a core less: a fifth of a rollout's time on two cores. The library reads
    this when torch loads it; what the user has set stands.
    """
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & set(os.environ):
        os.environ["GOMP_SPINCOUNT"] = "1000"


_EXTRA_OF = {"viser": "view", "mjviser": "view"}
"""Packages that only one ability of a layer needs, in an extra of its own."""


def _advice(missing: str, extra: Optional[str]) -> str:
    if missing.startswith("amp_"):
        return (
            f"this installation has no {missing!r}, which this command runs; it is not whole, or "
            "an older one; install again, in the checkout: pip install '.'"
        )
    if missing == "isaacgym":
        return (
            "this command needs Isaac Gym, which is not on the package index; get Isaac Gym "
            "Preview 4 from NVIDIA (Python 3.8) or choose another --backend"
        )
    if missing == "mujoco" and sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        return f"this command needs MuJoCo 4, which needs Python 3.11 or newer, found {found}"
    extra = _EXTRA_OF.get(missing, extra)
    # not 'pip install amp-sdk[...]': the public index has another project of that name
    of, what = ("", "'.'") if extra is None else (f" (extra {extra!r})", f"'.[{extra}]'")
    return (
        f"this command needs the package {missing!r}{of}, which is not installed; run, in the "
        f"checkout: {Path(sys.executable).name} -m pip install {what}"
    )


def write_json(path: Optional[Union[str, Path]], result: Any) -> None:
    """Write ``result`` as JSON where ``path`` is given.

    Takes plain values, dataclasses, NumPy arrays and numbers, and paths; numbers keep full
    precision, and one that is not finite (a mean of nothing) becomes null.
    """
    if path is None:
        return
    text = json.dumps(_jsonable(result), indent=2, allow_nan=False)
    with atomic_write(path, binary=False) as file:
        file.write(text + "\n")


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    tolist = getattr(value, "tolist", None)  # NumPy's; the doctor must do without the package
    if callable(tolist):
        return _jsonable(tolist())
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
