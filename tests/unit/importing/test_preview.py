"""Output of a recognition for people and programs, and the file of refused rows."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from agent.importing.errors import CsvRefused
from agent.importing.outcome.building import file_outcome
from agent.importing.outcome.outcome_json import to_json
from agent.importing.outcome.preview import render
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.refusals import write_refusals

Recognise = Callable[..., Recognition]

HEAD = "id,project,created,finished,status,note"


def page(recognition: Recognition) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(render(file_outcome(recognition)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_preview_shows_columns_counts_statuses_and_refusals(recognised: Recognise) -> None:
    text = page(
        recognised(
            f"{HEAD}\n1,p,2016-06-06,2016-06-05,Done,\n2,p,2016-06-06,,Parked,\n3,p,x,,Parked,\n",
            {"id": "id"},
        )
    )
    for expected in (
        "3 rows, comma-separated, UTF-8, 2 tasks, 1 refused",
        "1 finish day before the creation of the task",
        "ignored columns: note",
        "as asked",
        "by its name",
        "Y-m-d",
        "unknown: by finish date",
        "Refused rows (first 1 of 1)",
        "'x' is not a date",
    ):
        assert expected in text


def test_preview_shows_ten_refusals_and_json_all(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n" + "".join(f"{n},p,bad{n}!,,,\n" for n in range(12)))
    text = page(recognition)
    assert "first 10 of 12" in text
    assert "bad9!" in text
    assert "bad10!" not in text
    assert len(to_json(file_outcome(recognition))["refused"]) == 12


def test_outcome_stays_small_however_much_is_refused(recognised: Recognise) -> None:
    rows = "".join(f"{n},p,bad,,,{'x' * 5000}\n" for n in range(1200))
    outcome = file_outcome(recognised(f"{HEAD}\n{rows}"))
    assert outcome.refused_rows == 1200
    assert 500 < len(outcome.refused) < 1000
    assert sum(len(cell) for row in outcome.refused for cell in row.cells) < 1_000_000
    assert outcome.refused[0].cells[-1] == "x" * 999 + "…"


def test_markup_and_terminal_codes_in_a_file_have_no_effect(recognised: Recognise) -> None:
    text = page(recognised("id,project,created\n[red]1[/red],\x1b[2J\u202ep,2016-06-06\n"))
    assert "[red]1[/red]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_contains_json_types_only(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,2016-06-06,2016-06-07,Done,\n2,,2016-06-06,,,\n")
    document = json.loads(json.dumps(to_json(file_outcome(recognition))))
    assert (document["rows"], document["tasks"], document["delimiter"]) == (2, 1, ",")
    assert (document["first_date"], document["last_date"]) == ("2016-06-06", "2016-06-07")
    assert document["ignored_columns"] == ["note"]
    assert document["columns"][2]["format"] == "Y-m-d"
    assert document["statuses"] == [{"status": "Done", "tasks": 1, "state": "Done"}]
    assert document["refused"][0]["cells"] == ["2", "", "2016-06-06", "", "", ""]


def test_empty_recognition_can_be_printed(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n")
    assert "0 rows" in page(recognition)
    assert to_json(file_outcome(recognition))["first_date"] is None


def test_refused_rows_are_written_unchanged(recognised: Recognise, tmp_path: Path) -> None:
    recognition = recognised(f'{HEAD}\n1,p,"a ""b"", c\nd",,,é\n2,p,2016-06-06,,,\n3,p,,,,,x\n')
    path = tmp_path / "refused.csv"
    write_refusals(path, recognition)
    with path.open(encoding="utf-8", newline="") as stream:
        header, first, second = csv.reader(stream)
    assert header == ["row", "column", "reason", *HEAD.split(",")]
    assert first[:2] == ["2", "created"]
    assert first[3:] == ["1", "p", 'a "b", c\nd', "", "", "é"]
    assert second[:2] == ["5", ""]
    assert second[3:] == ["3", "p", "", "", "", "", "x"]


def test_earlier_file_of_refused_rows_is_replaced_and_no_other_file(
    recognised: Recognise, tmp_path: Path
) -> None:
    recognition = recognised(f"{HEAD}\n1,p,x,,,\n")
    path, second = tmp_path / "a.rejected.csv", tmp_path / "a.rejected-2.csv"
    assert write_refusals(path, recognition) == path
    first = path.read_bytes()
    assert write_refusals(path, recognition) == path
    path.write_text("mine,column,reason\n")
    assert write_refusals(path, recognition) == second
    assert write_refusals(path, recognition) == second
    assert path.read_text() == "mine,column,reason\n"
    assert second.read_bytes() == first
    second.write_text("mine too")
    assert write_refusals(path, recognition) == tmp_path / "a.rejected-3.csv"


def test_unknown_priority_is_named_as_unknown(recognised: Recognise) -> None:
    recognition = recognised("id,project,created,priority\n1,p,2016-06-06,egal\n")
    assert "unknown: 3" in page(recognition)
    document = to_json(file_outcome(recognition))
    assert document["priorities"] == ({"name": "egal", "tasks": 1, "priority": None},)


def test_refused_rows_never_replace_the_imported_file(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\n1,p,x,,,\n")
    before = recognition.table.path.read_bytes()
    with pytest.raises(CsvRefused, match="is the imported file"):
        write_refusals(recognition.table.path, recognition)
    assert recognition.table.path.read_bytes() == before


def test_rejects_file_that_cannot_be_written_is_named(
    recognised: Recognise, tmp_path: Path
) -> None:
    with pytest.raises(CsvRefused, match="cannot be written"):
        write_refusals(tmp_path / "none" / "refused.csv", recognised(f"{HEAD}\n1,p,x,,,\n"))
