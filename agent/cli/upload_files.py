"""Files of an import on this machine, and the form in which they are sent."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from agent.importing.errors import CsvRefused
from agent.importing.reading.export_files import DASH
from agent.importing.tables.source import Source, file_source, standard_input
from agent.imports.settings import MOST_FILE_BYTES, MOST_FILES, MOST_UPLOAD_BYTES
from domain_services.kernel.client.http_client import Upload

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
        UploadFile("standard input", standard_input())
        if path == DASH
        else UploadFile(str(path), file_source(path), path)
        for path in paths
    ]
    check_sizes(files)
    return files


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
                f"{file.name} is larger than {MOST_FILE_BYTES // _MEGABYTE} MB: divide it, and"
                " import the parts together."
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
        name = Path(file.name).name.replace("\\", "_").replace('"', "%22")
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
