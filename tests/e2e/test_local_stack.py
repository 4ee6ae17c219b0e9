"""Embedded stack from the command line, with real servers, processes and signals."""

import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.machine import BOUND_SECONDS, Machine, running, until
from tests.ports import free_port
from tests.processes import command_line


def test_down_leaves_no_process_and_no_socket(machine: Machine) -> None:
    state = machine.up()
    assert state["urls"] == {"edge": machine.url(0, ""), "notes": machine.url(1, "")}
    before = machine.processes()
    assert len(before) > 3
    assert machine.run("status").returncode == 0

    stopped = machine.run("down", "--json")

    assert json.loads(stopped.stdout) == {"stopped": True}
    assert running(before) == []
    assert {entry.name for entry in machine.data_dir.iterdir()} == {
        "admin.key",
        "operator.key",
        "viewer.key",
        "people.json",
        "people.lock",
        "stack.lock",
        "postgres",
        "valkey",
        "logs",
    }
    assert machine.phase() == "stopped"
    assert json.loads(machine.run("down", "--json").stdout) == {"stopped": False}


def test_data_and_keys_stay_the_same_over_a_restart(machine: Machine) -> None:
    machine.up()
    httpx.post(machine.url(1, "/notes/kept")).raise_for_status()
    keys = {role: machine.data_dir / f"{role}.key" for role in ("admin", "operator", "viewer")}
    first = {role: path.read_text() for role, path in keys.items()}
    machine.run("down")
    machine.up()

    assert httpx.get(machine.url(1, "/notes")).json() == {"bodies": ["kept"], "counted": 1}
    assert {role: path.read_text() for role, path in keys.items()} == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.values()} == {0o600}
    assert all(key.startswith("dsm_") and len(key) >= 47 for key in first.values())
    hashes = {role: hashlib.sha256(key.encode()).hexdigest() for role, key in first.items()}
    assert httpx.get(machine.url(0, "/keys")).json() == hashes


def test_up_stops_the_servers_of_a_killed_stack(machine: Machine) -> None:
    state = machine.up()
    httpx.post(machine.url(1, "/notes/written-before-the-kill")).raise_for_status()
    servers = [p for p in machine.processes() if p.pid != state["pid"]]
    stack = psutil.Process(state["pid"])
    stack.kill()
    until(lambda: not running([stack]), "the stack's end")
    assert running(servers)
    assert machine.phase() == "crashed"

    machine.up()

    assert running(servers) == []
    notes = httpx.get(machine.url(1, "/notes")).json()
    assert notes == {"bodies": ["written-before-the-kill"], "counted": 1}


def test_down_stops_the_servers_of_a_killed_stack(machine: Machine) -> None:
    state = machine.up()
    everything = machine.processes()
    psutil.Process(state["pid"]).kill()

    assert json.loads(machine.run("down", "--json").stdout) == {"stopped": True}
    assert running(everything) == []
    assert not (machine.data_dir / "sockets").exists()


def test_a_server_that_dies_is_started_again(machine: Machine) -> None:
    machine.up()
    httpx.post(machine.url(1, "/notes/before")).raise_for_status()
    servers = [p for p in machine.processes() if p.name() in {"postgres", "valkey-server"}]
    for process in servers:
        if str(machine.data_dir) in command_line(process):
            process.kill()
    until(lambda: not running(servers), "the servers' end")

    def answered() -> bool:
        return httpx.get(machine.url(1, "/health/ready")).status_code == 200

    until(answered, "both servers back")
    assert httpx.get(machine.url(1, "/notes")).json()["bodies"] == ["before"]


def test_two_stacks_live_side_by_side(machines: Callable[..., Machine]) -> None:
    one, other = machines("one"), machines("other")
    one.up()
    other.up()
    httpx.post(one.url(1, "/notes/mine")).raise_for_status()
    assert httpx.get(other.url(1, "/notes")).json()["bodies"] == []

    one.run("down")

    assert other.phase() == "running"
    assert httpx.get(other.url(1, "/health/ready")).status_code == 200


@pytest.mark.parametrize("detached", [("--detach",), ()])
def test_occupied_port_is_one_error_line_before_anything_starts(
    machine: Machine, detached: tuple[str, ...]
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", machine.base_port + 1))
        listener.listen()
        with machine.begin_up(*detached) as refused:
            _, error = refused.communicate(timeout=BOUND_SECONDS)
    assert refused.returncode == 1
    port = machine.base_port + 1
    assert error.splitlines() == [
        f"error: port {port} (notes): Address already in use; choose other ports with --base-port"
    ]
    assert not (machine.data_dir / "postgres").exists()


@pytest.mark.parametrize("detached", [("--detach",), ()])
def test_data_folder_in_use_is_one_error_line(machine: Machine, detached: tuple[str, ...]) -> None:
    state = machine.up()
    base_port = machine.base_port
    machine.base_port = free_port(in_a_row=3)
    with machine.begin_up(*detached) as refused:
        _, error = refused.communicate(timeout=BOUND_SECONDS)
    assert refused.returncode == 1
    assert error.splitlines() == [
        f"error: data folder {machine.data_dir} is in use by a stack on port {base_port}"
        f" (process {state['pid']}); stop it with dsm down, or name another --data-dir"
    ]


def test_up_on_a_running_stack_reports_it_and_changes_nothing(machine: Machine) -> None:
    state = machine.up()
    again = machine.up()
    assert again == state | {"status": "already running"}


def test_of_two_starts_at_once_one_wins(machine: Machine) -> None:
    attempts = [machine.begin_up("--detach", "--json") for _ in range(2)]
    errors: list[str] = []
    for attempt in attempts:
        with attempt:
            errors.append(attempt.communicate(timeout=BOUND_SECONDS)[1])
    assert sorted(attempt.returncode for attempt in attempts) == [0, 1]
    assert any("is in use" in error for error in errors)
    assert machine.phase() == "running"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_lets_a_running_request_finish(
    machine: Machine, tmp_path: Path, number: signal.Signals
) -> None:
    with machine.begin_up("--json") as stack, ThreadPoolExecutor(1) as pool:
        until(lambda: machine.phase() == "running", "a running stack")
        everything = machine.processes()
        response = pool.submit(
            httpx.get, machine.url(1, "/hold"), params={"folder": str(tmp_path)}, timeout=60
        )
        until((tmp_path / "held").exists, "the request under way")
        # As a terminal does it: the signal goes to the whole process group.
        os.killpg(stack.pid, number)
        until(lambda: refuses(machine.base_port + 1), "the service closed for new requests")
        (tmp_path / "go").touch()
        assert response.result().json() == {"bodies": [], "counted": 0}
        out, error = stack.communicate(timeout=BOUND_SECONDS)
    assert (stack.returncode, error) == (0, "")
    assert json.loads(out)["status"] == "ready"
    assert running(everything) == []


def refuses(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) != 0


def test_a_deep_data_folder_gets_a_short_socket_folder(machines: Callable[..., Machine]) -> None:
    machine = machines("deep " + "x" * 120)
    machine.up()
    short = (machine.data_dir / "sockets").readlink()
    assert len(str(short)) < 40
    assert stat.S_IMODE(short.stat().st_mode) == 0o700
    machine.run("down")
    assert not short.exists()


def test_a_service_that_cannot_start_stops_the_rest(machine: Machine) -> None:
    with machine.begin_up("--detach", "--catalogue", "tiny.app:BROKEN") as refused:
        _, error = refused.communicate(timeout=BOUND_SECONDS)
    assert refused.returncode == 1
    assert "no luck today" in error
    assert "broken did not start" in error
    assert running(machine.processes()) == []


def may_run_python(account: int) -> bool:
    try:
        return not subprocess.run([sys.executable, "-c", ""], user=account, check=False).returncode
    except PermissionError:
        return False


@pytest.mark.skipif(
    os.geteuid() != 0 or not may_run_python(65534),
    reason="needs root, and an interpreter that an ordinary user may run",
)
def test_an_ordinary_user_can_run_it(machines: Callable[..., Machine], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    machine = machines("home/data", account=65534)
    state = machine.up()
    assert psutil.Process(state["pid"]).uids().real == 65534
    assert {p.uids().real for p in machine.processes()} == {65534}
    assert stat.S_IMODE(machine.data_dir.stat().st_mode) == 0o700
