"""Entry point of a stack's service: `python -m deploy.serving FOLDER CATALOGUE NAME PORT STACK`.

FOLDER is the stack's, by which the process is found again. PORT is the descriptor of the listening
socket, STACK that of a pipe which ends with the stack.
"""

import signal
import socket
import sys
import traceback
from pathlib import Path
from types import FrameType

from deploy.errors import StackError


def main() -> int:
    """Serve until a signal, or until the stack has ended; 1 when the service could not start."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    from deploy.catalogue import find, resolve
    from deploy.local.folder import DataFolder
    from deploy.local.logs import follow_own
    from deploy.serving.process import serve

    folder, catalogue, name, port, stack = sys.argv[1:]
    try:
        follow_own(DataFolder(Path(folder)).service_log(name))
        listener = socket.socket(fileno=int(port))
        serve(find(name, resolve(catalogue)), listener, leave_with=int(stack))
    except StackError as error:
        if error.__cause__ and not isinstance(error.__cause__, SystemExit | OSError):
            traceback.print_exception(error.__cause__)
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
