"""Logs of a stack are bounded in size and number while it runs, and lose no line."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from deploy.local.logs import Bounds, put_aside
from deploy.local.servers import EmbeddedServers
from tests.e2e.machine import Machine, until

SMALL = Bounds(size=4000, files=3)
MEGABYTE = 1 << 20
# Writes numbered lines as a service does, and dies of a crash that Python cannot catch.
WRITER = """
import faulthandler, os, sys, time
from pathlib import Path
from deploy.local import logs

log = Path(sys.argv[1])
descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.dup2(descriptor, 1), os.dup2(descriptor, 2)
faulthandler.enable()
logs.LOOK_SECONDS = 0.001
logs.bounds = lambda: logs.Bounds(size=20_000, files=1000)
logs.follow_own(log)
number = 0
while number < 5000 or not log.with_name(log.name + ".3").exists():
    number += 1
    os.write(1 + number % 2, f"line {number}\\n".encode())
    if number % 100 == 0:
        time.sleep(0.001)
os.write(2, f"last {number}\\n".encode())
os.abort()
"""


def files(log: Path) -> list[Path]:
    """Return the files of a log, oldest first."""
    aside = sorted(log.parent.glob(f"{log.name}.*"), key=lambda path: -int(path.suffix[1:]))
    return [*aside, log]


def content(log: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in files(log))


def size(log: Path) -> int:
    """Return the bytes of a log; 0 before Valkey has its next line."""
    return log.stat().st_size if log.exists() else 0


def fill(log: Path, count: int) -> None:
    with log.open("a") as file:
        file.write("x" * count + "\n")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[EmbeddedServers]:
    with EmbeddedServers(tmp_path / "data", durable=False) as started:
        yield started


def test_full_log_is_put_aside_and_the_oldest_makes_room(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for number in range(6):
        log.write_text(f"{number} " + "x" * SMALL.size)
        assert put_aside(log, SMALL)
    log.write_text("short")
    assert not put_aside(log, SMALL)
    assert [path.read_text()[:2] for path in files(log)] == ["3 ", "4 ", "5 ", "sh"]


def test_process_that_crashes_leaves_every_line(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    done = subprocess.run([sys.executable, "-c", WRITER, str(log)], timeout=60, check=False)
    assert done.returncode == -signal.SIGABRT
    lines = content(log).splitlines()
    numbers = [int(line.split()[1]) for line in lines if line.startswith("line ")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert f"last {len(numbers)}" in lines
    assert "Fatal Python error: Aborted" in lines
    assert len(files(log)) >= 3


def test_process_whose_log_could_not_be_opened_opens_it_later(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    program = (
        "import os, sys; from pathlib import Path; from deploy.local import logs;"
        " os.write(2, b'before'); logs.rotate_own(Path(sys.argv[1]), logs.Bounds(1000, 2));"
        " os.write(2, b'after')"
    )
    aside = tmp_path / "service.log.1"
    with aside.open("ab") as output:
        command = [sys.executable, "-c", program, str(log)]
        subprocess.run(command, stderr=output, timeout=60, check=True)
    assert (aside.read_text(), log.read_text()) == ("before", "after")


def test_postgres_goes_on_in_a_new_log(servers: EmbeddedServers) -> None:
    log = servers.folder.logs / "postgres.log"
    url = servers.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(300):
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute(f"DO $$ BEGIN RAISE 'fault {number:03}.'; END $$")
            servers.rotate_logs(SMALL)
    assert len(files(log)) == SMALL.files + 1
    until(lambda: "fault 299." in log.read_text() + files(log)[-2].read_text(), "the last line")
    # What has not been put away yet is there without a gap.
    errors = [line for line in content(log).splitlines() if " ERROR:  fault " in line]
    numbers = [int(line.split("fault ")[1][:3]) for line in errors]
    assert numbers == list(range(numbers[0], 300))
    assert all(path.stat().st_size < 3 * SMALL.size for path in files(log))


def test_crash_of_postgres_is_in_its_log(servers: EmbeddedServers) -> None:
    fill(servers.folder.logs / "postgres.log", SMALL.size)
    servers.rotate_logs(SMALL)
    log = servers.folder.logs / "postgres.log"
    url = servers.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        backend = connection.info.backend_pid
        crash = f"(PID {backend}) was terminated by signal 9"
        os.kill(backend, signal.SIGKILL)
        until(lambda: crash in log.read_text(), "the crash is logged")
    # In the new log, and not in the one that was put aside.
    assert crash not in files(log)[0].read_text()


def test_valkey_goes_on_in_a_new_log(servers: EmbeddedServers) -> None:
    log = servers.folder.logs / "valkey.log"
    until(lambda: "Ready to accept connections" in log.read_text(), "the start is logged")
    fill(log, SMALL.size)
    servers.rotate_logs(SMALL)
    with Redis.from_url(servers.redis_url) as redis:
        redis.config_set("loglevel", "debug")
        redis.bgrewriteaof()
        until(lambda: log.exists() and "rewrite" in log.read_text(), "the new log has its lines")
    assert "Ready to accept connections" in files(log)[0].read_text()


def test_running_stack_rotates_all_its_logs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSM_KEEP_LOG_MEGABYTES", "1")
    monkeypatch.setenv("DSM_KEEP_LOG_FILES", "2")
    monkeypatch.setenv("DSM_LOG_LEVEL", "info")
    machine.up("--processes")
    logs = [machine.data_dir / "logs" / f"{name}.log" for name in NAMES]
    for number in range(4):
        for log in logs:
            fill(log, MEGABYTE)
        until(
            lambda: all(size(log) < MEGABYTE for log in logs),
            f"every log is rotated {number + 1} times",
        )
    assert {len(files(log)) for log in logs} == {3}
    assert machine.run("down").returncode == 0
    for name in ("edge", "notes"):
        assert "serving.stopped" in (machine.data_dir / "logs" / f"{name}.log").read_text()
    # A log that is full before the start makes room too.
    fill(logs[0], MEGABYTE)
    machine.up()
    assert logs[0].stat().st_size < MEGABYTE


NAMES = ("stack", "postgres", "valkey", "edge", "notes")
