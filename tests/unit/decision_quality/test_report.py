import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from benchmarks.decision_quality import __main__ as command
from benchmarks.decision_quality import development, effects, probabilities, report, targets
from benchmarks.decision_quality.fortnights import Fortnight
from benchmarks.decision_quality.page import tables
from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import decide_all, experienced
from benchmarks.decision_quality.sprints import Teams, read
from benchmarks.decision_quality.turning import USERS, turned
from graphs import thresholds
from graphs.evidence import pace
from tests.unit.decision_quality.conftest import COMPLETED, Write, dated_tasks, lines

Projects = dict[str, list[Fortnight]]

SECTIONS = {
    *("applied", "first_sprints", "probabilities", "certainty", "scope_review"),
    *("several_sprints", "selection", "backlog", "gate", "calibration", "effects", "targets"),
}


@pytest.fixture
def small_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command read a small project in place of the shipped ones."""
    monkeypatch.setattr(command, "read_tasks", lambda: {"project 0": dated_tasks()})


def quiet(step: str) -> None:
    """Drop a progress message."""


def shown(page: Iterable[RenderableType]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        for part in page:
            console.print(part)
    return capture.get()


def measure(teams: Teams, projects: Projects) -> dict[str, Any]:
    return report.measure(teams, projects, quiet)[0]


@pytest.mark.usefixtures("small_projects")
def test_the_command_writes_the_same_files_twice_and_prints_them(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder, first, second = write(lines()), tmp_path / "1.json", tmp_path / "2.json"
    plans, again = tmp_path / "1.csv", tmp_path / "2.csv"
    for out, plans_out in ((first, plans), (second, again)):
        arguments = ["--sprints", str(folder), "--out", str(out), "--plans-out", str(plans_out)]
        assert command.main(arguments) == 0
    assert first.read_bytes() == second.read_bytes()
    assert plans.read_bytes() == again.read_bytes()
    result = json.loads(first.read_text(encoding="utf-8"))
    assert set(result) >= SECTIONS
    assert (result["teams"], result["sprints"]) == (5, 34)
    assert (result["applied"]["plans"], result["applied"]["teams"]) == (20, 4)
    page = capsys.readouterr().out
    for title in ("First sprints", "P(all n done)", "scopes reviewed", "Tasks chosen", "Targets"):
        assert title in page


@pytest.mark.usefixtures("small_projects")
def test_the_plans_are_those_that_are_scored(write: Write, tmp_path: Path):
    out, plans_out = tmp_path / "1.json", tmp_path / "1.csv"
    arguments = ["--sprints", str(write(lines())), "--out", str(out), "--plans-out", str(plans_out)]
    assert command.main(arguments) == 0
    with plans_out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["sprint_id"] for row in rows} == {"004", "005", "006", "007", "008"}
    errors = [
        abs(int(row["planned"]) - COMPLETED[row["team_id"]][int(row["sprint_id"]) - 1])
        for row in rows
    ]
    result = json.loads(out.read_text(encoding="utf-8"))
    assert sum(errors) / len(errors) == pytest.approx(result["applied"]["plan"]["mae"])


def test_each_figure_stands_beside_its_yardsticks(teams: Teams, projects: Projects):
    result = measure(teams, projects)
    applied = result["applied"]
    for score in applied["yardsticks"].values():
        assert score["ratio"]["value"] == pytest.approx(applied["plan"]["mae"] / score["mae"])
    assert set(result["certainty"]) == {"50", "60", "70", "85"}
    assert set(result["first_sprints"]) == {"0", "1", "2", "together"}
    assert result["first_sprints"]["together"]["plans"] == 14
    assert set(result["several_sprints"]["ahead"]) == {"2", "3"}  # no team has six to come
    assert set(result["backlog"]["projects"]["project 0"]["plans"]) >= {"rule", "ten_or_all"}


def test_every_probability_is_in_a_tenth(teams: Teams, projects: Projects):
    section = measure(teams, projects)["probabilities"]
    assert sum(tenth["cases"] for tenth in section["tenths"]) == section["cases"]
    for tenth in section["tenths"]:
        assert tenth["low"] <= tenth["stated"] <= tenth["high"]
        assert tenth["difference"] == pytest.approx(tenth["stated"] - tenth["seen"]["value"])


def test_numbers_are_chosen_again_without_each_project(teams: Teams, projects: Projects):
    result = measure(teams, projects)
    assert result["effects"]["nested"]["settings"] == 27
    assert result["scope_review"]["effects"]["nested"]["settings"] == 9
    alone = measure({"wild": teams["wild"]}, projects)
    assert "nested" not in alone["effects"]  # there is no other project to choose them on
    assert "too few" in shown(tables(alone))


def test_teams_of_the_development_set_are_counted(
    teams: Teams, projects: Projects, monkeypatch: pytest.MonkeyPatch
):
    assert "none of the 5 teams" in measure(teams, projects)["fitted"]["numbers"]
    digests = frozenset(development.digest(f"project-{name}") for name in ("fast", "new", "other"))
    monkeypatch.setattr(development, "PROJECTS", digests)
    result = measure(teams, projects)
    assert result["development_teams"] == 2
    assert "2 of the 5 teams" in result["fitted"]["numbers"]


def test_sprints_without_scope_are_counted_and_left_out(write: Write, projects: Projects):
    rows = lines()
    for row in rows[3:6]:  # the fourth to the sixth of a team
        row["n_issues_scope_t0"] = ""
    result = measure(read(write(rows)), projects)
    assert result["applied"]["plans"] == 20
    assert (result["scope_review"]["reviews"], result["scope_review"]["without_scope"]) == (17, 3)
    assert "3 sprints left out that do not say their scope" in shown(tables(result))


def test_without_any_scope_nothing_is_reviewed(write: Write, projects: Projects):
    rows = [row | {"n_issues_scope_t0": ""} for row in lines()]
    result = measure(read(write(rows)), projects)
    assert result["applied"]["plans"] == 20
    review = result["scope_review"]
    assert (review["reviews"], review["without_scope"]) == (0, 20)
    assert review["reason"] in shown(tables(result))
    target = next(one for one in result["targets"] if "with the scope" in one["name"])
    assert (target["value"], target["met"]) == (None, False)


def test_without_projects_the_sprints_are_still_measured(teams: Teams):
    result = measure(teams, {})
    assert result["backlog"] == {"projects": {}, "together": None}
    assert result["applied"]["plans"] == 20
    assert "Targets" in shown(tables(result))


def test_targets_are_met_within_their_bounds_alone():
    measured = {"applied": {"expectation": {"band": {"value": 0.66}, "promise": {"value": 0.95}}}}
    results = {target["name"]: target["met"] for target in targets.compare(measured)}
    assert results["band of 70 %, one sprint"]
    assert not results["promise of 85 %, one sprint"]


def test_every_target_is_a_figure_of_the_measurement(
    teams: Teams, projects: Projects, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(probabilities, "ENOUGH", 1)
    result = measure(teams, projects | {"project 1": projects["project 0"]})
    assert len({target["name"] for target in result["targets"]}) == len(targets.TARGETS)
    missing = [target["name"] for target in result["targets"] if target["value"] is None]
    # Bounds by teams take more of them than these.
    assert missing == ["its upper bound, teams drawn"]


def test_a_turned_number_counts_inside_and_is_put_back(teams: Teams):
    decided = experienced(decide_all(teams, Memory(teams, scope_known=False)))
    here, before = effects.errors(decided, effects.before_scope).sum(), pace.MIDDLE_TO_MEAN
    with pytest.raises(RuntimeError), turned(MIDDLE_TO_MEAN=2.0):
        assert effects.errors(decided, effects.before_scope).sum() != here
        raise RuntimeError
    assert before == pace.MIDDLE_TO_MEAN
    assert effects.errors(decided, effects.before_scope).sum() == here


def test_every_number_to_turn_is_read_where_it_is_turned():
    for name, modules in USERS.items():
        assert all(getattr(module, name) == getattr(thresholds, name) for module in modules)
