"""`dsm up --processes`: the same stack, with a process for each service."""

import json
import signal

import httpx
import psutil

from tests.e2e.machine import BOUND_SECONDS, Machine, running, until
from tests.processes import command_line


def services(machine: Machine) -> dict[str, psutil.Process]:
    """Find the processes of the services by name."""
    processes = [p for p in psutil.process_iter() if str(machine.data_dir) in command_line(p)]
    return {p.cmdline()[-3]: p for p in processes if "deploy.serving" in command_line(p)}


def test_stack_of_processes_keeps_the_contract_of_one_loop(machine: Machine) -> None:
    state = machine.up("--processes")
    assert (state["status"], state["processes"]) == ("ready", True)
    assert set(services(machine)) == {"edge", "notes"}
    httpx.post(machine.url(1, "/notes/kept")).raise_for_status()
    keys = httpx.get(machine.url(0, "/keys")).json()
    assert set(keys) == {"admin", "operator", "viewer"}
    assert machine.run("status").returncode == 0
    assert machine.up() == state | {"status": "already running"}
    before = machine.processes()
    assert json.loads(machine.run("down", "--json").stdout) == {"stopped": True}
    assert running(before) == []
    machine.up()
    assert httpx.get(machine.url(1, "/notes")).json() == {"bodies": ["kept"], "counted": 1}


def test_killed_service_is_started_again_and_its_callers_wait(machine: Machine) -> None:
    machine.up("--processes")
    killed = services(machine)["notes"]
    killed.kill()
    killed.wait(BOUND_SECONDS)
    assert httpx.get(machine.url(1, "/notes"), timeout=BOUND_SECONDS).status_code == 200
    assert services(machine)["notes"].pid != killed.pid
    assert machine.run("status").returncode == 0


def test_killed_stack_takes_its_services_with_it(machine: Machine) -> None:
    state = machine.up("--processes")
    orphans = services(machine)
    psutil.Process(state["pid"]).send_signal(signal.SIGKILL)
    until(lambda: running(list(orphans.values())) == [], "the services end by themselves")
    assert machine.phase() == "crashed"
    machine.up("--processes")
    assert machine.phase() == "running"


def test_next_stack_ends_services_that_a_killed_one_left(machine: Machine) -> None:
    state = machine.up("--processes")
    stopped = list(services(machine).values())
    for process in stopped:
        process.suspend()
    stack = psutil.Process(state["pid"])
    stack.kill()
    until(lambda: not stack.is_running(), "the stack has ended")
    assert machine.phase() == "crashed"
    machine.up()
    assert running(stopped) == []


def test_service_that_cannot_start_is_named_with_its_log(machine: Machine) -> None:
    with machine.begin_up("--detach", "--processes", catalogue="tiny.app:BROKEN") as process:
        _, err = process.communicate(timeout=BOUND_SECONDS)
    assert process.returncode == 1
    assert "broken ended with code 1: broken did not start" in err
    log = machine.data_dir / "logs" / "broken.log"
    assert str(log) in err
    assert "no luck today" in log.read_text()
    assert running(machine.processes()) == []
