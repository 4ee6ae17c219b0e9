"""Lines that are no rows, rows that end early, and files that are cut."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.tables.table import Table, read_table

ASANA = ",,\n,,https://tracker.example/1\n,,\nTask ID,Created At,Name\n1,2024-03-05,a\n"


def names_a_task(cells: Sequence[str]) -> bool:
    return "Task ID" in cells and "Created At" in cells


def read(folder: Path, text: str, *, known: bool = False) -> Table:
    path = folder / "tasks.csv"
    path.write_text(text, newline="")
    return read_table(path, names_a_task if known else None)


def cells(table: Table) -> list[list[str]]:
    return [record.cells for record in table.records()]


@pytest.mark.parametrize("known", [True, False])
def test_header_below_other_lines_is_found_and_they_are_named(tmp_path: Path, known: bool) -> None:
    table = read(tmp_path, ASANA, known=known)
    assert table.header == ("Task ID", "Created At", "Name")
    assert (table.header_line, table.skipped) == (4, ("https://tracker.example/1",))
    assert [(record.row, record.cells[0]) for record in table.records()] == [(5, "1")]


def test_known_header_goes_before_a_wider_line_above(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b,c,d\n"x" y\nTask ID;Created At\n1;2024-03-05\n', known=True)
    assert (table.delimiter, table.header_line) == (";", 3)
    assert cells(table) == [["1", "2024-03-05"]]


def test_header_is_sought_in_twenty_lines_only(tmp_path: Path) -> None:
    for lines, header_line in ((19, 20), (20, 1)):
        table = read(tmp_path, "a,b\n" * lines + "Task ID,Created At\n", known=True)
        assert table.header_line == header_line


def test_lines_above_are_shortened(tmp_path: Path) -> None:
    assert read(tmp_path, "x" * 900 + "\na,b\n1,2\n").skipped == ("x" * 60,)


def test_cells_that_are_missing_at_the_end_are_empty(tmp_path: Path) -> None:
    table = read(tmp_path, "id,title,created,done\n1,a,b\n2\n3,a,b,c\n")
    assert cells(table) == [["1", "a", "b", ""], ["2", "", "", ""], ["3", "a", "b", "c"]]
    assert table.cut is None


CUT_IN_A_TEXT = 'id,title,done\n1,a,b\n2,"two\nlines'


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (CUT_IN_A_TEXT, 3),
        (CUT_IN_A_TEXT + "\n", 3),
        ('id,title\n1,"only', 2),
        ("id,title,done\n1,a,b\n2,a", 3),
        ("id,title,done\r1,a,b\r2", 3),
        ("id,title,done\n1,a\n2,b\n3", 4),
    ],
)
def test_file_that_ends_within_a_row_is_cut_there(tmp_path: Path, text: str, row: int) -> None:
    table = read(tmp_path, text)
    *whole, last = table.records()
    assert table.cut == last.row == row
    assert "is cut" in last.fault
    assert not any(record.fault for record in whole)
    assert f"starts on line {row}" in table.notices[0].text


@pytest.mark.parametrize(
    "text",
    [
        "id,title,done\n1,a,b\n2,a\n",
        "id,title,done\n1,a\n2,a",
        'id,title,done\n1,a,b\n2,"a, b","c\nd"',
    ],
)
def test_file_that_ends_with_a_whole_row_is_not_cut(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert (table.cut, table.notices, len(cells(table))) == (None, (), 2)


def test_file_that_ends_within_a_character_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes("id,title\n1,é\n2,é".encode()[:-1])
    assert read_table(path).cut == 3


def test_quote_that_is_missing_amid_the_rows_is_no_cut(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="starts on line 2"):
        read(tmp_path, 'id,title\n1,"a\n2,b\n3,c\n')


def test_quotes_behind_a_backslash_are_quotes(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,title\n1,"say \\"hi\\", C:\\new"\n2,"and ""so"" on"\n')
    assert cells(table) == [["1", 'say "hi", C:\\new'], ["2", 'and "so" on']]


def test_backslash_at_the_end_of_a_cell_stays(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,title,end\n1,"C:\\new\\","x"\n')
    assert cells(table) == [["1", "C:\\new\\", "x"]]


@pytest.mark.parametrize(
    "line",
    [
        "Total: 2 issues",
        "Total,,,12",
        "Generated at Fri Mar 08 10:00 by Person A",
        "Exported on March 5, 2024",
        "Итого:,2",
    ],
)
def test_summary_below_the_rows_is_left_out_and_named(tmp_path: Path, line: str) -> None:
    table = read(tmp_path, f"id,title,created,done\n1,a,b,c\n2,Total,b,\n\n{line}\n")
    assert [row[0] for row in cells(table)] == ["1", "2"]
    assert "sums up the table" in table.notices[0].text


@pytest.mark.parametrize("line", ["3", "3,a", "3,2024-01-01", ",one title", "3,Total,b,c"])
def test_short_row_at_the_end_is_no_summary(tmp_path: Path, line: str) -> None:
    table = read(tmp_path, f"id,title,created,done\n1,a,b,c\n{line}\n")
    assert len(cells(table)) == 2


def test_summary_amid_the_rows_is_a_row(tmp_path: Path) -> None:
    table = read(tmp_path, "id,title,created,done\nTotal: 1 of 2\n1,a,b,c\n")
    assert len(cells(table)) == 2


def test_header_that_is_repeated_below_is_no_row(tmp_path: Path) -> None:
    table = read(tmp_path, "id,title,done\n1,a,b\n\ufeffid, title,done,\n2,a,b\n")
    assert [row[0] for row in cells(table)] == ["1", "2"]
    assert "repeated on 1 line below, first on line 3" in table.notices[0].text


def test_another_header_below_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="line 3 names columns again"):
        read(tmp_path, "id,title,done\n1,a,b\ntitle,id,done,more\na,2,b\n")


def test_mixed_line_ends_and_control_characters_divide_no_cell(tmp_path: Path) -> None:
    table = read(tmp_path, "id,title\r\n1,a\x0bb\x0cc\x1cd\x85e\u2028f\n2,\x1b[31m\r3,x\n")
    assert cells(table) == [["1", "a\x0bb\x0cc\x1cd\x85e\u2028f"], ["2", "\x1b[31m"], ["3", "x"]]
