"""Check `dsm sync`, and the options that an import takes from the last one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agent.cli.main import app
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System

Command = Callable[..., Awaitable[Result]]
HEAD = "Nr,Team,Made,Ended,Where"
ROWS = [f"{n},SHOP,2024-03-{n:02d},2024-03-{n + 3:02d},Live" for n in range(1, 15)]
OPEN = [f"{n},SHOP,2024-03-{n:02d},,Queue" for n in range(15, 20)]
MAPPING = "id=Nr,project=Team,created=Made,finished=Ended,status=Where"


@pytest.fixture
def dsm(whole: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run commands against all services."""
    monkeypatch.chdir(tmp_path)
    where = [f"--url={name}={url}" for name, url in whole.urls.items()]
    environment = {"DSM_AUTH__SERVICE_KEY": ADMIN_KEY, "COLUMNS": "100"}

    async def run(*words: str) -> Result:
        # In a thread, because a command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, [*words, *where], env=environment)

    return run


def write(path: Path, *rows: str) -> None:
    path.write_text("\n".join([HEAD, *rows]) + "\n")


async def answer(dsm: Command, *words: str) -> Any:
    result = await dsm(*words, "--json")
    assert result.exit_code == 0, result.output
    # The services log beside it: they run in this process.
    return json.JSONDecoder().raw_decode(result.stdout, result.stdout.index("{\n"))[0]


async def test_sync_reads_the_file_again_with_the_options_of_its_import(
    dsm: Command, tmp_path: Path
) -> None:
    file = tmp_path / "export.csv"
    write(file, *ROWS, *OPEN)
    options = ("--map", MAPPING, "--status", "Live=done", "--status", "Queue=todo")
    await answer(dsm, "import", "csv", "export.csv", *options)

    again = await answer(dsm, "import", "csv", "export.csv", "--dry-run")
    assert "--status live=done,queue=todo" in again["used_options"]
    forgotten = await dsm("import", "csv", "export.csv", "--dry-run", "--forget-options")
    assert forgotten.exit_code == 2, forgotten.output

    done = OPEN[0].replace(",,Queue", ",2024-03-25,Live")
    write(file, *ROWS, done, *OPEN[1:], "20,SHOP,2024-03-24,,Queue")
    changes = (await answer(dsm, "sync", "SHOP", "--dry-run"))["projects"]["SHOP"]["changes"]
    assert (changes["new"], changes["finished"]) == (1, 1)
    await answer(dsm, "sync", "SHOP")
    changes = (await answer(dsm, "sync", "SHOP"))["projects"]["SHOP"]["changes"]
    assert not any(changes.values())

    listed = (await dsm("sync")).stdout
    assert f"SHOP: {file}; last import: " in listed
    file.unlink()
    refused = await dsm("sync", "SHOP")
    assert refused.exit_code == 2
    assert f"{file} is not there" in refused.stderr
