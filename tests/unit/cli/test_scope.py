"""Scope on the table: tasks named by options and files, by id or by key."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.cli.scope import find_tasks, read_names
from domain_services.kernel.errors import Invalid


class Backlog:
    """Backlog of two tasks, one with a key of its source."""

    async def list_tasks(self, project_id: str, *, after: str, limit: int) -> list[Any]:
        tasks = [
            SimpleNamespace(task_id=f"{project_id}-TASK001", external_key="SHOP-7"),
            SimpleNamespace(task_id=f"{project_id}-TASK002", external_key=None),
        ]
        return [task for task in tasks if task.task_id > after][:limit]


def test_names_come_from_options_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "scope.txt"
    file.write_text("# refinement\n\n SHOP-8 \nSHOP-9\n", "utf-8-sig")
    assert read_names(["SHOP-7"], file) == ["SHOP-7", "SHOP-8", "SHOP-9"]
    assert read_names((), None) == []


def test_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SHOP-7\n"))
    assert read_names((), Path("-")) == ["SHOP-7"]


def test_file_that_is_not_there_or_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read as text"):
        read_names((), tmp_path / "missing")
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(Invalid, match="cannot be read as text"):
        read_names((), tmp_path / "picture")
    (tmp_path / "empty").write_text("# nothing\n")
    with pytest.raises(Invalid, match="names no task: write one id or key a line"):
        read_names((), tmp_path / "empty")


def test_task_named_twice_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"named twice: SHOP-7; name each task once"):
        read_names(["SHOP-7", "SHOP-8", "SHOP-7"], None)


async def test_tasks_are_found_by_id_in_any_case_and_by_key() -> None:
    backlog: Any = Backlog()
    assert await find_tasks(backlog, "P1", ["SHOP-7", "p1-task002"]) == ["P1-TASK001", "P1-TASK002"]


async def test_each_unknown_name_is_refused() -> None:
    backlog: Any = Backlog()
    with pytest.raises(Invalid, match=r"no task of P1: SHOP-8, P2-TASK001; name tasks by id"):
        await find_tasks(backlog, "P1", ["SHOP-7", "SHOP-8", "P2-TASK001"])


async def test_task_named_by_id_and_by_key_is_refused() -> None:
    backlog: Any = Backlog()
    with pytest.raises(Invalid, match=r"named twice: P1-TASK001; name each task once, by id"):
        await find_tasks(backlog, "P1", ["SHOP-7", "P1-TASK001"])


async def test_many_unknown_names_are_counted() -> None:
    backlog: Any = Backlog()
    with pytest.raises(Invalid, match=r"SHOP-19 and 2 more;"):
        await find_tasks(backlog, "P1", [f"SHOP-{number}" for number in range(10, 22)])
