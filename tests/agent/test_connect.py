"""Commands reach real services by their URLs and a key, and say what to do when they cannot."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.cli.main import app
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System
from tests.ports import free_port

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def services(system: System) -> System:
    """Start what `dsm project` and `dsm schedule` need, with one project."""
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("AUTO", 1)
    return system


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Write the admin's key to a file."""
    return _write(tmp_path / "admin.key", f"{ADMIN_KEY}\n")


@pytest.fixture
def dsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DSM_DATA_DIR", raising=False)

    async def run(*arguments: str, **environment: str) -> Result:
        # In a thread, because a command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)

    return run


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="latin-1")
    return path


def urls(services: System, *names: str) -> list[str]:
    return [word for name in names for word in ("--url", f"{name}={services.urls[name]}")]


async def test_options_name_urls_and_the_file_of_the_key(
    services: System, dsm: Command, key_file: Path
) -> None:
    options = [*urls(services, "project"), "--key-file", str(key_file), "--json"]
    shown = await dsm("project", "show", "auto", *options)
    assert json.loads(shown.output)["id"] == "AUTO"


async def test_project_that_leaves_tasks_unowned_shows_a_sprint_of_nobodys_tasks(
    services: System, dsm: Command, key_file: Path
) -> None:
    options = [*urls(services, "project", "sprint"), "--key-file", str(key_file)]
    await services.post("project", "/employees", {"id": "E1", "name": "Ada"})
    team = {"employee_ids": ["E1"]}
    await services.post("project", "/projects/AUTO/team-members-assign", team)
    edited = await dsm("project", "edit", "auto", "--leave-unowned", *options)
    assert "unowned   left without an owner" in edited.output
    estimated = {"tasks": [{"title": "Estimated", "estimate": 2.5}]}
    await services.post("backlog", "/backlogs/AUTO/tasks", estimated)
    await services.post("sprint", "/sprints/AUTO", {})
    shown = await dsm("sprint", "show", "auto-s01", *options)
    assert "0 of 2 tasks done, 0 of 2.5 points" in shown.output
    assert shown.output.count("nobody yet") == 2
    answer = json.loads((await dsm("sprint", "show", "AUTO-S01", "--json", *options)).output)
    assert (answer["total_points"], answer["completed_arrived"]) == (2.5, None)
    unknown = await dsm("sprint", "show", "AUTO-S02", *options)
    assert (unknown.exit_code, "there is no sprint AUTO-S02" in unknown.stderr) == (1, True)


async def test_the_environment_names_urls_and_the_key(services: System, dsm: Command) -> None:
    environment = {
        "DSM_PEERS__ORCHESTRATOR": services.urls["orchestrator"],
        "DSM_AUTH__SERVICE_KEY": ADMIN_KEY,
    }
    listed = await dsm("schedule", "list", "--json", **environment)
    assert "learn" in listed.output
    missing = await dsm("project", "show", "AUTO", **environment)
    assert missing.exit_code == 1
    assert missing.stderr.endswith("its URL is not known; name it by DSM_PEERS__PROJECT\n")


async def test_a_missing_or_unknown_key_is_named_by_its_place(
    services: System, dsm: Command, tmp_path: Path
) -> None:
    where = urls(services, "project")
    without = await dsm("project", "show", "AUTO", *where)
    assert "give one by --key-file, or in DSM_AUTH__SERVICE_KEY" in without.stderr
    another = _write(tmp_path / "another.key", "dsm_another")
    unknown = await dsm("project", "show", "AUTO", *where, "--key-file", str(another))
    assert f"does not know the API key of {another}" in unknown.stderr
    assert "dsm_another" not in unknown.output
    assert (without.exit_code, unknown.exit_code) == (1, 1)


@pytest.mark.parametrize("content", [None, "", "two words", "\xff"])
async def test_a_file_without_a_key_is_refused(
    dsm: Command, tmp_path: Path, content: str | None
) -> None:
    key_file = tmp_path / "written.key"
    if content is not None:
        _write(key_file, content)
    url = ("--url", "project=http://127.0.0.1:1")
    refused = await dsm("project", "show", "AUTO", *url, "--key-file", str(key_file))
    assert refused.exit_code == 2
    assert str(key_file) in refused.stderr


async def test_a_service_that_does_not_answer_is_named_with_its_url(dsm: Command) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    refused = await dsm("project", "show", "AUTO", "--url", f"project={url}")
    assert refused.exit_code == 1
    assert f"it was called at {url}, from --url" in refused.stderr
    assert f"dsm doctor --url project={url}" in refused.stderr


async def test_no_stack_names_both_ways_to_one(dsm: Command) -> None:
    refused = await dsm("project", "show", "AUTO")
    assert refused.exit_code == 1
    assert "dsm up --detach" in refused.stderr
    assert "DSM_PEERS__ORCHESTRATOR" in refused.stderr


async def test_all_active_projects_are_decided_and_the_others_counted(
    services: System, dsm: Command, key_file: Path
) -> None:
    study = {"id": "HELD", "name": "HELD", "as_of": "2020-01-06"}
    assert (await services.post("project", "/projects", study)).status_code == 201
    options = [*urls(services, "project", "orchestrator"), "--key-file", str(key_file)]
    decided = await dsm("orchestrate", "--all", *options)
    assert "AUTO: Created sprint AUTO-S01" in decided.stdout
    assert "projects: 1 decided, 1 at rest (held, paused or not active)" in decided.stdout
    refused = await dsm("orchestrate", "--all", "--why", *options)
    assert (refused.exit_code, "no other option" in refused.stderr) == (2, True)


async def test_commands_that_are_suggested_name_the_same_services(
    services: System, dsm: Command, key_file: Path
) -> None:
    options = [*urls(services, "orchestrator"), "--key-file", str(key_file)]
    listed = await dsm("schedule", "list", "AUTO", *options)
    assert listed.stdout.endswith(f"'0 8 * * 1-5' {' '.join(options)}\n")
    refused = await dsm("schedule", "delete", "run-learn", *options)
    assert refused.stderr.endswith(f"dsm schedule pause run-learn {' '.join(options)}\n")


async def test_status_asks_the_services_behind_urls(
    services: System, dsm: Command, tmp_path: Path
) -> None:
    ready = await dsm("status", "--json", *urls(services, "project", "backlog"))
    answer, _ = json.JSONDecoder().raw_decode(ready.stdout, ready.stdout.index('{\n  "phase"'))
    assert (ready.exit_code, answer["healthy"]) == (0, True)
    assert answer["services"] == {"project": "ready", "backlog": "ready"}
    away = f"http://127.0.0.1:{free_port()}"
    environment = {"DSM_PEERS__ORCHESTRATOR": services.urls["orchestrator"]}
    partly = await dsm("status", **environment, DSM_PEERS__SPRINT=away)
    assert partly.exit_code == 1
    assert "services of DSM_PEERS__*" in partly.stdout
    assert "Connection refused" in partly.stdout
    # A server of pages may answer every path.
    wrong = await dsm("status", "--url", f"project={services.urls['project']}/docs?")
    assert (wrong.exit_code, "another program" in wrong.stdout) == (1, True)
    assert not (tmp_path / ".dsm").exists()
