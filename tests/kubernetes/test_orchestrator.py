"""An orchestrator whose schedules a cluster fires: real services, commands of Jobs, the double."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from agent.jobs.cluster import reconciler
from agent.jobs.schedulers import open_schedules
from agent.settings import AgentSettings
from memory.job_results import JobResults
from memory.pool import open_pool
from tests.agent.conftest import get, until
from tests.conftest import ADMIN_KEY, serving
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.kubernetes import statuses
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.rig import NAMESPACE
from tests.kubernetes.server import ApiServer
from tests.ports import free_port

SCRUM = "run-dailyscrum-auto-s01"
SCHEDULES = "/orchestrate/schedules"
Job = Callable[..., Awaitable["Ended"]]


@pytest.fixture
def server() -> ApiServer:
    return ApiServer()


@pytest.fixture
async def cluster(
    system: System, server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[System]:
    """Start the services beside a cluster, with a pass of the reconciler each moment."""
    monkeypatch.setattr(reconciler, "PASS_SECONDS", 0.2)
    monkeypatch.setattr(reconciler, "REST_SECONDS", 0.1)
    port = free_port()
    write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")
    async with serving(server, port):  # pyright: ignore[reportArgumentType]
        await system.start("project", "backlog", "chronicle", "sprint")
        await system.start(
            "orchestrator",
            schedules="kubernetes",
            image="dsm:0.1.0",
            kubeconfig=str(tmp_path / "config"),
        )
        await system.make_project("AUTO", 4)
        yield system
        if "orchestrator" in system.running:
            await system.stop("orchestrator")


@dataclass(frozen=True)
class Ended:
    """End of a pod."""

    exit_code: int | None
    output: str


@pytest.fixture
def job(cluster: System) -> Job:
    """Run a command as the pod of a Job does: a name with the due minute, URLs and a key."""

    async def run(cronjob: str, due: datetime, *arguments: str) -> Ended:
        program = "from agent.cli.main import main; main()"
        pod = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, *arguments),
            stdout=PIPE,
            stderr=STDOUT,
            env={
                "DSM_JOB_NAME": f"{cronjob}-{int(due.timestamp()) // 60}",
                "DSM_PEERS__SPRINT": cluster.urls["sprint"],
                "DSM_PEERS__ORCHESTRATOR": cluster.urls["orchestrator"],
                "DSM_AUTH__SERVICE_KEY": ADMIN_KEY,
            },
        )
        output, _ = await pod.communicate()
        return Ended(pod.returncode, output.decode())

    return run


async def report_days(system: System) -> list[str]:
    """Return the days of the sprint that have a report, once for each report."""
    url = system.databases["sprint"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        rows = await connection.execute("SELECT scrum_date::text FROM daily_scrums ORDER BY 1")
        return [row[0] for row in await rows.fetchall()]


async def states(system: System) -> dict[str, str]:
    return {row["name"]: row["state"] for row in await get(system, SCHEDULES)}


async def test_decision_creates_the_object_whose_job_holds_one_scrum_a_day(
    cluster: System, server: ApiServer, job: Job
) -> None:
    assert (await cluster.orchestrate("AUTO")).status_code == 200
    built = server.cluster.objects[NAMESPACE, SCRUM]["spec"]
    pod = built["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert pod["command"] == ["dsm", "run-daily-scrum", "AUTO-S01"]
    now = datetime.now(UTC) + timedelta(minutes=1)  # after the creation, also by the minute
    # Repeated while it runs, and after it has ended.
    at_once = [job(SCRUM, now, *pod["command"][1:]) for _ in range(3)]
    results = [*await asyncio.gather(*at_once), await job(SCRUM, now, *pod["command"][1:])]
    assert {result.exit_code for result in results} == {0}, [item.output for item in results]
    assert sum("was already held" in result.output for result in results) == 3
    assert await report_days(cluster) == [now.date().isoformat()]
    row = await get(cluster, f"{SCHEDULES}/{SCRUM}")
    assert row["last_result"] == (
        f"The daily scrum of {now.date().isoformat()} was held; 0 tasks updated."
    )


async def test_job_whose_scrum_is_not_to_be_held_succeeds_and_says_why(
    cluster: System, job: Job
) -> None:
    await cluster.orchestrate("AUTO")
    now = datetime.now(UTC)
    for due, words in ((now - timedelta(days=3), "begins on"), (now + timedelta(days=40), "last")):
        result = await job(SCRUM, due, "run-daily-scrum", "AUTO-S01")
        assert (result.exit_code, words in result.output) == (0, True), result.output
    assert (await cluster.post("sprint", "/sprints/AUTO-S01/close")).status_code == 200
    result = await job(SCRUM, now, "run-daily-scrum", "AUTO-S01")
    assert (result.exit_code, "nothing was done" in result.output) == (0, True), result.output
    assert await report_days(cluster) == []


async def test_scrum_is_held_without_the_orchestrator_and_without_the_sprint_service_it_fails(
    cluster: System, job: Job
) -> None:
    await cluster.orchestrate("AUTO")
    await cluster.stop("orchestrator")
    now = datetime.now(UTC)
    ended = await job(SCRUM, now, "run-daily-scrum", "AUTO-S01")
    assert ended.exit_code == 0, ended.output
    assert "the list of schedules does not show it" in ended.output
    assert await report_days(cluster) == [now.date().isoformat()]
    await cluster.stop("sprint")
    failed = await job(SCRUM, now, "run-daily-scrum", "AUTO-S01")
    assert failed.exit_code == 1  # the Job is repeated


async def test_end_of_a_sprint_deletes_its_object(cluster: System, server: ApiServer) -> None:
    await cluster.orchestrate("AUTO")
    assert (NAMESPACE, SCRUM) in server.cluster.objects
    assert (await cluster.post("sprint", "/sprints/AUTO-S01/close")).status_code == 200

    async def is_deleted() -> bool:
        return (NAMESPACE, SCRUM) not in server.cluster.objects

    await until(is_deleted)


async def test_own_jobs_are_objects_too(cluster: System, server: ApiServer) -> None:
    names = {"run-backfill", "run-learn", "run-retention"}

    async def are_active() -> bool:
        return set((await states(cluster)).values()) == {"active"}

    await until(are_active)
    assert {name for _, name in server.cluster.objects} == names
    for name in names:
        pod = server.cluster.objects[NAMESPACE, name]["spec"]["jobTemplate"]["spec"]["template"]
        assert pod["spec"]["containers"][0]["command"] == ["dsm", "run-schedule", name]


FAULTS = {
    "the verb create": lambda server: server.cluster.verbs.discard("create"),
    "the namespace dsm-jobs does not exist": lambda server: server.cluster.namespaces.clear(),
    "orchestrator's token (401)": lambda server: server.cluster.tokens.clear(),
    "503": lambda server: setattr(server, "refused_with", 503),
    "try again later": lambda server: server.failures.update(
        {SCRUM: statuses.Failure(429, "try again later")}
    ),
}


@pytest.mark.parametrize("words", FAULTS)
async def test_decision_stands_when_the_cluster_refuses_and_its_schedule_comes_later(
    cluster: System, server: ApiServer, words: str
) -> None:
    FAULTS[words](server)
    decision = await cluster.orchestrate("AUTO")
    assert (decision.status_code, decision.json()["created"]["sprint_id"]) == (200, "AUTO-S01")
    row = await get(cluster, f"{SCHEDULES}/{SCRUM}")
    assert (row["state"], words in row["state_reason"]) == ("pending", True), row
    healthy = ApiServer().cluster
    server.cluster.verbs, server.cluster.namespaces = healthy.verbs, healthy.namespaces
    server.cluster.tokens, server.refused_with, server.failures = healthy.tokens, None, {}

    async def is_active() -> bool:
        return (await states(cluster))[SCRUM] == "active"

    await until(is_active)
    assert [name for _, name in server.cluster.objects].count(SCRUM) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"schedule": "0 9 * * 7"},
        {"schedule": "@daily"},
        {"schedule": "0 9 31 2 *"},
        {"schedule": "0 9 * * *\n- image: evil"},
        {"schedule": "0 9 * * *", "kind": "daily\nscrum"},
    ],
)
async def test_refused_schedule_creates_no_row_and_no_object(
    cluster: System, server: ApiServer, body: dict[str, str]
) -> None:
    refused = await cluster.post("orchestrator", "/orchestrate/project/AUTO/schedules", body)
    assert refused.status_code in (400, 422), refused.text
    decision = await cluster.orchestrate("AUTO", options={"schedule": body["schedule"]})
    assert decision.status_code == (200 if "kind" in body else 400)
    names = {name for _, name in server.cluster.objects if "auto" in name}
    assert names == ({SCRUM} if "kind" in body else set())


@pytest.mark.parametrize(
    ("image", "words"),
    [(None, "set DSM_IMAGE to the image"), ("dsm:0.1.0", "pip install 'digital-scrum-master")],
)
async def test_cluster_without_an_image_or_without_the_client_is_refused_by_name(
    database_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    image: str | None,
    words: str,
) -> None:
    if image is not None:
        monkeypatch.setitem(sys.modules, "agent.jobs.cluster.opening", None)
    settings = AgentSettings(schedules="kubernetes", image=image)
    async with open_pool(database_url("memory")) as pool:
        with pytest.raises(ValueError, match=words):
            async with open_schedules(settings, pool, JobResults(pool)):
                pass
