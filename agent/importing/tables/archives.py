"""Tell what lies in a zip archive or an old office file: workbooks are both."""

import zlib
from lzma import LZMAError
from zipfile import BadZipFile, ZipFile

from agent.importing.errors import CsvRefused
from agent.importing.tables.source import Source

# About 150,000 rows of 40 cells, which take minutes to read; as CSV they take seconds.
MAX_UNPACKED_BYTES = 1 << 28
# Sheets shrink to a tenth or a thirtieth; only what is made to burst shrinks to less than this.
MAX_RATIO = 200
_RATIO_FROM_BYTES = 1 << 24
_SHOWN_FILES = 3
_SEARCHED_BYTES = 1 << 26
_SAVE_AS = "save it as .xlsx or CSV in a spreadsheet program and import that"
_MEMBERS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)", _SAVE_AS),
    ("word/document.xml", "a text document (Word)", "export the tasks as CSV and import that"),
    ("ppt/presentation.xml", "a presentation", "export the tasks as CSV and import that"),
)
_STREAMS = (
    ("EncryptedPackage", "a workbook that is protected by a password", "save it without one"),
    ("Workbook", "an old workbook (.xls)", _SAVE_AS),
    ("Book", "an old workbook (.xls)", _SAVE_AS),
    ("WordDocument", "a text document (Word)", "export the tasks as CSV and import that"),
)
# By what stands in a damaged archive, and by the packing of a damaged member.
_DAMAGES = (
    BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    zlib.error,
    LZMAError,
)


def check_zip(source: Source) -> None:
    """Check that a zip archive is a workbook of a size that can be read. Raises: `CsvRefused`."""
    try:
        with source.open() as stream, ZipFile(stream) as archive:
            sizes = [(item.file_size, item.compress_size) for item in archive.infolist()]
            names = archive.namelist()
            mimetype = _start_of(archive, "mimetype") if "mimetype" in names else b""
    except _DAMAGES as error:
        raise CsvRefused(
            f"{source.name} begins as a workbook or zip archive but is damaged or cut ({error}): "
            "export or download it again."
        ) from error
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise _refused(source, "an OpenDocument spreadsheet (.ods)", _SAVE_AS)
    for member, name, remedy in _MEMBERS:
        if member in names:
            raise _refused(source, name, remedy)
    if any(name.endswith(".iwa") for name in names):
        raise _refused(source, "a document of Numbers or Pages", _SAVE_AS)
    if "xl/workbook.xml" not in names:
        files = ", ".join([name for name in names if not name.endswith("/")][:_SHOWN_FILES])
        raise _refused(
            source,
            f"a zip archive of {len(names)} files ({files or 'none'})",
            "unpack it and import the table in it",
        )
    unpacked = sum(size for size, _ in sizes)
    bursts = any(size > _RATIO_FROM_BYTES and size > packed * MAX_RATIO for size, packed in sizes)
    if bursts or unpacked > MAX_UNPACKED_BYTES:
        raise CsvRefused(
            f"{source.name} is a workbook that unpacks to {unpacked >> 20:,} MB, more than is "
            "read. Save its sheet as CSV and import that."
        )


def check_old_office(source: Source) -> None:
    """Name a file in the container of old office programs. Raises: `CsvRefused`, always."""
    with source.open() as stream:
        content = stream.read(_SEARCHED_BYTES)
    for name, what, remedy in _STREAMS:
        if name.encode("utf-16-le") in content:
            raise _refused(source, what, remedy)
    raise _refused(source, "a file of an old office program", _SAVE_AS)


def _start_of(archive: ZipFile, name: str) -> bytes:
    # The whole member may unpack to more than the memory holds.
    with archive.open(name) as member:
        return member.read(100)


def _refused(source: Source, name: str, remedy: str) -> CsvRefused:
    return CsvRefused(f"{source.name} is {name}, not a table that can be read: {remedy}.")
