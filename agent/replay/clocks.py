"""Clocks that refuse, for the code of a person; libraries have theirs.

Own code that imports `time` or `datetime` gets modules of the same names whose clocks refuse. The
modules themselves stay as they are: compiled libraries read the classes in them by their layout.
"""

import builtins
import datetime
import importlib
import inspect
import sysconfig
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.replay.unreachable import Unreachable

Refuse = Callable[[str], Unreachable]
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
_READERS = (*_CLOCKS, *(f"{name}_ns" for name in _CLOCKS), "localtime", "gmtime", "ctime", "sleep")
_HOUSE = frozenset({"agent", "deploy", "domain_services", "graphs", "memory", "tools"})
_LIBRARIES = (
    str(Path(__file__).parent),  # the process's own main module has another name
    *(
        str(Path(sysconfig.get_path(name)).resolve())
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    ),
)


def refusing(name: str, refuse: Refuse) -> Callable[..., None]:
    """Return a function that only refuses, by its name."""

    def refused(*_: object, **__: object) -> None:
        raise refuse(name)

    return refused


def stop(refuse: Refuse) -> None:
    """Give all own code that is loaded from now on clocks that refuse."""
    instead = {"time": _stopped_time(refuse), "datetime": _stopped_datetime(refuse)}
    import_by_statement, import_by_name = builtins.__import__, importlib.import_module

    def by_statement(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name in instead and level == 0 and not is_library(globals or {}):
            return instead[name]
        return import_by_statement(name, globals, locals, fromlist or (), level)

    def by_name(name: str, package: str | None = None) -> ModuleType:
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        if name in instead and not is_library(caller.f_globals if caller else {}):
            return instead[name]
        return import_by_name(name, package)

    builtins.__import__ = by_statement
    importlib.import_module = by_name


def is_library(namespace: Mapping[str, object]) -> bool:
    """Tell the modules of this program and of libraries from a person's own, by their globals."""
    name, file = str(namespace.get("__name__", "")), namespace.get("__file__")
    if name.partition(".")[0] in _HOUSE or name.startswith("importlib."):
        return True
    # By the file, not by the name: a person's module may have any name.
    return isinstance(file, str) and file.startswith(_LIBRARIES)


def _stopped_time(refuse: Refuse) -> ModuleType:
    stopped = ModuleType("time")
    vars(stopped).update(vars(time))
    for name in _READERS:
        if hasattr(time, name):
            setattr(stopped, name, refusing(f"time.{name}", refuse))
    return stopped


def _stopped_datetime(refuse: Refuse) -> ModuleType:
    class OfRealDates(type):
        """Class of which each real date is one: a rule may ask isinstance(facts.today, date)."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, cls.__mro__[1])

    class Date(datetime.date, metaclass=OfRealDates):
        today: Any = refusing("date.today", refuse)

    class Datetime(datetime.datetime, metaclass=OfRealDates):
        now: Any = refusing("datetime.now", refuse)
        utcnow: Any = refusing("datetime.utcnow", refuse)
        today: Any = refusing("datetime.today", refuse)

    stopped = ModuleType("datetime")
    vars(stopped).update(vars(datetime))
    vars(stopped).update(date=Date, datetime=Datetime)
    return stopped
