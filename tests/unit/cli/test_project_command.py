"""Lines of `dsm project show`, and values that are refused before anything is sent."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from agent.cli.project import _print
from agent.cli.requests import make_request
from domain_services.kernel.errors import Invalid
from domain_services.project.schema import Employee, Project, ProjectEdit, TeamMembers


def project(**changes: Any) -> Project:
    values: dict[str, Any] = {
        "id": "P1",
        "name": "Shop",
        "description": "",
        "status": "active",
        "country": "DE",
        "subdivision": "BY",
        "timezone": "Europe/Berlin",
        "progress_mode": "reported",
        "as_of": date(2016, 6, 6),
        "clock": "held",
        "today": date(2016, 6, 6),
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Project(**(values | changes))


def test_a_project_is_shown_with_day_place_mode_and_team(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ada = Employee(id="E1", name="Ada", email=None, role=None)
    _print(project(), TeamMembers(project_id="P1", team_members=[ada]), as_json=False)
    shown = capsys.readouterr().out
    for part in ("held at 2016-06-06", "DE-BY, Europe/Berlin", "reported", "Ada (E1)"):
        assert part in shown
    assert "unowned   dealt out to the team in turn" in shown
    empty = TeamMembers(project_id="P1", team_members=[])
    _print(project(clock="live", as_of=None, subdivision=None), empty, as_json=False)
    shown = capsys.readouterr().out
    for part in ("live, today 2016-06-06", "DE, Europe/Berlin", "nobody"):
        assert part in shown
    _print(project(assign_unowned=False), empty, as_json=False)
    assert "unowned   left without an owner" in capsys.readouterr().out


def test_a_wrong_value_is_refused_by_its_field() -> None:
    with pytest.raises(Invalid, match="progress_mode"):
        make_request(ProjectEdit, {"progress_mode": "guessed"})
