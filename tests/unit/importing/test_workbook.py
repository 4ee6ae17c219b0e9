"""Sheets of workbooks are tables like any other; hostile ones are refused in bounded time."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from agent.importing.errors import CsvRefused
from agent.importing.tables.sheet_cells import text_of
from agent.importing.tables.table import Table, read_table
from agent.importing.tables.workbook import MAX_BLANK_ROWS

HEADER = ["id", "created", "title"]
SHEET = "xl/worksheets/sheet1.xml"
OPEN = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
CLOSE = "</sheetData></worksheet>"


def write(folder: Path, sheets: dict[str, list[list[object]]]) -> Path:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / "tasks.xlsx"
    workbook.save(path)
    return path


def replace_part(path: Path, name: str, content: bytes) -> None:
    """Replace or add one part of a workbook."""
    with zipfile.ZipFile(path) as old:
        parts = {item: old.read(item) for item in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for item, text in (parts | {name: content}).items():
            new.writestr(item, text)


def cells(table: Table) -> list[list[str]]:
    return [record.cells for record in table.records()]


def names_a_task(names: Sequence[str]) -> bool:
    return "created" in names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (3.0, "3"),
        (1200000000001.0, "1200000000001"),
        (3.5, "3.5"),
        (0.1 + 0.2, "0.3"),
        (True, "TRUE"),
        (False, "FALSE"),
        ("#N/A", ""),
        ("#12", "#12"),
        ("a_x000D_\nb", "a\r\nb"),
        (datetime(2024, 3, 5, tzinfo=UTC).replace(tzinfo=None), "2024-03-05"),
        (datetime(2024, 3, 5, 9, 59, 59, 999_999), "2024-03-05 10:00:00"),
        (date(2024, 3, 5), "2024-03-05"),
        (time(10, 30), "10:30:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
    ],
)
def test_value_becomes_the_text_of_an_export(value: object, text: str) -> None:
    assert text_of(value) == text


def test_first_sheet_with_a_known_header_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "About": [["made", "by"], ["x", "y"]],
            "Export": [["All tasks"], [], HEADER, ["A-1", datetime(2024, 3, 5, 10), "a\nb"], [2.0]],
        },
    )
    table = read_table(path, names_a_task)
    assert (table.kind, table.header) == ("sheet 'Export' of a workbook", tuple(HEADER))
    assert (table.header_line, table.skipped, table.delimiter) == (3, ("All tasks",), "")
    assert [(record.row, record.cells) for record in table.records()] == [
        (4, ["A-1", "2024-03-05 10:00:00", "a\nb"]),
        (5, ["2", "", ""]),
    ]
    assert cells(table) == cells(table)
    assert "not 'About'" in table.notices[0].text


def test_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, {"One": [HEADER, [1, 2, 3]], "Two": [["a", "b"], ["x", "y"]]})
    assert cells(read_table(path, sheet="Two")) == [["x", "y"]]
    assert cells(read_table(path)) == [["1", "2", "3"]]
    with pytest.raises(CsvRefused, match="no sheet 'Three': its sheets are 'One', 'Two'"):
        read_table(path, sheet="Three")


def test_sheet_of_a_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text("id,title\n1,a\n")
    with pytest.raises(CsvRefused, match="has no sheets: leave --sheet out"):
        read_table(path, sheet="Export")


def test_workbook_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="names columns"):
        read_table(write(tmp_path, {"Empty": [], "Note": [["only one"]]}))


def test_same_rows_as_text_and_as_workbook_are_the_same_table(tmp_path: Path) -> None:
    rows: list[list[object]] = [[f"A-{row}", "2024-03-05", 'say "hi", ; \t'] for row in range(50)]
    path = tmp_path / "tasks.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    assert cells(read_table(write(tmp_path, {"S": [HEADER, *rows]}))) == cells(read_table(path))


def test_formula_counts_by_its_kept_result_and_others_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"S": [HEADER, [1, "2024-03-05", "=1+1"], ["=2", "x", "y"]]})
    with zipfile.ZipFile(path) as file:
        sheet = file.read(SHEET)
    replace_part(path, SHEET, sheet.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    table = read_table(path)
    assert cells(table) == [["1", "2024-03-05", "2"], ["", "x", "y"]]
    assert table.notices[0].text.startswith("The workbook keeps no result of 1 of its formulas")


def test_macros_and_links_are_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path, {"S": [HEADER, [1, 2, 3]]})
    replace_part(path, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    replace_part(path, "xl/externalLinks/externalLink1.xml", b"<no")
    assert cells(read_table(path)) == [["1", "2", "3"]]


def test_workbook_that_bursts_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, {"S": [HEADER]})
    replace_part(path, SHEET, (OPEN + "<row/>" * (4 << 20) + CLOSE).encode())
    with pytest.raises(CsvRefused, match=r"unpacks to .* MB, more than is read"):
        read_table(path)


def test_rows_below_a_long_gap_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, {"S": [HEADER]})
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}"><v>1</v></c></row>'
        for row in (1, 2, 2 + MAX_BLANK_ROWS, 999_999_999_999)
    )
    replace_part(path, SHEET, (OPEN + rows + CLOSE).encode())
    assert [record.row for record in read_table(path).records()] == [2, 2 + MAX_BLANK_ROWS]


@pytest.mark.parametrize(
    "sheet",
    [
        "<worksheet",
        OPEN + '<row r="x"><c r="A1"><v>1</v></c></row>' + CLOSE,
        OPEN + '<row><c t="s"><v>99</v></c></row>' + CLOSE,
        f'<!DOCTYPE x [<!ENTITY a "{"a" * 99}">]>{OPEN}<row><c><v>&a;</v></c></row>{CLOSE}',
    ],
)
def test_damaged_sheet_is_refused(tmp_path: Path, sheet: str) -> None:
    path = write(tmp_path, {"S": [HEADER]})
    replace_part(path, SHEET, sheet.encode())
    with pytest.raises(CsvRefused, match="is a workbook that is damaged"):
        read_table(path)


def test_row_of_too_many_cells_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, {"S": [HEADER, [*range(2_001)]]})
    with pytest.raises(CsvRefused, match=r"Row 2 .* has 2,001 cells, at most 2,000"):
        read_table(path)


def test_workbook_can_come_from_a_stream(tmp_path: Path) -> None:
    from agent.importing.tables.source import spooled_source
    from agent.importing.tables.workbook import open_workbook_table

    content = write(tmp_path, {"S": [HEADER, [1, 2, 3]]}).read_bytes()
    source = spooled_source("standard input", io.BytesIO(content))
    raw = open_workbook_table(source, None, None)
    assert [record.cells for record in raw.rows.records()] == [HEADER, ["1", "2", "3"]]
