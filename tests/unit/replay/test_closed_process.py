"""A replay runs in a process of its own, which nothing leaves and no clock enters."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.replay.replaying import replaying
from domain_services.kernel.errors import Invalid
from graphs import thresholds
from graphs.what_if import Changes
from tests.unit.replay.conftest import NAMES, read

_OPENING = "from graphs.rules.base import Facts, Ruling\n"
ATTEMPTS = [
    "import socket; socket.create_connection(('127.0.0.1', port), 1)",
    "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{port}/')",
    "import socket; socket.getaddrinfo('example.org', 80)",
    "import subprocess; subprocess.run(['true'])",
    "import os; os.system('true')",
    "import os; os.fork()",
    "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)",
    "open(path, 'w')",
    "import os; os.open(path, os.O_CREAT | os.O_WRONLY)",
    "import _socket; _socket.socket()",
    "import _posixsubprocess; _posixsubprocess.fork_exec()",
    "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "import os; os.execv('/bin/true', ['true'])",
    "import os; os.mkfifo(path)",
    "import os; os.kill(os.getppid(), 0)",
    "import sqlite3; sqlite3.connect(path)",
    "import syslog; syslog.syslog('x')",
    "import threading; threading.Thread(target=int).start()",
    "import _thread; _thread.start_new_thread(int, ())",
    "import os; open(f'/proc/{os.getppid()}/environ')",
    "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
    "import time; time.time()",
    "import time; time.monotonic_ns()",
    "import importlib; importlib.import_module('time').time()",
    "from datetime import datetime; datetime.now()",
    "from datetime import date; date.today()",
]
_RULE = """
import json
from graphs.rules.base import Facts, Ruling

def tried(attempt: str) -> str:
    try:
        exec(attempt, {{"port": {port}, "path": {path!r}}})
    except BaseException as error:
        cause = getattr(error, "reason", error)
        return type(cause).__name__
    return "reached"

def rest(facts: Facts) -> Ruling:
    refused = {{attempt: tried(attempt) for attempt in {attempts!r}}}
    return Ruling("rest", "nothing", json.dumps(refused))

RULES = (rest,)
"""


@pytest.fixture
def server() -> Iterator[tuple[int, list[str]]]:
    """Listen on a port and note who connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        guests: list[str] = []

        def accept() -> None:
            try:
                while True:
                    connection, address = listening.accept()
                    guests.append(str(address))
                    connection.close()
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1], guests
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_closed_process_decides_as_the_runs_did() -> None:
    with replaying() as replay:
        assert [replay(read(name)).change for name in NAMES] == ["same"] * len(NAMES)


def test_changed_number_changes_the_replay_and_nobody_else(adjusted: dict[str, Any]) -> None:
    before = thresholds.MAX_CHANGE
    with replaying({"MAX_CHANGE": 0.0}) as replay:
        compared = replay(adjusted)
    assert (compared.change, compared.after.tasks) == ("changed", 4)
    assert before == thresholds.MAX_CHANGE


def test_limit_of_the_mode_changes_the_replay(adjusted: dict[str, Any]) -> None:
    with replaying(changes=Changes(confidence_threshold=1)) as replay:
        assert replay(adjusted).after.source == "rule_based_only"


def test_own_rule_reaches_nothing(
    adjusted: dict[str, Any], tmp_path: Path, server: tuple[int, list[str]]
) -> None:
    port, guests = server
    written = tmp_path / "written"
    rules = tmp_path / "rules.py"
    rules.write_text(_RULE.format(attempts=ATTEMPTS, port=port, path=str(written)))
    with replaying(rules=str(rules)) as replay:
        refused = json.loads(replay(adjusted).reasoning)
        assert {"socket.getaddrinfo", "os.system", "time.time"} <= {*replay.refused}
    assert refused == dict.fromkeys(ATTEMPTS, "Unreachable")
    assert not guests
    assert not written.exists()


def test_rules_cannot_reach_anything_while_they_are_loaded(
    tmp_path: Path, server: tuple[int, list[str]]
) -> None:
    port, guests = server
    rules = tmp_path / "rules.py"
    rules.write_text(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)\n")
    with pytest.raises(Invalid, match="cannot be loaded"), replaying(rules=str(rules)):
        pass
    assert not guests


def test_own_rule_takes_the_place_of_one_of_the_same_name(
    adjusted: dict[str, Any], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        "from dataclasses import replace\n"
        "from graphs.rules import backlog\n"
        "from graphs.rules.base import Facts, Ruling\n\n"
        "def create_sprint(facts: Facts) -> Ruling | None:\n"
        "    print('noise on the way out')\n"
        "    ruling = backlog.create_sprint(facts)\n"
        "    return ruling and replace(ruling, tasks=2)\n"
    )
    changes = Changes(enable_task_count_adjustment=False)
    with replaying(changes=changes, rules=str(rules)) as replay:
        compared = replay(adjusted)
    assert (compared.change, compared.after.tasks) == ("changed", 2)


def test_catalogue_of_a_module_takes_the_place_of_the_whole_one(
    adjusted: dict[str, Any], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        _OPENING
        + "def rest(facts: Facts) -> Ruling:\n"
        + "    return Ruling('rest', 'nothing', f'On {facts.today} the team rests.')\n\n"
        + "RULES = (rest,)\n"
    )
    with replaying(rules=str(rules)) as replay:
        compared = replay(adjusted)
    assert (compared.change, compared.after.calls) == ("nothing", ())
    assert "the team rests" in compared.reasoning


def test_same_replay_twice_gives_the_same_output(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        "import random\n"
        "from dataclasses import replace\n"
        "from graphs.rules import backlog\n\n"
        "def create_sprint(facts):\n"
        "    ruling = backlog.create_sprint(facts)\n"
        "    names = [*{'a', 'b', 'c', 'd'}]\n"
        "    drawn = f'{names} {random.random()}'\n"
        "    return ruling and replace(ruling, reason=drawn)\n"
    )
    outputs: list[str] = []
    for _ in range(2):
        with replaying(rules=str(rules)) as replay:
            reasons = [replay(read(name)).reasoning for name in NAMES]
        outputs.append(json.dumps(reasons))
    assert outputs[0] == outputs[1]
