"""Commands of autonomy, pause and people's keys on real services."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.people import PeopleKeys
from tests.agent.conftest import get
from tests.agent.test_connect import Command, urls
from tests.agent.test_connect import dsm as dsm
from tests.conftest import ADMIN_KEY, AUTH
from tests.graphs import conftest
from tests.graphs.conftest import System

CALLED = ("project", "backlog", "sprint", "chronicle", "orchestrator")


@pytest.fixture
async def services(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    """Start services that know the people of the folder .dsm, with one project."""
    people = PeopleKeys(tmp_path / ".dsm")
    people.prepare()
    monkeypatch.setattr(conftest, "AUTH", {**AUTH, "keys_file": people.file})
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("TEAM", 3)
    return system


@pytest.fixture
def where(services: System, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("DSM_AUTH__SERVICE_KEY", ADMIN_KEY)
    return urls(services, *CALLED)


def _write(key: str) -> None:
    Path("lena.key").write_text(key)


async def test_person_acts_under_their_name_until_the_key_is_revoked(
    services: System, dsm: Command, where: list[str]
) -> None:
    unknown = await dsm("autonomy", "team", "--as", "lena", *where)
    assert unknown.exit_code == 1
    assert "make one with: dsm keys add lena --role operator" in unknown.stderr

    added = await dsm("keys", "add", "lena", "--role", "operator", "--json")
    key = json.loads(added.stdout)["key"]
    shown = await dsm("autonomy", "team", "approve", "--as", "lena", *where)
    assert shown.exit_code == 0, shown.output
    assert "TEAM: approve, a plan waits until a person approves it." in shown.output
    assert "by lena at" in shown.output
    listed = await dsm("keys", "list", "--json")
    assert key not in listed.stdout
    assert json.loads(listed.stdout)["people"][0]["name"] == "lena"

    assert (await dsm("keys", "revoke", "lena")).exit_code == 0
    refused = await dsm("autonomy", "team", "act", "--as", "lena", *where)
    assert refused.exit_code == 1
    assert "the key of lena was revoked at" in refused.stderr
    _write(key)
    refused = await dsm("autonomy", "team", "act", "--key-file", "lena.key", *where)
    assert refused.exit_code == 1
    assert "was revoked at" in refused.stderr
    assert key not in refused.stderr
    assert (await get(services, "/orchestrate/project/TEAM/autonomy"))["version"] == 1


async def test_plan_that_waits_is_named_with_what_a_level_means_for_it(
    services: System, dsm: Command, where: list[str]
) -> None:
    assert "waits  " not in (await dsm("autonomy", "team", "approve", *where)).output
    run_id = (await services.orchestrate("TEAM")).json()["run_id"]
    shown = await dsm("autonomy", "team", *where)
    assert f"run {run_id}: dsm approve, edit or reject answers it" in shown.output
    shown = await dsm("autonomy", "team", "observe", *where)
    assert f"run {run_id}: it can be rejected, and approved when" in shown.output


async def test_tools_that_ask_are_added_and_taken_away(dsm: Command, where: list[str]) -> None:
    async def ask(*options: str) -> Any:
        answer = await dsm("autonomy", "team", *options, "--json", *where)
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)["always_ask"]

    assert await ask("--always-ask", "close_sprint") == ["close_sprint"]
    assert await ask("act", "--always-ask", "create_sprint") == ["close_sprint", "create_sprint"]
    assert await ask("--never-ask", "close_sprint") == ["create_sprint"]
    assert await ask("observe") == ["create_sprint"]
    for option in ("--always-ask", "--never-ask"):
        refused = await dsm("autonomy", "team", option, "close_sprnt", *where)
        assert refused.exit_code in (1, 2)
        assert "close_sprint" in refused.stderr
    assert (await dsm("autonomy", "team", "wild", *where)).exit_code == 2


async def test_pause_is_begun_listed_and_ended_and_jobs_of_a_cluster_rest(
    services: System, dsm: Command, where: list[str]
) -> None:
    await services.orchestrate("TEAM")
    begun = await dsm("pause", "team", "--reason", "a fair", *where)
    assert "TEAM is paused by service since" in begun.output or "by admin since" in begun.output
    assert "end it with: dsm pause TEAM --end" in begun.output
    assert "(a fair)" in (await dsm("pause", "--list", *where)).output
    assert "(a fair)" in (await dsm("autonomy", "team", *where)).output
    for command in (
        ["run-daily-scrum", "TEAM-S01"],
        ["plan-sprint", "team"],
    ):
        rested = await dsm(*command, *where)
        assert rested.exit_code == 0, rested.output
        assert "nothing was done: TEAM is paused" in rested.output
    notes = f"{services.urls['chronicle']}/v1/notes/daily_scrum_report?sprint_id=TEAM-S01"
    assert (await services.http.get(notes)).status_code == 404

    ended = await dsm("pause", "team", "--end", *where)
    assert "goes on within seconds" in ended.output
    assert "nothing is paused" in (await dsm("pause", "--list", *where)).output
    refused = await dsm("pause", "--end", *where)
    assert refused.exit_code == 1
    assert "dsm pause --list" in refused.stderr
    assert (await dsm("pause", "--list", "--end", *where)).exit_code == 2
