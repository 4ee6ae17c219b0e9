"""Unusual and hostile files are read correctly, or refused with the place of the fault."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.tables import encodings
from agent.importing.tables.delimited_text import MAX_FIELD_CHARACTERS
from agent.importing.tables.table import Table, read_table

Write = Callable[[str | bytes], Table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_detected(table_of: Write, delimiter: str) -> None:
    table = table_of(f"id{delimiter}title{delimiter}created\n1{delimiter}a{delimiter}b\n")
    assert table.delimiter == delimiter
    assert table.header == ("id", "title", "created")
    assert [record.cells for record in table.records()] == [["1", "a", "b"]]


def test_delimiters_inside_quotes_do_not_count(table_of: Write) -> None:
    table = table_of('"id";"a, b, c, d";created\n1;2;3\n')
    assert table.delimiter == ";"
    assert table.header == ("id", "a, b, c, d", "created")


def test_single_column_is_refused_with_the_way_to_name_its_delimiter(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match=r"one column only: .* 'id\^title'.* sep=\^"):
        table_of("id^title\n1^a\n")


def test_byte_order_mark_is_not_part_of_the_first_column_name(table_of: Write) -> None:
    assert table_of(b'\xef\xbb\xbf"id",created\n1,2\n').header == ("id", "created")


def test_repeated_headers_keep_every_cell(table_of: Write) -> None:
    table = table_of("id,Labels,Labels\n1,a,b\n")
    assert table.header == ("id", "Labels", "Labels")
    assert next(table.records()).cells == ["1", "a", "b"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_row_is_the_physical_line_where_the_record_starts(table_of: Write, end: str) -> None:
    text = end.join(["id,title", '1,"two', "or", 'three"', "", "2,x", '3,"y', 'z"', "4,w"])
    rows = [(record.row, record.cells[0]) for record in table_of(text).records()]
    assert rows == [(2, "1"), (6, "2"), (7, "3"), (9, "4")]


def test_blank_lines_are_skipped_before_and_below_the_header(table_of: Write) -> None:
    table = table_of("\n  \nid,created\n,\n\n1,2\n")
    assert table.header == ("id", "created")
    assert [(record.row, record.cells) for record in table.records()] == [(6, ["1", "2"])]


def test_records_can_be_read_twice(table_of: Write) -> None:
    table = table_of("id,title\n1,a\n2,b\n")
    assert len(list(table.records())) == 2
    assert list(table.records()) == list(table.records())


def test_header_alone_is_a_table_without_records(table_of: Write) -> None:
    assert list(table_of("id,created\n").records()) == []


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_empty_file_is_refused(table_of: Write, content: str) -> None:
    with pytest.raises(CsvRefused, match="is empty"):
        table_of(content)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="No such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(CsvRefused, match="directory"):
        read_table(tmp_path)


def test_fault_after_the_first_chunk_is_named_with_its_offset_in_the_file(table_of: Write) -> None:
    filler = "id,é\n".encode() + b"1,x\n" * 400_000
    for fault in (b"\xff\n", b"\0", b"\xc3\n"):
        with pytest.raises(CsvRefused) as caught:
            table_of(filler + fault)
        assert caught.value.fields["offset"] == len(filler)
        assert "line 400002" in caught.value.detail


def test_character_across_two_chunks_is_read(table_of: Write) -> None:
    lines = b"id,title\n" + b"1,xxxxx\n" * ((1 << 20) // 8)
    content = lines[: (1 << 20) - 1] + "é,z\n".encode()
    *_, last = table_of(content).records()
    assert last.cells[-2].endswith("é")


def test_fault_in_a_character_across_two_chunks_has_the_offset_of_the_character(
    table_of: Write,
) -> None:
    content = "é,".encode() + b"x" * ((1 << 20) - 4) + b"\xc3\x28"
    with pytest.raises(CsvRefused) as caught:
        table_of(content)
    assert caught.value.fields["offset"] == (1 << 20) - 1


def test_first_of_two_faults_is_named(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match="NUL byte at offset 3"):
        table_of("id,\0é,".encode() + b"\xff,")
    with pytest.raises(CsvRefused, match=r"not UTF-8 .* at offset 6"):
        table_of("id,é,".encode() + b"\xff\0")


def test_nul_byte_is_refused_with_offset(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match="NUL byte at offset 6, line 2"):
        table_of(b"id,a\n1\0,b\n")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_characters_are_read_with_a_mark_or_without(table_of: Write, codec: str) -> None:
    table = table_of("id\tиюль\n1\tлилии\n".encode(codec))
    assert table.header == ("id", "июль")
    assert [record.cells for record in table.records()] == [["1", "лилии"]]
    assert table.kind == f"tab-separated, {codec[:6].upper()}"


def test_quote_that_never_closes_is_refused_with_its_line(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match="starts on line 3"):
        list(table_of('id,title\n1,a\n2,"never\n3,c\n').records())


def test_text_after_a_closed_quote_is_refused(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match="starts on line 2"):
        list(table_of('id,title\n1,"a"b\n').records())


def test_doubled_quote_is_a_quote(table_of: Write) -> None:
    assert next(table_of('id,title\n1,"say ""hi"""\n').records()).cells[1] == 'say "hi"'


def test_broken_header_is_refused(table_of: Write) -> None:
    with pytest.raises(CsvRefused, match="starts on line 1"):
        table_of('"id\n1\n')


def test_long_cell_is_read_and_one_over_the_limit_is_refused(table_of: Write) -> None:
    text = "id,title\n1," + "x" * 140_000 + "\n2,"
    assert len(list(table_of(text + "y\n").records())) == 2
    with pytest.raises(CsvRefused, match="starts on line 3 has a field of more than 1,048,576"):
        list(table_of(text + "x" * (MAX_FIELD_CHARACTERS + 1) + "\n").records())


def test_line_that_would_fill_the_memory_is_refused(
    table_of: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encodings, "MAX_LINE_BYTES", 1 << 21)
    table_of("id,title\n" + "1,x\n" * 600_000)
    with pytest.raises(CsvRefused, match="line 2 is longer than 2 MB"):
        table_of("id,title\n1," + "x," * (1 << 21) + "\n")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_that_declares_the_delimiter_is_not_the_header(
    table_of: Write, first: str, end: str
) -> None:
    table = table_of(end.join([first, "id;a, b, c", "1;x", '2;"y', 'z"', "3;w"]))
    assert table.delimiter == ";"
    assert table.header == ("id", "a, b, c")
    assert [(record.row, record.cells[0]) for record in table.records()] == [
        (3, "1"),
        (4, "2"),
        (6, "3"),
    ]


def test_any_delimiter_can_be_declared(table_of: Write) -> None:
    assert table_of("sep=\t\nid\ta,b,c\n").header == ("id", "a,b,c")
    assert table_of("sep=^\nid^a\n").header == ("id", "a")
    assert table_of("sep=x,id\n").header == ("sep=x", "id")


def test_pipe_is_refused() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"id\n1\n")
    os.close(writer)
    try:
        with pytest.raises(CsvRefused, match="is not a regular file"):
            read_table(Path(f"/dev/fd/{reader}"))
    finally:
        os.close(reader)


def test_first_line_that_is_no_known_header_keeps_its_separator(tmp_path: Path) -> None:
    for number, rows in enumerate(("a,b\nid-0,;0;0\n", "a,b,c,d\nid-0,,||,||\nid-1,,,|\n")):
        path = tmp_path / f"{number}.csv"
        path.write_text(rows)
        assert read_table(path).delimiter == ","


def test_control_characters_below_a_line_of_names_are_cells(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(b"id,title\n1," + b"\x1f" * 12 + b"\n")
    assert [record.cells for record in read_table(path).records()] == [["1", "\x1f" * 12]]
