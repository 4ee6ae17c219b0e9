"""Requests of an import and their order, against services that only record them."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.history.history_windows import split_history
from agent.importing.history.known_rows import KnownRows
from agent.importing.loading.existing_history import Existing, check_update
from agent.importing.loading.load import load
from agent.importing.loading.plan import prepare
from agent.importing.loading.services import Services
from agent.importing.tasks import Task
from domain_services.chronicle.schema import ImportedReplaced, ImportedSprints
from domain_services.project.schema import Assignment

DAY = date(2016, 6, 6)
START = DAY - timedelta(20)


class RecordingClient:
    """Client that gives the configured answers, or an empty list, and records its calls."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **_: Any) -> Any:
            self.calls.append((name, arguments))
            return self.answers.get(name, lambda *_: [])(*arguments)

        return call


def assigned(_: str, body: Assignment) -> SimpleNamespace:
    return SimpleNamespace(newly_assigned=body.employee_ids)


def replaced(project_id: str, body: Any) -> ImportedReplaced:
    count = len(body.notes if isinstance(body, ImportedSprints) else body.episodes)
    return ImportedReplaced(
        project_id=project_id, created=count, replaced=0, unchanged=0, removed=0
    )


async def test_large_team_is_assigned_in_several_requests() -> None:
    rows = [Task(f"{n}", "P", START, assignee=f"person{n}") for n in range(1001)]
    services = SimpleNamespace(
        project=RecordingClient(assign_team_members=assigned),
        backlog=RecordingClient(),
        sprint=RecordingClient(),
        chronicle=RecordingClient(replace_imported_sprints=replaced),
        orchestrator=RecordingClient(
            replace_imported_episodes=replaced,
            get_autonomy=lambda _: SimpleNamespace(level="act", always_ask=[]),
        ),
    )
    plan = prepare(split_history(rows, DAY, 14)["P"], DAY)
    result = await load(cast(Services, services), plan, lambda _: None)
    parts = [call[1][1] for call in services.project.calls if call[0] == "assign_team_members"]
    assert [len(part.employee_ids) for part in parts] == [500, 500, 1]
    assert (result.members, result.tasks) == (1001, 1001)
    assert [len(call[1][1].tasks) for call in services.backlog.calls[1:]] == [500, 500, 1]


def existing(clock: str, today: date, own: int = 0) -> Existing:
    project = SimpleNamespace(id="P", clock=clock, today=today)
    return Existing(cast(Any, project), cast(Any, (SimpleNamespace(),) * own), ())


def known(cadence_days: int) -> KnownRows:
    return KnownRows("P", DAY, cadence_days, DAY, ())


def test_held_project_never_goes_back() -> None:
    project = existing("held", DAY)
    check_update(project, known(14), DAY, 14)
    with pytest.raises(CsvRefused, match="is at 2016-06-06 and never goes back"):
        check_update(project, known(14), DAY - timedelta(1), 14)
    check_update(existing("live", DAY + timedelta(9)), known(14), DAY, 14)


def test_length_of_windows_stays_once_a_sprint_was_decided() -> None:
    check_update(existing("held", DAY), known(14), DAY, 7)
    with pytest.raises(CsvRefused, match=r"windows of 14 days, not of 7 \(--cadence\)"):
        check_update(existing("held", DAY, own=1), known(14), DAY, 7)
