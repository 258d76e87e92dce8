"""Atomic writes: old content or new, never a part, and one clear error."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from amp_sdk._files import atomic_write
from amp_sdk.errors import InputError


def test_new_content_replaces_the_old(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "x.bin"
    for content in (b"one", b"two"):
        with atomic_write(file) as out:
            out.write(content)
        assert file.read_bytes() == content
    with atomic_write(file, binary=False) as out:
        out.write("drei \N{SNOWMAN}")
    assert file.read_text(encoding="utf-8") == "drei \N{SNOWMAN}"
    assert os.listdir(file.parent) == ["x.bin"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), FileNotFoundError("z")])
def test_an_error_of_the_block_passes_and_keeps_the_old(tmp_path: Path, error) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"old")
    with pytest.raises(type(error)) as caught, atomic_write(file) as out:
        out.write(b"new")
        raise error
    assert caught.value is error
    assert file.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


def test_another_file_missing_in_the_block_is_not_reported_as_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "x"):
        open(tmp_path / "missing")
    assert os.listdir(tmp_path) == []


FULL_DISK = """
import resource, signal, sys
from amp_sdk._files import atomic_write
from amp_sdk.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    with atomic_write(sys.argv[1]) as file:
        {write}
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "write",
    [
        "file.write(bytes(20_000))",
        "[file.write(bytes(1000)) for _ in range(20)]",
        "import numpy; numpy.savez(file, a=numpy.zeros(5000))",
        "import torch; torch.save({'a': torch.zeros(5000)}, file)",
        # a library that hides the cause, and one that hides the error altogether
        "try:\n            file.write(bytes(20_000))\n        except OSError:\n"
        "            raise RuntimeError('failed') from None",
        "try:\n            file.write(bytes(20_000))\n        except OSError:\n            pass",
    ],
    ids=["at once", "in parts", "numpy", "torch", "other error", "no error"],
)
def test_a_full_disk_keeps_the_old_file(tmp_path: Path, write: str) -> None:
    if "torch" in write:
        pytest.importorskip("torch", reason="torch is not installed")
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(write=write), str(file)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"cannot write {file}: File too large; free some space")
    assert done.stderr == "" and done.stdout.count("\n") == 1
    assert file.read_bytes() == b"old" and os.listdir(tmp_path) == ["checkpoint.pt"]


def test_impossible_places_are_input_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path, message in [
        (tmp_path, "it is a folder"),
        (tmp_path / "file" / "below", "Not a directory|File exists"),
        (Path("/proc/nowhere/x"), "No such file"),
    ]:
        with pytest.raises(InputError, match=message), atomic_write(path):
            pass
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
def test_devices_and_pipes_are_written_to_and_not_replaced(tmp_path: Path) -> None:
    with atomic_write("/dev/null") as out:
        out.write(b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(InputError, match="No space left"), atomic_write("/dev/full") as out:
        out.write(b"x")
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    with atomic_write(fifo) as out:
        out.write(b"through")
    reader.join()
    assert read == [b"through"] and stat.S_ISFIFO(os.stat(fifo).st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
@pytest.mark.parametrize("to_pipe", [True, False])
def test_standard_output_by_name(tmp_path: Path, to_pipe: bool) -> None:
    code = (
        "from amp_sdk._files import atomic_write\n"
        "with atomic_write('/dev/stdout', binary=False) as file: file.write('hello')"
    )
    log = tmp_path / "log"
    with open(log, "wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE if to_pipe else file, check=True
        )
    assert (done.stdout if to_pipe else log.read_bytes()) == b"hello"


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    with atomic_write(link) as out:
        out.write(b"new")
    assert link.is_symlink() and file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    old = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "fresh") as out:
            out.write(b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640
