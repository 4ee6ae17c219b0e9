import json
from pathlib import Path

import pytest

from benchmarks.decision_quality import report
from benchmarks.decision_quality.__main__ import main
from benchmarks.decision_quality.effects import errors
from benchmarks.decision_quality.replay import cases
from benchmarks.decision_quality.sprints import Teams
from benchmarks.decision_quality.turning import turned
from graphs.evidence import throughput
from tests.unit.decision_quality.conftest import Write, lines


def test_the_command_writes_the_same_file_twice_and_prints_it(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder, first, second = write(lines()), tmp_path / "1.json", tmp_path / "2.json"
    assert main(["--sprints", str(folder), "--out", str(first)]) == 0
    assert main(["--sprints", str(folder), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    found = json.loads(first.read_text(encoding="utf-8"))
    assert (found["teams"], found["sprints"]) == (5, 34)
    for variant in ("before_scope", "with_scope"):
        assert (found[variant]["forecast"]["forecasts"], found[variant]["forecast"]["teams"]) == (
            20,
            4,
        )
    ratios = {name: set(found[name]["forecast"]["mae_ratio_to"]) for name in ("before_scope",)}
    assert ratios["before_scope"] == {"smoothing_0_3", "mean_of_3", "rule_10"}
    assert "half_scope_half_smoothing" in found["with_scope"]["forecast"]["mae_ratio_to"]
    page = capsys.readouterr().out
    assert "its ratio to smoothing_0_3" in page
    assert "Gate with the scope known, calibration: shipped" in page


def test_a_folder_without_sprints_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["--sprints", str(tmp_path), "--out", str(tmp_path / "out.json")]) == 2
    assert "not a folder with sprints.csv" in " ".join(capsys.readouterr().err.split())


def test_on_its_own_ground_each_project_is_left_out(teams: Teams, monkeypatch: pytest.MonkeyPatch):
    assert report.measure(teams, lambda _: None)["before_scope"]["gate_calibration"] == "shipped"
    monkeypatch.setattr(report, "DEVELOPMENT_SET", report.fingerprint(teams))
    found = report.measure(teams, lambda _: None)
    assert found["before_scope"]["gate_calibration"] == "left_out"
    assert found["before_scope"]["nested"]["settings"] == 12
    assert set(found["before_scope"]["nested"]["mae_ratio_to"]) >= {"smoothing_0_3", "mean_of_3"}
    assert "other projects" in found["fitted"]["calibration"]


def test_too_few_sprints_are_said_and_not_scored(write: Write, tmp_path: Path):
    few = [line for line in lines() if line["team_id"] == "new"]
    assert main(["--sprints", str(write(few)), "--out", str(tmp_path / "out.json")]) == 0
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["before_scope"]["forecasts"] == 0
    assert "three before it" in found["before_scope"]["reason"]


def test_a_turned_number_counts_inside_and_is_put_back(teams: Teams):
    found, before = list(cases(teams, False)), throughput.SPEEDS
    here = errors(found).sum()
    with pytest.raises(RuntimeError), turned(SPEEDS=(0.9,)):
        assert errors(found).sum() != here
        raise RuntimeError
    assert before == throughput.SPEEDS
    assert errors(found).sum() == here
