"""Messages of `dsm import csv` about a file, without a running stack."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.cli.importing import import_csv
from agent.cli.target import Target
from agent.importing.dates.formats import latest_today

HEAD = "id,project,created,finished"
STACK = Target(Path(".dsm"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.csv"
    path.write_text(f"{HEAD}\n1,p,2016-06-06,2016-06-07\n2,p,never,\n")
    return path


def test_page_and_json_name_the_file_of_refused_rows(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = file.with_name("tasks.rejected.csv")
    import_csv([file], target=STACK, dry_run=True)
    page = capsys.readouterr().out
    assert f"The refused rows are in {rejected}\n" in page
    assert "Dry run: nothing was imported." in page
    import_csv([file], target=STACK, dry_run=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["rejected_file"] == str(rejected)


def test_file_without_refused_rows_gets_no_rejects_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{HEAD}\n1,p,2016-06-06,2016-06-07\n")
    import_csv([file], target=STACK, dry_run=True, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rejected_file"], answer["warnings"]) == (None, [])
    assert list(file.parent.iterdir()) == [file]


def test_import_as_of_a_future_day_is_refused_in_words(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    future_day = str(latest_today() + timedelta(1))
    with pytest.raises(SystemExit) as stop:
        import_csv([file], target=STACK, dry_run=True, as_of=future_day)
    assert stop.value.code == 2
    assert f"--as-of {future_day} lies after today" in capsys.readouterr().err
    import_csv([file], target=STACK, dry_run=True, as_of=str(latest_today()))


def test_tasks_that_the_day_leaves_out_are_a_warning_with_their_number(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{HEAD}\n1,p,2016-06-06,2016-06-20\n2,p,2016-06-21,\n3,p,2016-06-22,\n")
    import_csv([file], target=STACK, dry_run=True, as_of="2016-06-20")
    page = capsys.readouterr().out
    warning = "2 tasks were created after 2016-06-20 and are not in the backlog"
    assert page.index(f"Warning: {warning}") < page.index("Columns")
    assert "1 task was finished on 2016-06-20 itself" in page
    import_csv([file], target=STACK, dry_run=True, as_of="2016-06-20", as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer["warnings"][0].startswith(warning)
    assert answer["projects"]["P"]["created_later"] == 2


@pytest.mark.parametrize(("age", "clock"), [(0, "live"), (28, "live"), (29, "held")])
def test_day_of_the_last_four_weeks_follows_the_clock_and_an_older_one_is_held(
    file: Path, capsys: pytest.CaptureFixture[str], age: int, clock: str
) -> None:
    day = datetime.now(UTC).date() - timedelta(age)
    import_csv([file], target=STACK, dry_run=True, as_of=str(day))
    page = " ".join(capsys.readouterr().out.split())
    assert ("dsm clock P --live" in page) is (clock == "held")
    assert ("P would follow the clock" in page) is (clock == "live")
    import_csv([file], target=STACK, dry_run=True, as_of=str(day), as_json=True)
    assert json.loads(capsys.readouterr().out)["clock"] == clock


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"timezone": "Europe/Berln"}, "--timezone 'Europe/Berln' is not known"),
        ({"country": "Germany"}, "--country 'GERMANY' is not known"),
        ({"country": "DE", "subdivision": "B-Y"}, "--subdivision 'B-Y' is not known"),
    ],
)
def test_unknown_place_is_refused_before_anything_is_read(
    file: Path, capsys: pytest.CaptureFixture[str], option: dict[str, str], words: str
) -> None:
    with pytest.raises(SystemExit):
        import_csv([file], target=STACK, dry_run=True, **option)
    assert words in capsys.readouterr().err
    assert not file.with_name("tasks.rejected.csv").exists()


def test_files_of_one_import_unite_and_keep_their_own_refused_rows(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = file.with_name("more.csv")
    second.write_text("Key;Project;Created;Resolved\n1;p;2016-06-06;\n3;p;2016-06-07;\n4;p;no;\n")
    import_csv([file, second], target=STACK, dry_run=True, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert [file["tasks"] for file in answer["files"]] == [1, 2]
    assert answer["repeated_tasks"] == 1
    # The later file says that task 1 is open.
    assert answer["projects"]["P"] == {
        "backlog": 2,
        "past_sprints": 0,
        "created_later": 0,
        "sprints": [],
        "running_sprints": [],
        "release_command": "dsm clock P --live",
        "changes": None,
        "standing": None,
    }
    names = [Path(path).name for path in answer["rejected_files"]]
    assert names == ["tasks.rejected.csv", "more.rejected.csv"]


def test_sprint_over_the_limits_stops_a_dry_run_too(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},p,2016-06-06,2016-06-07\n" for n in range(2001))
    file.write_text(f"{HEAD}\n{rows}")
    with pytest.raises(SystemExit):
        import_csv([file], target=STACK, dry_run=True, as_json=True)
    assert "2,001 finished tasks" in capsys.readouterr().err
