"""Restart of every replica under load, and the death of one in the middle of a run."""

import asyncio
import json
from typing import Any

import pytest

from tests.faults.fleet import until
from tests.faults.invariants import Stores
from tests.replicas.callers import Caller, Counts, Failed
from tests.replicas.installation import LIMIT_SECONDS, Installation, Replica
from tests.replicas.ledger import Ledger
from tests.replicas.load import Load
from tests.replicas.stories import create_project, create_tasks

QUIET_SECONDS = 60

pytestmark = pytest.mark.processes


async def test_restart_of_every_replica_fails_no_request_and_doubles_nothing(
    installation: Installation, stores: Stores, record_property: Any
) -> None:
    """Each replica gets a successor and leaves by SIGTERM; no client sends a request twice."""
    load = Load(installation.balancer.ports, installation.admin_key)
    leaving = list(installation.replicas)
    async with load.running():
        await load.further_requests()
        await installation.replace_all()
        await load.further_requests()
    counts = load.counts
    record_property(
        "counted", counts.summary() | installation.balancer.counted | load.ledger.counts()
    )
    assert counts.failures == [], "\n".join(counts.failures)
    assert installation.refusals == []
    assert [code for _, code in installation.exit_codes] == [0] * len(leaving)
    assert await stores.wait_until_quiet(QUIET_SECONDS) == []
    violations = await load.ledger.violations(stores)
    assert violations == [], "\n".join(violations)
    assert await stores.violations() == []
    for replica in leaving:
        check_log(replica, installation.secrets())


def check_log(replica: Replica, secrets: list[str]) -> None:
    """Check that a log consists of JSON lines and holds no password and no key."""
    text = replica.log.read_text()
    for line in text.splitlines():
        assert isinstance(json.loads(line), dict), line
    assert [secret for secret in secrets if secret in text] == []


async def test_runs_of_killed_replicas_are_finished_once_by_another(
    installation: Installation, stores: Stores
) -> None:
    """Two of three die while their calls to create a sprint are on their way.

    One call arrives nevertheless, the other is lost.
    """
    lost, arrived, _ = installation.of("orchestrator")
    for replica, arrives in ((lost, False), (arrived, True)):
        project = "ARRIVED" if arrives else "LOST"
        caller = Caller("client", installation.balancer.ports, installation.admin_key, Counts())
        await create_project(caller, project)
        await create_tasks(caller, Ledger(), project, 3)
        caller.close()
        await _kill_in_the_middle_of_a_run(installation, replica, project, arrives)

    async def all_done() -> bool:
        runs = await stores.rows(
            "orchestrator",
            "SELECT project_id, status, token FROM runs"
            " WHERE project_id IN ('ARRIVED', 'LOST') ORDER BY 1",
        )
        # The second holder of each has finished it.
        return [row[1:] for row in runs] == [("done", 2), ("done", 2)]

    await until(all_done, "the end of both runs", LIMIT_SECONDS)
    await installation.wait_serving(*(installation.start("orchestrator") for _ in range(2)))
    assert await stores.wait_until_quiet(QUIET_SECONDS) == []
    sprints = await stores.rows(
        "sprint",
        "SELECT id, status FROM sprints WHERE project_id IN ('ARRIVED', 'LOST') ORDER BY 1",
    )
    assert sprints == [("ARRIVED-S01", "in_progress"), ("LOST-S01", "in_progress")]
    assert await stores.violations() == []


async def _kill_in_the_middle_of_a_run(
    installation: Installation, replica: Replica, project: str, arrives: bool
) -> None:
    balancer = installation.balancer
    gate = balancer.close_gate(f"POST /sprints/{project} ".encode())
    caller = Caller("client", {"orchestrator": replica.port}, installation.admin_key, Counts())
    path = f"/orchestrate/project/{project}"
    request = asyncio.create_task(caller.call("orchestrator", "POST", path, {}))
    assert await asyncio.to_thread(gate.reached.wait, LIMIT_SECONDS)
    await installation.kill(replica)
    with pytest.raises(Failed):
        await request
    balancer.open_gate(gate, deliver=arrives)
