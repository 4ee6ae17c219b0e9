"""Imported past windows follow the project's own calendar."""

from datetime import date, timedelta

import psycopg

from agent.cli.connect import Clients
from agent.client import OrchestratorClient
from agent.importing.history.history_windows import split_history
from agent.importing.loading.load import load
from agent.importing.loading.plan import prepare
from agent.importing.tasks import Task
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tests.graphs.conftest import System

SUNDAY = date(2026, 5, 17)


async def test_working_days_of_the_past_are_those_of_the_projects_country(whole: System) -> None:
    http, urls = whole.http, whole.urls
    services = Clients(
        ProjectClient(http, urls["project"]),
        BacklogClient(http, urls["backlog"]),
        SprintClient(http, urls["sprint"]),
        ChronicleClient(http, urls["chronicle"]),
        OrchestratorClient(http, urls["orchestrator"]),
        {},
        {},
    )
    # A window of three days, Thursday to Saturday: in Israel only its Thursday is worked.
    tasks = [Task("1", "TLV", SUNDAY - timedelta(3), SUNDAY - timedelta(3))]
    project = {"id": "TLV", "name": "Tel Aviv", "country": "IL", "as_of": SUNDAY.isoformat()}
    assert (await whole.post("project", "/projects", project)).status_code == 201
    past = split_history(tasks, SUNDAY, 3)["TLV"]
    loaded = await load(services, prepare(past, SUNDAY), lambda _: None)
    assert (loaded.project_created, loaded.episodes) == (False, 1)

    url = whole.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute(
            "SELECT (perception->>'day')::date, (perception->>'working_days')::int FROM episodes"
        )
        assert await cursor.fetchall() == [(SUNDAY - timedelta(3), 1)]
