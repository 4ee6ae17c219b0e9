"""Scenarios of whole processes, to be run with every mechanism and again without one.

Each returns the violations at its end, one line each: none with every mechanism in place.
"""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import httpx

from deploy.local.servers import EmbeddedServers
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores
from tests.faults.proxy import proxying
from tests.faults.weather import kill_redis

Scenario = Callable[[Fleet, Stores, EmbeddedServers, str], Awaitable[list[str]]]

# Four times the longest recovery at the shortened waits of these processes.
QUIET_SECONDS = 6.0


async def racing_creators(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """Twenty callers request a sprint of one project at once; only one gets it."""
    ids = await fleet.create_project(project, 20, ["ann"])
    path = f"/sprints/{project}"
    calls = [fleet.call("sprint", "POST", path, {"task_ids": [task_id]}) for task_id in ids]
    answers = Counter(answer.status_code for answer in await asyncio.gather(*calls))
    violations = await stores.wait_until_quiet(QUIET_SECONDS)
    correct = answers[201] == 1 and set(answers) <= {201, 409, 503}
    return (
        violations + await stores.violations() + ([] if correct else [f"answers {dict(answers)}"])
    )


async def killed_creation(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The sprint service dies right after the backlog has reserved its tasks."""
    await fleet.create_project(project, 3, ["ann"])
    await fleet.call_and_kill(
        "sprint", "saga.reserved", "sprint", "POST", f"/sprints/{project}", {}
    )
    return await stores.wait_until_quiet(QUIET_SECONDS) + await stores.violations()


async def killed_orchestration(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies after its decision, before its first call."""
    await fleet.create_project(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.call_and_kill("orchestrator", "run.decided:after", "orchestrator", "POST", path, {})
    violations = await stores.wait_until_quiet(QUIET_SECONDS) + await stores.violations()
    return violations + await _one_scheduled_sprint(stores, project)


async def killed_after_the_call(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies after the sprint is created, and repeats the call when it is back."""
    await fleet.create_project(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.call_and_kill("orchestrator", "effect:after", "orchestrator", "POST", path, {})
    violations = await stores.wait_until_quiet(QUIET_SECONDS) + await stores.violations()
    return violations + await _one_scheduled_sprint(stores, project)


async def killed_after_the_end(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies right after the last transaction of a run."""
    await fleet.create_project(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.call_and_kill("orchestrator", "run.finish:after", "orchestrator", "POST", path, {})
    return await stores.wait_until_quiet(QUIET_SECONDS) + await stores.violations()


async def redis_lost(
    fleet: Fleet, stores: Stores, servers: EmbeddedServers, project: str
) -> list[str]:
    """Redis dies with all its data while the backlog has not read what was sent to it."""
    await fleet.create_project(project, 3, ["ann"])
    sprint = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
    violations = await stores.wait_until_quiet(QUIET_SECONDS)
    fleet.signal("backlog", signal.SIGSTOP)
    try:
        for task in sprint.json()["tasks"]:
            progress = {"progress_percentage": 50}
            await fleet.call("sprint", "POST", f"/tasks/{task['task_id']}/progress", progress)

        async def all_sent() -> bool:
            # Confirmed events of a relay that died have closed_at without published_at.
            unsent = "SELECT 1 FROM outbox WHERE published_at IS NULL AND closed_at IS NULL LIMIT 1"
            return not await stores.rows("sprint", unsent)

        await until(all_sent, "events sent to Redis")
        await asyncio.to_thread(kill_redis, servers, with_its_data=True)
        await asyncio.to_thread(servers.valkey.start)
    finally:
        fleet.signal("backlog", signal.SIGCONT)
    start = time.monotonic()
    violations += await stores.wait_until_quiet(10) + await stores.violations()
    stale = time.monotonic() - start
    return violations + ([f"stale for {stale:.1f} s"] if stale > 10 else [])


async def stopped_during_a_request(
    fleet: Fleet, _stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """SIGTERM during a request: the service answers it, then the process ends."""
    await fleet.create_project(project, 2, ["ann"])
    async with proxying(fleet.urls["backlog"], seconds=0.5) as proxy:
        proxy.set("delay")
        fleet.detours["sprint", "backlog"] = proxy.url
        await fleet.kill("sprint")
        await fleet.start("sprint")
        path = f"/sprints/{project}"
        under_way = asyncio.create_task(fleet.call("sprint", "POST", path, {}, key=project))

        async def arrived() -> bool:
            return proxy.connections > 0

        await until(arrived, "the request under way")
        fleet.signal("sprint", signal.SIGTERM)
        try:
            answer = await under_way
        except httpx.TransportError as error:
            return [f"the request under way was cut off: {type(error).__name__}"]
        violations = [] if answer.status_code == 201 else [f"answered {answer.status_code}"]
        if await fleet.exit_code("sprint") is None:
            violations.append("it never ended")
    return violations


async def hanging_peer(
    fleet: Fleet, _stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """A peer accepts requests and never answers: its caller answers 503 within the timeout."""
    await fleet.create_project(project, 2, ["ann"])
    async with proxying(fleet.urls["backlog"]) as proxy:
        proxy.set("blackhole")
        fleet.detours["sprint", "backlog"] = proxy.url
        await fleet.kill("sprint")
        await fleet.start("sprint", peer_timeout_seconds=0.3)
        start = time.monotonic()
        try:
            async with asyncio.timeout(4):
                answer = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
        except TimeoutError:
            return ["no answer within 4 s"]
        took = time.monotonic() - start
    return [] if answer.status_code == 503 else [f"{answer.status_code} after {took:.1f} s"]


async def scrum_twice(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """Six callers run the daily scrum at once: one report a sprint and day."""
    await fleet.create_project(project, 3, ["ann"])
    sprint = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
    path = f"/sprints/{sprint.json()['sprint_id']}/run-daily-scrum"
    responses = await asyncio.gather(*(fleet.call("sprint", "POST", path) for _ in range(6)))
    reports = {response.json().get("report_id") for response in responses}
    rows = await stores.rows(
        "sprint", "SELECT 1 FROM daily_scrums WHERE sprint_id = %s", sprint.json()["sprint_id"]
    )
    violations = await stores.wait_until_quiet(QUIET_SECONDS)
    once = len(reports) == len(rows) == 1
    return violations + ([] if once else [f"{len(rows)} scrums, {len(reports)} reports of one day"])


async def _one_scheduled_sprint(stores: Stores, project: str) -> list[str]:
    sprints = await stores.rows(
        "sprint", "SELECT id, status FROM sprints WHERE project_id = %s", project
    )
    jobs = await stores.rows(
        "orchestrator", "SELECT sprint_id FROM schedules WHERE project_id = %s", project
    )
    sprint = f"{project}-S01"
    correct = (sprints, jobs) == ([(sprint, "in_progress")], [(sprint,)])
    return [] if correct else [f"I7 sprints {sprints}, schedules {jobs}"]


DOMAIN: Sequence[str] = ("project", "backlog", "chronicle", "sprint")

# Mechanism -> the scenario that needs it, the services of the scenario, and a text that the
# violations contain without the mechanism.
SCENARIOS: dict[str, tuple[Scenario, Sequence[str], str]] = {
    "one active sprint": (racing_creators, DOMAIN, "I1"),
    "saga recovery": (killed_creation, DOMAIN, "I2"),
    "run recovery": (killed_orchestration, (*DOMAIN, "orchestrator"), "I8"),
    "effect key": (killed_after_the_call, (*DOMAIN, "orchestrator"), "I7"),
    "episode in the last transaction": (killed_after_the_end, (*DOMAIN, "orchestrator"), "I6"),
    "confirmation of events": (redis_lost, DOMAIN, "I4"),
    "drain": (stopped_during_a_request, DOMAIN, "cut off"),
    "peer timeout": (hanging_peer, DOMAIN, "no answer"),
    "one scrum a day": (scrum_twice, DOMAIN, "reports of one day"),
}
