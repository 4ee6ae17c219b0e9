"""Any table that csv.writer writes is read back the same."""

import csv
import io
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agent.importing.tables.table import read_table

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
# Without a mark, the zero bytes of Latin letters tell them.
UNMARKED = ("utf-16-le", "utf-16-be")
NAMES = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12),
    min_size=2,
    max_size=6,
    unique=True,
)
CELLS = st.text(
    st.one_of(
        st.sampled_from(",;\t|\"'\\\n\r \u2028\x85\x0b\x1c"),
        st.characters(codec="utf-8", exclude_characters="\0", max_codepoint=0x2FFFF),
    ),
    max_size=12,
)


def has_latin_letters(text: str) -> bool:
    """Tell whether a text has as many as ids, dates and separators give each real export."""
    halves = text.encode("utf-16-be")
    latin, rounded = halves[::2].count(0), halves[1::2].count(0)
    return latin >= max(4, len(halves) / 8) and rounded * 20 <= latin


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Draw a header and rows that are no repetition of it and no summary."""
    header = draw(NAMES)
    width = len(header)
    rows = draw(st.lists(st.lists(CELLS, min_size=width - 1, max_size=width - 1), max_size=8))
    return [header, *([f"id-{number}", *row] for number, row in enumerate(rows))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(ENCODINGS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    last=st.booleans(),
)
def test_written_table_is_read_back(
    tmp_path: Path,
    table: list[list[str]],
    delimiter: str,
    encoding: str,
    end: str,
    quoting: int,
    last: bool,
) -> None:
    if quoting == csv.QUOTE_MINIMAL and end != "\r\n":
        # The writer leaves the other line break unquoted.
        table = [[cell.replace("\r", "").replace("\n", "") for cell in row] for row in table]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    text = stream.getvalue() if last else stream.getvalue().removesuffix(end)
    if encoding in UNMARKED:
        assume(has_latin_letters(text))
    path = tmp_path / "tasks.csv"
    path.write_bytes(text.encode(encoding))
    read = read_table(path)
    assert read.delimiter == delimiter
    assert read.header == tuple(table[0])
    assert [record.cells for record in read.records()] == table[1:]
    assert read.cut is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(table=tables(), delimiter=st.sampled_from(DELIMITERS), place=st.floats(0, 1))
def test_table_cut_anywhere_gives_whole_rows_only(
    tmp_path: Path, table: list[list[str]], delimiter: str, place: float
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(table)
    text = stream.getvalue()
    header = text.index("\r\n") + 2
    path = tmp_path / "tasks.csv"
    path.write_text(text[: header + int(place * (len(text) - header))], newline="")
    records = [record for record in read_table(path).records() if not record.fault]
    assert [record.cells for record in records[:-1]] == table[1 : len(records)]
