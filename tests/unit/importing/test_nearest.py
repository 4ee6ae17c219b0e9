"""A mistyped column, field, type or sheet names the nearest one."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from agent.importing.errors import CsvRefused
from agent.importing.nearest import did_you_mean, nearest
from agent.importing.profiles.telling import is_header
from agent.importing.reading.mapping import map_columns, parse_mapping
from agent.importing.tables.table import read_table
from tests.unit.importing.conftest import Recognise


def test_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("ISSUE KYE", ["Summary", "Issue key"]) == "Issue key"
    assert nearest("xyz", ["Summary", "Issue key"]) is None
    assert did_you_mean("xyz", ["Summary"]) == ""


def test_mistyped_column_names_the_nearest() -> None:
    with pytest.raises(CsvRefused, match=r"No column 'Kye' in the file\. Did you mean 'Key'\?"):
        map_columns(("Key", "Summary"), {"id": "Kye"})


def test_columns_of_a_wide_file_are_not_all_listed() -> None:
    header = ("Key", *(f"Field {number}" for number in range(500)))
    with pytest.raises(CsvRefused, match="and 441 more") as refusal:
        map_columns(header, {"id": "Kye"})
    assert len(str(refusal.value)) < 1000


def test_mistyped_field_names_the_nearest() -> None:
    with pytest.raises(CsvRefused, match=r"Unknown field 'finshed'\. Did you mean 'finished'\?"):
        parse_mapping(["finshed=Resolved"])


def test_one_mistyped_type_of_several_names_the_nearest(recognised: Recognise) -> None:
    rows = "id,project,type,created\n1,A,Story,2024-03-05\n2,A,Bug,2024-03-05\n"
    recognition = recognised(rows, types=("Stroy", "Bug"))
    assert any(text.endswith("Did you mean 'Story'?") for text in recognition.warnings)


def test_mistyped_sheet_names_the_nearest(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.title = "Issues"  # type: ignore[union-attr]
    path = tmp_path / "shop.xlsx"
    workbook.save(path)
    with pytest.raises(CsvRefused, match=r"no sheet 'isues'.*Did you mean 'Issues'\?"):
        read_table(path, is_header, sheet="isues")
