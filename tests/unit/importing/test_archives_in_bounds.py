"""A zip archive is named for what it is, whatever it holds, and nothing large is unpacked."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.tables import archives
from agent.importing.tables.archives import check_zip
from agent.importing.tables.source import file_source

ODS = b"application/vnd.oasis.opendocument.spreadsheet"
DEFLATED, LZMA = zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA


def archive(parts: dict[str, bytes], packing: int = DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return stream.getvalue()


def check(folder: Path, content: bytes) -> None:
    path = folder / "tasks.xlsx"
    path.write_bytes(content)
    check_zip(file_source(path))


def with_header(content: bytes, place: int, value: int) -> bytes:
    """Put a number into both headers of the only member, at its place in the first one."""
    first, second = content.index(b"PK\3\4") + place, content.index(b"PK\1\2") + place + 2
    changed = bytearray(content)
    struct.pack_into("<H", changed, first, value)
    struct.pack_into("<H", changed, second, value)
    return bytes(changed)


def with_broken_content(packing: int) -> bytes:
    """Turn the packed bytes of the only member into others."""
    content = archive({"mimetype": ODS * 9}, packing)
    start = content.index(b"mimetype") + len(b"mimetype")
    end = content.index(b"PK\1\2")
    return content[:start] + b"\xff" * (end - start) + content[end:]


def test_spreadsheet_of_another_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match=r"an OpenDocument spreadsheet \(\.ods\)"):
        check(tmp_path, archive({"mimetype": ODS, "content.xml": b"<a/>"}))


def test_member_that_tells_the_kind_is_not_unpacked_whole(tmp_path: Path) -> None:
    content = archive({"mimetype": b"\0" * (64 << 20)})
    tracemalloc.start()
    try:
        with pytest.raises(CsvRefused, match=r"a zip archive of 1 files \(mimetype\)"):
            check(tmp_path, content)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(with_header(archive({"mimetype": ODS}), 6, 1), id="password"),
        pytest.param(with_header(archive({"mimetype": ODS}), 8, 99), id="unknown packing"),
        pytest.param(with_broken_content(DEFLATED), id="deflate"),
        pytest.param(with_broken_content(LZMA), id="lzma"),
        pytest.param(archive({"mimetype": ODS})[:60], id="cut"),
    ],
)
def test_archive_that_cannot_be_unpacked_is_called_damaged(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="is damaged or cut"):
        check(tmp_path, content)


def test_folders_are_no_files_of_an_archive(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match=r"a zip archive of 1 files \(none\)"):
        check(tmp_path, archive({"folder/": b""}))


def test_workbook_of_many_parts_is_bounded_by_their_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {"xl/workbook.xml": bytes(range(250)), "xl/sheet.xml": bytes(range(250))}
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 500)
    check(tmp_path, archive(parts))
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 499)
    with pytest.raises(CsvRefused, match="more than is read"):
        check(tmp_path, archive(parts))


@pytest.mark.parametrize(("least", "ratio", "is_read"), [(1000, 2, False), (10_000, 2, True)])
def test_only_a_large_part_may_not_shrink_to_next_to_nothing(
    least: int, ratio: int, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_RATIO_FROM_BYTES", least)
    monkeypatch.setattr(archives, "MAX_RATIO", ratio)
    content = archive({"xl/workbook.xml": b"\0" * 5000})
    if is_read:
        check(tmp_path, content)
    else:
        with pytest.raises(CsvRefused, match="more than is read"):
            check(tmp_path, content)


def test_large_part_that_shrinks_as_sheets_do_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_RATIO_FROM_BYTES", 100)
    check(tmp_path, archive({"xl/workbook.xml": bytes(range(250))}))
