"""`dsm memory` on real services: list, show, why, correct, and forget only when asked to."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from agent.cli.main import app
from tests.agent.test_memory_room import imported, remember_imported
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System

Run = Callable[..., Any]


@pytest.fixture
def dsm(whole: System, tmp_path: Path) -> Run:
    key = tmp_path / "admin.key"
    key.write_text(ADMIN_KEY)
    url = f"orchestrator={whole.urls['orchestrator']}"

    async def run(*arguments: str) -> Result:
        options = ["--url", url, "--key-file", str(key)]
        return await asyncio.to_thread(CliRunner().invoke, app, ["memory", *arguments, *options])

    return run


async def test_a_person_reads_corrects_and_forgets_by_the_sprints_name(
    whole: System, dsm: Run
) -> None:
    await remember_imported(whole, imported(1), imported(2))
    listed = (await dsm("list")).output.splitlines()
    assert listed[0].startswith("2026-02-02  IMPORTED  IMPORTED-S02  7 of 8 done in 14 days")
    assert (await dsm("list", "--text", "S01", "--limit", "1")).output.count("IMPORTED-S") == 1
    assert "no decision has recalled it" in (await dsm("why", "imported-s01")).output
    corrected = await dsm(
        "correct", "IMPORTED-S01", "--completed", "5", "--reason", "counted twice"
    )
    assert corrected.exit_code == 0, corrected.output
    assert "5 of 8 done in 14 days  version 2" in corrected.output
    shown = (await dsm("show", str(UUID(int=1)))).output
    assert "counted twice" in shown
    # Reasons of other people act on no terminal.
    assert "\u202e" not in shown
    refused = await dsm("forget", "IMPORTED-S01", "--reason", "another product")
    assert refused.exit_code == 1
    assert "no decision has recalled it" in refused.output
    assert "--yes" in refused.output
    assert "5 of 8" in (await dsm("show", "IMPORTED-S01")).output
    forgotten = await dsm("forget", "IMPORTED-S01", "--reason", "another product", "--yes")
    assert forgotten.exit_code == 0, forgotten.output
    assert "forgotten by" in (await dsm("show", str(UUID(int=1)))).output


async def test_what_names_nothing_or_corrects_nothing_is_said_in_one_line(
    whole: System, dsm: Run
) -> None:
    await remember_imported(whole, imported(1))
    unknown = await dsm("show", "NOBODY-S01")
    assert (unknown.exit_code, "dsm memory list" in unknown.output) == (1, True)
    assert (await dsm("correct", "IMPORTED-S01", "--reason", "none")).exit_code == 2
    empty = await dsm("correct", "IMPORTED-S01", "--reason", " ", "--completed", "1")
    assert empty.exit_code == 2
    assert "--reason" in empty.output
