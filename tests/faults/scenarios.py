"""What happens to whole processes, told so that it can be told again without one mechanism.

Each returns what is broken at the end, one line each: nothing with every mechanism in place.
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

# Four times what the recovery of anything takes at the pace of these processes.
QUIET_SECONDS = 6.0


async def racing_creators(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """Twenty ask for a sprint of one project at once, each with a task of its own: one gets it."""
    ids = await fleet.found(project, 20, ["ann"])
    path = f"/sprints/{project}"
    asked = [fleet.call("sprint", "POST", path, {"task_ids": [task_id]}) for task_id in ids]
    answers = Counter(answer.status_code for answer in await asyncio.gather(*asked))
    quiet = await stores.quiet(QUIET_SECONDS)
    clean = answers[201] == 1 and set(answers) <= {201, 409, 503}
    return quiet + await stores.broken() + ([] if clean else [f"answers {dict(answers)}"])


async def killed_creation(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The sprint service dies when the backlog has given its tasks away."""
    await fleet.found(project, 3, ["ann"])
    await fleet.killed("sprint", "saga.reserved", "sprint", "POST", f"/sprints/{project}", {})
    return await stores.quiet(QUIET_SECONDS) + await stores.broken()


async def killed_orchestration(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies after its decision, before the deed."""
    await fleet.found(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.killed("orchestrator", "run.decided:after", "orchestrator", "POST", path, {})
    wrong = await stores.quiet(QUIET_SECONDS) + await stores.broken()
    return wrong + await _one_scheduled_sprint(stores, project)


async def killed_after_the_deed(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies when the sprint is made, and makes the call again when it is back."""
    await fleet.found(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.killed("orchestrator", "effect:after", "orchestrator", "POST", path, {})
    wrong = await stores.quiet(QUIET_SECONDS) + await stores.broken()
    return wrong + await _one_scheduled_sprint(stores, project)


async def killed_after_the_end(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The orchestrator dies right after the last transaction of a run."""
    await fleet.found(project, 3, ["ann"])
    path = f"/orchestrate/project/{project}"
    await fleet.killed("orchestrator", "run.finish:after", "orchestrator", "POST", path, {})
    return await stores.quiet(QUIET_SECONDS) + await stores.broken()


async def redis_lost(
    fleet: Fleet, stores: Stores, servers: EmbeddedServers, project: str
) -> list[str]:
    """Redis dies with all its data while the backlog has not read what was sent to it."""
    await fleet.found(project, 3, ["ann"])
    made = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
    wrong = await stores.quiet(QUIET_SECONDS)
    fleet.signal("backlog", signal.SIGSTOP)
    try:
        for task in made.json()["tasks"]:
            said = {"progress_percentage": 50}
            await fleet.call("sprint", "POST", f"/tasks/{task['task_id']}/progress", said)

        async def sent() -> bool:
            # A row that was sent by a relay which died of it is closed without a time of sending.
            owed = "SELECT 1 FROM outbox WHERE published_at IS NULL AND closed_at IS NULL LIMIT 1"
            return not await stores.rows("sprint", owed)

        await until(sent, "events sent to Redis")
        await asyncio.to_thread(kill_redis, servers, with_its_data=True)
        await asyncio.to_thread(servers.valkey.start)
    finally:
        fleet.signal("backlog", signal.SIGCONT)
    began = time.monotonic()
    wrong += await stores.quiet(10) + await stores.broken()
    stale = time.monotonic() - began
    return wrong + ([f"stale for {stale:.1f} s"] if stale > 10 else [])


async def told_to_stop(
    fleet: Fleet, _stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """SIGTERM while a request is under way: it is answered, then the process ends."""
    await fleet.found(project, 2, ["ann"])
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
        wrong = [] if answer.status_code == 201 else [f"answered {answer.status_code}"]
        if await fleet.ended("sprint") is None:
            wrong.append("it never ended")
    return wrong


async def hanging_peer(
    fleet: Fleet, _stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """A peer takes every request and never answers: callers hear so within the timeout."""
    await fleet.found(project, 2, ["ann"])
    async with proxying(fleet.urls["backlog"]) as proxy:
        proxy.set("blackhole")
        fleet.detours["sprint", "backlog"] = proxy.url
        await fleet.kill("sprint")
        await fleet.start("sprint", peer_timeout_seconds=0.3)
        began = time.monotonic()
        try:
            async with asyncio.timeout(4):
                answer = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
        except TimeoutError:
            return ["no answer within 4 s"]
        took = time.monotonic() - began
    return [] if answer.status_code == 503 else [f"{answer.status_code} after {took:.1f} s"]


async def scrum_twice(
    fleet: Fleet, stores: Stores, _servers: EmbeddedServers, project: str
) -> list[str]:
    """The daily scrum is held by six callers at once: one report a sprint and day."""
    await fleet.found(project, 3, ["ann"])
    made = await fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
    path = f"/sprints/{made.json()['sprint_id']}/run-daily-scrum"
    held = await asyncio.gather(*(fleet.call("sprint", "POST", path) for _ in range(6)))
    reports = {each.json().get("report_id") for each in held}
    rows = await stores.rows(
        "sprint", "SELECT 1 FROM daily_scrums WHERE sprint_id = %s", made.json()["sprint_id"]
    )
    quiet = await stores.quiet(QUIET_SECONDS)
    once = len(reports) == len(rows) == 1
    return quiet + ([] if once else [f"{len(rows)} scrums, {len(reports)} reports of one day"])


async def _one_scheduled_sprint(stores: Stores, project: str) -> list[str]:
    made = await stores.rows(
        "sprint", "SELECT id, status FROM sprints WHERE project_id = %s", project
    )
    jobs = await stores.rows(
        "orchestrator", "SELECT sprint_id FROM schedules WHERE project_id = %s", project
    )
    sprint = f"{project}-S01"
    fine = (made, jobs) == ([(sprint, "in_progress")], [(sprint,)])
    return [] if fine else [f"I7 sprints {made}, schedules {jobs}"]


DOMAIN: Sequence[str] = ("project", "backlog", "chronicle", "sprint")

# Mechanism -> the scenario that needs it, the services that it takes, and what is found broken
# without it.
SCENARIOS: dict[str, tuple[Scenario, Sequence[str], str]] = {
    "one active sprint": (racing_creators, DOMAIN, "I1"),
    "saga recovery": (killed_creation, DOMAIN, "I2"),
    "run recovery": (killed_orchestration, (*DOMAIN, "orchestrator"), "I8"),
    "effect key": (killed_after_the_deed, (*DOMAIN, "orchestrator"), "I7"),
    "episode in the last transaction": (killed_after_the_end, (*DOMAIN, "orchestrator"), "I6"),
    "confirmation of events": (redis_lost, DOMAIN, "I4"),
    "drain": (told_to_stop, DOMAIN, "cut off"),
    "peer timeout": (hanging_peer, DOMAIN, "no answer"),
    "one scrum a day": (scrum_twice, DOMAIN, "reports of one day"),
}
