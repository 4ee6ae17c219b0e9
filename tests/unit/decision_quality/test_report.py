import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from benchmarks.decision_quality import development, report
from benchmarks.decision_quality.__main__ import main
from benchmarks.decision_quality.calibrating import outcomes
from benchmarks.decision_quality.effects import errors
from benchmarks.decision_quality.page import tables
from benchmarks.decision_quality.replay import cases
from benchmarks.decision_quality.sprints import Teams, read
from benchmarks.decision_quality.turning import turned
from graphs.evidence import throughput
from graphs.evidence.shipped import shipped
from tests.unit.decision_quality.conftest import COMPLETED, Write, lines


def test_the_command_writes_the_same_file_twice_and_prints_it(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder, first, second = write(lines()), tmp_path / "1.json", tmp_path / "2.json"
    assert main(["--sprints", str(folder), "--out", str(first)]) == 0
    assert main(["--sprints", str(folder), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    result = json.loads(first.read_text(encoding="utf-8"))
    assert (result["teams"], result["sprints"]) == (5, 34)
    for variant in ("before_scope", "with_scope"):
        assert (result[variant]["forecast"]["forecasts"], result[variant]["forecast"]["teams"]) == (
            20,
            4,
        )
    ratios = {name: set(result[name]["forecast"]["mae_ratio_to"]) for name in ("before_scope",)}
    assert ratios["before_scope"] == {"smoothing_0_3", "mean_of_3", "rule_10"}
    assert "half_scope_half_smoothing" in result["with_scope"]["forecast"]["mae_ratio_to"]
    page = capsys.readouterr().out
    assert "its ratio to smoothing_0_3" in page
    assert "Gate with the scope known, calibration: shipped" in page


def shown(page: Iterable[RenderableType]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        for part in page:
            console.print(part)
    return capture.get()


def quiet(step: str) -> None:
    """Drop a progress message."""


def developed_on(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Declare that the shipped numbers were chosen on the projects of these teams."""
    digests = frozenset(development.digest(f"project-{name}") for name in names)
    monkeypatch.setattr(development, "PROJECTS", digests)


def test_numbers_that_have_not_seen_these_teams_are_judged_as_shipped(teams: Teams):
    result = report.measure(teams, quiet)
    assert result["development_teams"] == 0
    assert "none of the 5 teams" in result["fitted"]["numbers"]
    assert "nested" not in result["fitted"]["numbers"]
    assert result["fitted"]["calibration"] == "as shipped, fitted on the development set"
    before = result["before_scope"]
    assert before["gate_calibration"] == "shipped"
    assert set(before["gate_by_calibration"]) == {"shipped", "left_out"}
    assert "nested" not in before


def test_on_its_own_ground_each_project_is_left_out(teams: Teams, monkeypatch: pytest.MonkeyPatch):
    developed_on(monkeypatch, *COMPLETED)
    result = report.measure(teams, quiet)
    assert result["before_scope"]["gate_calibration"] == "left_out"
    assert result["before_scope"]["nested"]["settings"] == 12
    assert set(result["before_scope"]["nested"]["mae_ratio_to"]) >= {"smoothing_0_3", "mean_of_3"}
    assert "other projects" in result["fitted"]["calibration"]
    assert "shipped" not in result["fitted"]["calibration"]
    assert "5 of the 5 teams" in result["fitted"]["numbers"]


def test_on_partly_its_own_ground_the_known_projects_are_left_out(
    teams: Teams, monkeypatch: pytest.MonkeyPatch
):
    developed_on(monkeypatch, "fast", "new", "elsewhere")
    result = report.measure(teams, quiet)
    assert result["development_teams"] == 2
    assert "2 of the 5 teams" in result["fitted"]["numbers"]
    for fit in ("other projects of this set", "for the others as shipped"):
        assert fit in result["fitted"]["calibration"]
    before = result["before_scope"]
    assert before["gate_calibration"] == "left_out_or_shipped"
    assert before["gate"] is before["gate_by_calibration"]["left_out_or_shipped"]
    assert before["nested"]["settings"] == 12
    calibration_of = report.calibrations(outcomes(list(cases(teams, False))))["left_out_or_shipped"]
    used = {case.team: calibration_of(case).version for case in cases(teams, False)}
    assert used["fast"].startswith("fitted-")
    assert {used[name] for name in ("slow", "even", "wild")} == {shipped().version}


def test_a_single_known_project_is_judged_without_figures_of_its_own(
    teams: Teams, monkeypatch: pytest.MonkeyPatch
):
    developed_on(monkeypatch, "wild")
    result = report.measure({"wild": teams["wild"]}, quiet)
    before = result["before_scope"]
    assert before["gate_calibration"] == "left_out"
    assert "nested" not in before  # there is no other project to choose the numbers on
    assert before["forecast"]["mae_ratio_to"]["rule_10"]["low"] is None
    page = shown(tables(result))
    assert "too few teams for bounds" in page


def test_sprints_without_scope_are_counted_and_left_out(write: Write):
    rows = lines()
    for row in rows[3:6]:  # the fourth to the sixth of a team
        row["n_issues_scope_t0"] = ""
    result = report.measure(read(write(rows)), quiet)
    assert result["before_scope"]["forecast"]["forecasts"] == 20
    assert result["with_scope"]["forecast"]["forecasts"] == 17
    assert result["with_scope"]["without_scope"] == 3
    assert "3 sprints left out that do not say their scope" in shown(tables(result))


def test_without_any_scope_nothing_is_said_with_it(write: Write):
    result = report.measure(
        read(write([row | {"n_issues_scope_t0": ""} for row in lines()])), quiet
    )
    assert result["before_scope"]["forecast"]["forecasts"] == 20
    with_scope = result["with_scope"]
    assert (with_scope["forecasts"], with_scope["without_scope"]) == (0, 20)
    assert with_scope["forecast"] is with_scope["gate"] is None
    assert "says its scope" in with_scope["reason"]
    assert with_scope["reason"] in shown(tables(result))


def test_a_turned_number_counts_inside_and_is_put_back(teams: Teams):
    result, before = list(cases(teams, False)), throughput.SMOOTHING_FACTORS
    here = errors(result).sum()
    with pytest.raises(RuntimeError), turned(SMOOTHING_FACTORS=(0.9,)):
        assert errors(result).sum() != here
        raise RuntimeError
    assert before == throughput.SMOOTHING_FACTORS
    assert errors(result).sum() == here
