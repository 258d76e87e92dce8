"""A robot and who commands it, two processes in a network of their own.

Run inside a network namespace: ``pair.py JSON`` with ``robot`` and ``commander``, command lines to
which ``--json FILE`` is added; prints one line of JSON with what both reported.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PATIENCE_S = 300.0


def main() -> None:
    commands = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.json" for name in commands}
        running = {
            name: subprocess.Popen([*command, "--json", str(files[name])], stdout=sys.stderr)
            for name, command in commands.items()
        }
        try:
            running["commander"].wait(PATIENCE_S)
            running["robot"].terminate()
            running["robot"].wait(PATIENCE_S)
        finally:
            for process in running.values():
                process.kill()
        print(json.dumps({name: json.loads(file.read_text()) for name, file in files.items()}))


if __name__ == "__main__":
    main()
