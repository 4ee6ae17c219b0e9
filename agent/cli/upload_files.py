"""Files of an import on this machine, and the form in which they are sent."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from agent.importing.errors import CsvRefused
from agent.importing.reading.export_files import DASH
from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.document import write_document
from agent.importing.tables.source import Source, file_source, standard_input
from agent.importing.tables.spool import Spool
from agent.imports.settings import MOST_FILE_BYTES, MOST_FILES, MOST_UPLOAD_BYTES
from domain_services.kernel.client.http_client import Upload

TRACKER_FILE = "tracker.jsonl"
CHUNK_BYTES = 256 * 1024
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class UploadFile:
    """File that is sent."""

    name: str
    """Name for people: the path as it was given, or the tracker."""
    source: Source
    """Content."""
    path: Path | None = None
    """Path of the file; None for standard input and a tracker."""
    rejects: Path | None = None
    """Where refused rows go when nobody names a place; None: they are only shown."""
    sent_name: str = ""
    """Name that the orchestrator learns; empty: that of the path."""
    remedy: str = "divide it, and import the parts together"
    """What to do with a content that is too large."""

    @property
    def bytes(self) -> int:
        """Size of the content. Raises: `CsvRefused` when it cannot be read."""
        try:
            with self.source.open() as stream:
                return stream.seek(0, 2)
        except OSError as error:
            raise CsvRefused(
                f"{self.name} cannot be read: {error.strerror or error}; name a CSV file that can"
                " be."
            ) from error


def open_files(paths: Sequence[Path]) -> list[UploadFile]:
    """Open the files of a command; standard input is read to its end. Raises: `CsvRefused`."""
    files = [
        UploadFile("standard input", standard_input(), rejects=_rejects(Path("standard input")))
        if path == DASH
        else UploadFile(str(path), file_source(path), path, _rejects(path))
        for path in paths
    ]
    check_sizes(files)
    return files


def _rejects(path: Path) -> Path:
    return path.with_suffix(".rejected.csv")


def tracker_file(source: SourceRows) -> UploadFile:
    """Write what a tracker told into a file that has no name, and return it.

    Raises: `CsvRefused` for more than an import takes.
    """
    spool = Spool()
    with open(spool.descriptor, "wb", closefd=False) as stream:
        write_document(source, stream)
    file = UploadFile(
        source.name,
        Source(source.name, spool.open),
        sent_name=TRACKER_FILE,
        remedy="read a part of it, by --jql or --labels",
    )
    check_sizes([file])
    return file


def check_sizes(files: Sequence[UploadFile]) -> int:
    """Return the bytes of all files. Raises: `CsvRefused` for more than an import takes."""
    if len(files) > MOST_FILES:
        raise CsvRefused(
            f"{len(files)} files are more than the {MOST_FILES} of one import: import some of them,"
            " then the others."
        )
    sizes = [file.bytes for file in files]
    for file, size in zip(files, sizes, strict=True):
        if size > MOST_FILE_BYTES:
            raise CsvRefused(
                f"{file.name} is larger than {MOST_FILE_BYTES // _MEGABYTE} MB: {file.remedy}."
            )
    if sum(sizes) > MOST_UPLOAD_BYTES:
        raise CsvRefused(
            f"The files are larger than {MOST_UPLOAD_BYTES // _MEGABYTE} MB together: import some"
            " of them, then the others."
        )
    return sum(sizes)


def form_of(files: Sequence[UploadFile], options: str, sent: Callable[[int], None]) -> Upload:
    """Make the form of an upload; `sent` is called with the bytes of each chunk as it leaves."""
    boundary = uuid4().hex
    content = _form(files, options, boundary, sent)
    return Upload(content, f"multipart/form-data; boundary={boundary}")


async def _form(
    files: Sequence[UploadFile], options: str, boundary: str, sent: Callable[[int], None]
) -> AsyncIterator[bytes]:
    yield _head(boundary, 'name="options"') + options.encode()
    for file in files:
        name = (file.sent_name or Path(file.name).name).replace("\\", "_").replace('"', "%22")
        plain_name = "".join(letter for letter in name if letter.isprintable())
        yield b"\r\n" + _head(boundary, f'name="files"; filename="{plain_name}"')
        with file.source.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
                sent(len(chunk))
    yield f"\r\n--{boundary}--\r\n".encode()


def _head(boundary: str, disposition: str) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode(errors="replace")
