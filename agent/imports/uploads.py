"""Uploads: files as they arrive, in bounded memory, and then in the database."""

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from agent.imports.schema import ImportRequest
from agent.imports.settings import MOST_FILE_BYTES, MOST_FILES
from domain_services.kernel.errors import Invalid, TooLarge
from memory.imports import PART_BYTES, ImportFile, Imports

MULTIPART = "multipart/form-data"
OPTIONS_FIELD = "options"
MOST_OPTIONS_BYTES = 256 * 1024
MOST_NAME_BYTES = 150
DEFAULT_NAME = "upload.csv"
_NO_NAME = re.compile(r"\.*")


@dataclass
class ReceivedFile:
    """File that has arrived, in a temporary file without a name."""

    name: str
    """Name without any folder."""
    stream: IO[bytes]
    """Content."""
    bytes: int
    """Size."""


@dataclass
class Received:
    """Upload that has arrived."""

    files: list[ReceivedFile] = field(default_factory=list[ReceivedFile])
    """Files, in the order of the upload."""
    options: str = "{}"
    """Options as JSON."""
    content_hash: str = ""
    """Hash of names, contents and options: the same request has the same."""

    def request(self) -> ImportRequest:
        """Parse the options. Raises: `Invalid`."""
        return parse_options(self.options)


def parse_options(text: str) -> ImportRequest:
    """Parse options. Raises: `Invalid`, with the field at fault."""
    if len(text) > MOST_OPTIONS_BYTES:
        raise Invalid(f"options: at most {MOST_OPTIONS_BYTES} bytes")
    try:
        return ImportRequest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(["options", *map(str, first["loc"])])[:200]
        raise Invalid(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def plain_name(name: str | None) -> str:
    """Return a name of one file: no folder, no control characters, not too long."""
    last = re.split(r"[/\\]", name or "")[-1]
    letters = "".join(
        letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    ).strip()
    if _NO_NAME.fullmatch(letters):
        return DEFAULT_NAME
    while len(letters.encode()) > MOST_NAME_BYTES:
        # The end tells the kind of the file.
        letters = letters[1:]
    return letters


@asynccontextmanager
async def receiving(request: Request, name: str | None, options: str) -> AsyncIterator[Received]:
    """Receive the files of a request; they are gone at the end of the block.

    A body of `multipart/form-data` has one part a file and, if it likes, a field `options`; any
    other body is one file of the given name. Raises: `Invalid`, `TooLarge`.
    """
    content_type = request.headers.get("content-type", "")
    with ExitStack() as stack:
        if content_type.partition(";")[0].strip().lower() == MULTIPART:
            received = await _receive_form(request, stack, options)
        else:
            received = Received([await _receive_raw(request, stack, name)], options)
        if not received.files:
            raise Invalid("the upload has no file; send at least one")
        received.content_hash = await asyncio.to_thread(_hash, received)
        yield received


async def _receive_form(request: Request, stack: ExitStack, options: str) -> Received:
    try:
        form = await request.form(
            max_files=MOST_FILES, max_fields=10, max_part_size=MOST_OPTIONS_BYTES
        )
    except MultiPartException as error:
        raise Invalid(f"the form cannot be read: {error.message}") from error
    received = Received(options=options)
    # Before any of them is refused: a field between two files would leave the second open.
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            stack.callback(value.file.close)
    for field_name, value in form.multi_items():
        if isinstance(value, UploadFile):
            size = value.size or 0
            _check_size(value.filename, size)
            received.files.append(ReceivedFile(plain_name(value.filename), value.file, size))
        elif field_name == OPTIONS_FIELD:
            received.options = value
        else:
            raise Invalid(f"{plain_name(field_name)}: is no field; send files and {OPTIONS_FIELD}")
    return received


async def _receive_raw(request: Request, stack: ExitStack, name: str | None) -> ReceivedFile:
    stream = TemporaryFile()  # noqa: SIM115 (the stack closes it)
    stack.callback(stream.close)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        _check_size(name, size)
        await asyncio.to_thread(stream.write, chunk)
    if not size:
        raise Invalid("the upload is empty; send the file as the body")
    return ReceivedFile(plain_name(name), stream, size)


def _check_size(name: str | None, size: int) -> None:
    if size > MOST_FILE_BYTES:
        raise TooLarge(
            f"{plain_name(name)} is larger than {MOST_FILE_BYTES // 1024**2} MB: divide it, and"
            " upload the parts together"
        )


def _hash(received: Received) -> str:
    digest = hashlib.sha256(received.options.encode())
    for file in received.files:
        digest.update(f"\n{file.name}\n{file.bytes}\n".encode())
        for part in _parts(file):
            digest.update(part)
    return digest.hexdigest()


def _parts(file: ReceivedFile) -> Iterator[bytes]:
    file.stream.seek(0)
    while part := file.stream.read(PART_BYTES):
        yield part


async def keep(imports: Imports, import_id: UUID, received: Received) -> None:
    """Write the files of an upload into the database, part by part.

    An import whose files cannot be kept is deleted. Raises: `Conflict` when it was cancelled.
    """
    try:
        for number, file in enumerate(received.files):
            await imports.add_file(import_id, ImportFile(number, file.name, file.bytes))
            for part_number, part in enumerate(_parts(file)):
                await imports.add_part(import_id, number, part_number, part)
    except BaseException:
        # The error that is raised says more than one of this.
        with suppress(Exception):
            await imports.discard(import_id)
        raise
