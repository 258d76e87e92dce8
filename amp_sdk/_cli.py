"""What every command line shares: exit statuses, one-line errors, JSON results, lazy layers.

Exit status: 0 done (and passed), 1 the thing checked failed, 2 bad input or usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any, Callable, Optional, Union

from amp_sdk._files import atomic_write
from amp_sdk.errors import CheckFailedError, InputError

_PROVIDES = {"torch": "train", "mujoco": "sim", "rich": "train", "tensorboard": "train", "onnx": "train"}


def guarded(command: Callable[[], int]) -> int:
    """Run ``command`` and turn its deliberate errors into one line and an exit status."""
    try:
        return command()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except CheckFailedError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def run_layer(module: str, extra: str, argv: Optional[list] = None) -> int:
    """Import ``module`` of another layer and run its ``main(argv) -> int``.

    A missing third-party package is reported with the extra that installs it.
    """

    def command() -> int:
        try:
            layer = importlib.import_module(module)
        except ModuleNotFoundError as error:
            missing = (error.name or "").split(".")[0]
            wanted = _PROVIDES.get(missing, extra)
            raise InputError(
                f"this command needs the package {missing!r}, which is not installed; "
                f"run: pip install 'amp-sdk[{wanted}]'"
            ) from error
        return layer.main(argv)

    return guarded(command)


def write_json(path: Optional[Union[str, Path]], result: Any) -> None:
    """Write ``result`` as JSON (numbers in full precision, no NaN) where ``path`` is given."""
    if path is None:
        return
    with atomic_write(path, binary=False) as file:
        json.dump(result, file, indent=2, allow_nan=False)
        file.write("\n")
