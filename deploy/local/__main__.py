"""Entry point of a detached stack: `python -m deploy.local FOLDER BASE_PORT CATALOGUE HOSTING`."""

import sys
import traceback
from pathlib import Path

from deploy.catalogue import resolve
from deploy.errors import StackError


def main() -> int:
    """Serve until a signal to stop; returns 0 after that, 1 when the stack could not start."""
    from deploy.local.folder import DataFolder
    from deploy.local.foreground import run
    from deploy.local.logs import follow_own
    from deploy.local.stack import Stack

    folder, base_port, catalogue, hosting = sys.argv[1:]
    try:
        follow_own(DataFolder(Path(folder)).log)
        stack = Stack(
            Path(folder),
            int(base_port),
            resolve(catalogue),
            processes=catalogue if hosting == "processes" else None,
            report=_log,
        )
        run(stack, lambda: _log("ready"))
    except StackError as error:
        if error.__cause__ and not isinstance(error.__cause__, SystemExit | OSError):
            traceback.print_exception(error.__cause__)
        _log(f"error: {error}")
        return 1
    return 0


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
