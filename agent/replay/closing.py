"""Close a process: no network, no other process, no thread, no written file, no clock.

For the process of a replay alone, which may run a person's own rules. It keeps an honest rule from
reaching anything by mistake; it is no fence against malice (docs/guide/replay.md).
"""

import importlib
import os
import sys
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from agent.replay import clocks
from agent.replay.unreachable import Unreachable

# Names of audit events of the interpreter, or their beginnings.
_CLOSED = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "pty.",
    "sqlite3.",
    "syslog.",
    "ftplib.",
    "http.client.",
    "urllib.",
    "smtplib.",
    "os.exec",
    "os.fork",
    "os.spawn",
    "os.posix_spawn",
    "_thread.start",  # from Python 3.12 on
    "cpython.PyInterpreterState_New",  # another interpreter has no hook
)
_CLOSED_CALLS = frozenset(
    {
        "os.system",
        "os.startfile",
        "os.kill",
        "os.killpg",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.truncate",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.chown",
        "os.utime",
        "os.setxattr",
        "os.removexattr",
        "signal.pthread_kill",
        "resource.setrlimit",
        "resource.prlimit",
    }
)
# Functions that start or write without an audit event.
_UNSEEN = (
    ("os", ("mkfifo", "mknod", "pidfd_open")),
    ("_thread", ("start_new_thread", "start_new", "start_joinable_thread")),
    ("threading", ("_start_new_thread", "_start_joinable_thread")),
    ("_posixsubprocess", ("fork_exec",)),
    ("_posixshmem", ("shm_open", "shm_unlink")),
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# They show other processes, with their keys, and the time.
_CLOSED_FOLDERS = ("/proc", "/sys", "/dev")
_OPEN_DEVICES = frozenset({os.devnull, "/dev/urandom"})
MOST_NOTES = 20


def close() -> list[str]:
    """Close this process for good, for all code that runs in it from now on.

    Returns: what is refused from then on, each once, at most MOST_NOTES; it grows.
    """
    refused: list[str] = []

    def refuse(what: str) -> Unreachable:
        if what not in refused and len(refused) < MOST_NOTES:
            refused.append(what)
        return Unreachable(what)

    # Its import calls what is refused from then on, and numpy imports it.
    importlib.import_module("ctypes")
    for name, functions in _UNSEEN:
        _close_functions(name, functions, refuse)
    clocks.stop(refuse)
    sys.dont_write_bytecode = True
    sys.addaudithook(_hook(refuse))
    return refused


def _hook(refuse: Callable[[str], Unreachable]) -> Callable[[str, tuple[Any, ...]], None]:
    # Names of its own: a rule that sets those of this module opens nothing.
    closed, calls, writing, folders = _CLOSED, _CLOSED_CALLS, _WRITING, _CLOSED_FOLDERS
    devices, real_path, unchanged = _OPEN_DEVICES, os.path.realpath, (str, bytes)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(closed) or event in calls:
            raise refuse(event)
        if event == "open" and len(arguments) > 2 and isinstance(arguments[0], unchanged):
            path, flags = os.fsdecode(arguments[0]), arguments[2]
            if path in devices:
                return
            if isinstance(flags, int) and flags & writing:
                raise refuse(f"open {path} for writing")
            if real_path(path).startswith(folders):
                raise refuse(f"open {path}")

    return hook


def _close_functions(
    module: str, names: Collection[str], refuse: Callable[[str], Unreachable]
) -> None:
    try:
        loaded: ModuleType = __import__(module)
    except ImportError:  # not on this system
        return
    for name in names:
        if hasattr(loaded, name):
            setattr(loaded, name, clocks.refusing(f"{module}.{name}", refuse))
