"""Check that `dsm import csv` imports by the orchestrator's routes alone."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from agent.cli.main import app
from agent.importing.history.row_store import FileRows
from domain_services.project.schema import ClockMove
from tests.agent.conftest import get, until
from tests.agent.imports import clients_of
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System
from tests.imports.conftest import export

Command = Callable[..., Awaitable[Result]]
ENVIRONMENT = {"DSM_AUTH__SERVICE_KEY": ADMIN_KEY, "COLUMNS": "100"}
REFUSED = "SHOP-99,SHOP,no day,,Broken,Ann,Open\n"


@pytest.fixture
def dsm(whole: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run commands that know the URL of the orchestrator alone."""
    monkeypatch.chdir(tmp_path)

    async def run(*words: str, stack: bool = True, **options: Any) -> Result:
        where = [f"--url=orchestrator={whole.urls['orchestrator']}"] if stack else []
        arguments = [*words, *where]
        # In a thread, because a command has an event loop of its own.
        return await asyncio.to_thread(
            CliRunner().invoke, app, arguments, env=ENVIRONMENT, **options
        )

    return run


def parsed(result: Result) -> Any:
    """Return the JSON of a command; services of this process log beside it."""
    assert result.exit_code == 0, result.output
    return json.JSONDecoder().raw_decode(result.stdout, result.stdout.index("{\n"))[0]


def copies(system: System, folder: Path) -> FileRows:
    place = system.urls["orchestrator"].partition("://")[2].replace(":", "-")
    return FileRows(folder / ".dsm" / "urls" / place)


async def test_files_are_imported_and_the_copies_stay_in_step(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_text(export(60, finished=20))
    (tmp_path / "two.csv").write_text(export(60, start=61) + REFUSED)
    files = ("import", "csv", "one.csv", "two.csv")
    alone = parsed(await dsm(*files, "--dry-run", "--json", stack=False))
    preview = await dsm(*files, "--dry-run", "--json")
    # A dry run says the same with a stack as without one, and leaves no upload behind. A stack
    # alone tells that the project is new.
    alone["projects"]["SHOP"]["standing"] = "new"
    commands = preview.stdout.replace(f" --url orchestrator={whole.urls['orchestrator']}", "")
    assert json.loads(commands[commands.index("{\n") : commands.rindex("}") + 1]) == alone
    (cancelled,) = (await get(whole, "/imports"))["imports"]
    assert (cancelled["state"], cancelled["files"]) == ("cancelled", [])
    assert (tmp_path / "two.rejected.csv").read_text().count("SHOP-99") == 1

    done = parsed(await dsm(*files, "--json"))
    assert done["imported"][0]["project_created"] and not done["dry_run"]
    assert done["imported"][0]["tasks"] == done["projects"]["SHOP"]["backlog"] == 100
    assert done["rejected_files"] == ["two.rejected.csv"]
    document = await copies(whole, tmp_path).read("SHOP")
    assert document is not None and len(list(document.tasks or ())) == 120


async def test_rows_of_an_earlier_release_are_taken_over(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "tasks.csv").write_text(export(10, finished=4))
    parsed(await dsm("import", "csv", "tasks.csv", "--json"))
    database = whole.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(database, autocommit=True) as connection:
        # An earlier release kept them in the data folder alone.
        connection.execute("DELETE FROM known_rows")
    (tmp_path / "tasks.csv").write_text(export(12, finished=6))
    later = parsed(await dsm("import", "csv", "tasks.csv", "--json"))
    changes = later["projects"]["SHOP"]["changes"]
    assert (changes["new"], changes["finished"]) == (2, 2)
    assert later["imported"][0]["completed"] == 2


async def test_dry_run_says_what_a_project_would_be_by_what_it_is(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "tasks.csv").write_text(export(40, finished=20))
    name = ("import", "csv", "tasks.csv")

    async def last_words(*options: str) -> list[str]:
        result = await dsm(*name, "--dry-run", *options)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        first = next(n for n, line in enumerate(lines) if line.startswith("SHOP "))
        return [one.partition("; to ")[0] for one in lines[first:] if one.startswith("SHOP")]

    services = clients_of(whole)
    day = parsed(await dsm(*name, "--dry-run", "--json"))["as_of"]
    study = f"SHOP would be held at {day} as a study"
    assert (await last_words())[1] == study
    parsed(await dsm(*name, "--json"))
    same = "SHOP was imported before; no task would change."
    assert await last_words() == [same, study]
    await services.project.move_clock("SHOP", ClockMove(live=True))
    assert await last_words() == [same, "SHOP follows the clock and would stay so."]
    shown = parsed(await dsm(*name, "--dry-run", "--json"))["projects"]["SHOP"]
    assert (shown["standing"], shown["release_command"]) == ("live", None)
    # Rows that nobody knows any more do not make a project that is there a new one.
    with psycopg.connect(
        whole.databases["orchestrator"].replace("+psycopg", ""), autocommit=True
    ) as connection:
        connection.execute("DELETE FROM known_rows")
    copies(whole, tmp_path).path_of("SHOP").unlink()
    first, *others = await last_words()
    assert first.startswith("SHOP is there and was never imported: what it lacks of 20 tasks and ")
    assert others == ["SHOP follows the clock and would stay so."]


async def test_dry_run_finds_that_the_project_is_at_a_later_day(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "tasks.csv").write_text(export(40, finished=20))
    parsed(await dsm("import", "csv", "tasks.csv", "--json"))
    project = await clients_of(whole).project.get_project("SHOP")
    later = project.today + timedelta(3)
    await clients_of(whole).project.move_clock("SHOP", ClockMove(to=later))
    shown = await dsm("import", "csv", "tasks.csv", "--dry-run")
    words = " ".join(shown.stdout.split())
    reason = f"Project SHOP is at {later} and never goes back"
    assert f"An import would stop: {reason}" in words
    assert reason in " ".join((await dsm("import", "csv", "tasks.csv")).stderr.split())


async def test_standard_input_is_uploaded_and_what_is_no_table_is_refused_in_words(
    dsm: Command, whole: System
) -> None:
    done = parsed(await dsm("import", "csv", "-", "--json", input=export(5)))
    assert (done["recognised"]["file"], done["imported"][0]["tasks"]) == ("standard input", 5)
    refused = await dsm("import", "csv", "-", input="<html><body>Log in</body></html>")
    assert refused.exit_code == 2, refused.output
    assert "standard input" in refused.stderr and "dsm-import-" not in refused.stderr
    assert {one["state"] for one in (await get(whole, "/imports"))["imports"]} == {
        "done",
        "cancelled",
    }


async def test_doubt_stops_the_import_and_removes_its_upload(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "tasks.csv").write_text(export(3) + REFUSED)
    refused = await dsm("import", "csv", "tasks.csv")
    assert refused.exit_code == 2, refused.output
    assert "Nothing was imported. 1 of the 4 rows of tasks.csv are refused" in refused.stderr
    assert "An import would stop" in refused.stdout
    assert (await get(whole, "/imports"))["imports"][0]["state"] == "cancelled"


async def begin(whole: System, folder: Path) -> Process:
    """Start an import in a process of its own."""
    command = "from agent.cli.main import main; main()"
    where = f"--url=orchestrator={whole.urls['orchestrator']}"
    names = [name for name in os.environ if not name.startswith("DSM_")]
    variables = {name: os.environ[name] for name in names} | ENVIRONMENT
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", command, "import", "csv", "tasks.csv", "--json", where),
        stdout=PIPE,
        stderr=PIPE,
        env=variables,
        cwd=folder,
    )


async def answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what a caller sends until it goes."""
    await reader.read()
    writer.close()


async def test_stop_while_writing_cancels_the_import_and_says_how_to_go_on(
    dsm: Command, whole: System, tmp_path: Path
) -> None:
    (tmp_path / "tasks.csv").write_text(export(40))

    async def is_writing() -> bool:
        listed = (await get(whole, "/imports"))["imports"]
        return bool(listed) and listed[0]["has_written"]

    # The first import of an orchestrator loads its code, which takes long on a busy machine.
    parsed(await dsm("import", "csv", "tasks.csv", "--dry-run", "--json"))
    # The project is created, and its tasks wait for an answer.
    await whole.stop("backlog")
    port = int(whole.urls["backlog"].rpartition(":")[2])
    server = await asyncio.start_server(answer_nothing, "127.0.0.1", port)
    process = await begin(whole, tmp_path)
    await until(is_writing, 150)
    process.send_signal(signal.SIGINT)
    _, words = await asyncio.wait_for(process.communicate(), 60)
    server.close()
    await whole.start("backlog")
    assert process.returncode == 130, words.decode()
    assert words.decode() == (
        "Stopped: a part is imported; the same command again imports the rest.\n"
    )
    assert (await get(whole, "/imports"))["imports"][0]["state"] == "cancelled"
    done = parsed(await dsm("import", "csv", "tasks.csv", "--json"))
    tasks = await clients_of(whole).backlog.list_tasks("SHOP")
    assert len(tasks) == done["projects"]["SHOP"]["backlog"] == 40
