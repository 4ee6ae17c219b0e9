"""Messages of `dsm import csv` about a file, without a running stack."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from agent.cli.importing import import_csv
from agent.importing.dates import latest_today

HEAD = "id,project,created,finished"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.csv"
    path.write_text(f"{HEAD}\n1,p,2016-06-06,2016-06-07\n2,p,never,\n")
    return path


def test_page_and_json_name_the_file_of_refused_rows(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = file.with_name("tasks.rejected.csv")
    import_csv(file, dry_run=True)
    page = capsys.readouterr().out
    assert f"The refused rows are in {rejected}\n" in page
    assert "Dry run: nothing was imported." in page
    import_csv(file, dry_run=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["rejected_file"] == str(rejected)


def test_file_without_refused_rows_gets_no_rejects_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{HEAD}\n1,p,2016-06-06,2016-06-07\n")
    import_csv(file, dry_run=True, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rejected_file"], answer["warnings"]) == (None, [])
    assert list(file.parent.iterdir()) == [file]


def test_import_as_of_a_future_day_is_warned_about(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    future_day = str(latest_today() + timedelta(30))
    import_csv(file, dry_run=True, as_of=future_day)
    assert f"Warning: --as-of {future_day} lies after today" in capsys.readouterr().out
    import_csv(file, dry_run=True, as_of=future_day, as_json=True)
    assert "after today" in json.loads(capsys.readouterr().out)["warnings"][0]


def test_sprint_over_the_limits_stops_a_dry_run_too(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},p,2016-06-06,2016-06-07\n" for n in range(2001))
    file.write_text(f"{HEAD}\n{rows}")
    with pytest.raises(SystemExit):
        import_csv(file, dry_run=True, as_json=True)
    assert "2,001 finished tasks" in capsys.readouterr().err
