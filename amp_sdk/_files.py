"""Atomic file writes: the final name holds the old content or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
from pathlib import Path
from typing import IO, Any, Iterator, Optional, Tuple, Union

from amp_sdk.errors import InputError


@contextlib.contextmanager
def atomic_write(path: Union[str, Path], binary: bool = True) -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` that replaces it when the block ends without error.

    The content is flushed to the disk before the rename, so a full disk or a power cut leaves the
    previous file as it was. Missing folders are made, a symbolic link stays one (its target is
    replaced), an existing file keeps its permissions, and a device or pipe such as ``/dev/stdout``
    is written to directly. Raises InputError where the file cannot be written, whatever exception
    the writing library made of that, and leaves nothing behind; any other error of the block
    passes unchanged.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; give the name of a file in it")
    direct = _is_stream(path)
    name = Path(path) if direct else target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    mode = _mode(target)
    raw: Optional[_Raw] = None
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            raw = _Raw(str(name), direct)
        except OSError as error:
            raise _refusal(path, error) from error
        with _wrapped(raw, binary) as file:
            yield file
            file.flush()
            if raw.failure is not None:
                raise raw.failure  # the writer ignored it
            if not direct:
                os.fsync(raw.fileno())
        if not direct:
            if mode is not None:
                os.chmod(name, mode)
            os.replace(name, target)
            _sync_folder(target.parent)
    except BaseException as error:
        if raw is not None and not direct:
            with contextlib.suppress(OSError):
                os.unlink(name)
        cause = raw.failure if raw is not None else None
        if cause is None and isinstance(error, OSError) and _is_ours(error, name, target):
            cause = error
        if cause is not None and isinstance(error, Exception):
            raise _refusal(path, cause) from error
        raise


class _Raw(io.FileIO):
    """A new file that remembers why a write to it failed.

    torch, zipfile and others replace the OSError of a full disk by an error of their own.
    """

    def __init__(self, name: str, direct: bool) -> None:
        self.failure: Optional[OSError] = None
        # exclusive creation through open() applies the umask, which mkstemp does not
        super().__init__(name, "a" if direct else "x")

    def write(self, data: Any) -> Any:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            raise


@contextlib.contextmanager
def _wrapped(raw: _Raw, binary: bool) -> Iterator[IO[Any]]:
    buffered = io.BufferedWriter(raw)
    file: Any = buffered if binary else io.TextIOWrapper(buffered, encoding="utf-8")
    try:
        yield file
        file.close()
    except BaseException:
        # the block's error stands; closing flushes again, and would fail again on a full disk
        with contextlib.suppress(OSError, ValueError):
            file.close()
        raw.close()
        raise


def _is_stream(path: Union[str, Path]) -> bool:
    """Whether ``path`` names a device, a pipe or an open file of this process: no rename there."""
    named = os.path.abspath(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return os.path.exists(path) and (named or not os.path.isfile(path))


def _mode(target: Path) -> Optional[int]:
    try:
        return target.stat().st_mode & 0o7777
    except OSError:
        return None


def _is_ours(error: OSError, name: Path, target: Path) -> bool:
    """Whether the error is about this file, and not about another one that the block opened."""
    files: Tuple[Optional[str], ...] = (None, str(name), str(target))
    return error.errno is not None and error.filename in files


def _refusal(path: Union[str, Path], error: OSError) -> InputError:
    advice = "choose a folder that exists and that you may write to"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = "free some space or choose another disk"
    return InputError(
        f"cannot write {path}: {error.strerror or error}; {advice} (a previous file of that name "
        "is unchanged)"
    )


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
