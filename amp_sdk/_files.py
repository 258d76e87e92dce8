"""Atomic file writes: the final name holds the old content or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, Iterator, Union

from amp_sdk.errors import InputError


@contextlib.contextmanager
def atomic_write(path: Union[str, Path], binary: bool = True) -> Iterator[IO]:
    """Open a temporary file beside ``path`` that replaces it when the block ends without error.

    The content is flushed to the disk before the rename, so a full disk or a power cut leaves the
    previous file. Raises InputError (disk full, permission, missing folder) with nothing left over.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror or error}; choose a writable folder"
        ) from error
    try:
        with os.fdopen(handle, "wb" if binary else "w", encoding=None if binary else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except OSError as error:
        _remove(name)
        raise InputError(
            f"cannot write {target}: {error.strerror or error}; the previous file, if any, is "
            "unchanged; free space or choose another folder"
        ) from error
    except BaseException:
        _remove(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _remove(name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name)
