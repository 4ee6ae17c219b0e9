"""Keys of people: a JSON file of names, roles and hashes that every service reads again by itself.

A revoked person stays in the file, so that it tells who had a key until when.
"""

import os
import stat
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

logger = structlog.get_logger()

MOST_BYTES = 1_000_000  # of the file; a person takes about 200
NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"

PersonRole = Literal["viewer", "operator", "admin"]
_Stamp = tuple[int, int, int, int]


class Person(BaseModel):
    """A person with a key; the file holds its SHA-256, never the key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=f"^{NAME_PATTERN}$")]
    """Name in audits and histories."""
    role: PersonRole
    """Role of the key."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the key, hex."""
    created_at: AwareDatetime
    """Time at which the key was made."""
    revoked_at: AwareDatetime | None = None
    """Time from which the key is refused; None while it is accepted."""


class People(BaseModel):
    """Content of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: tuple[Person, ...] = ()
    """Everybody who has or had a key, the oldest key first."""

    @model_validator(mode="after")
    def _named_once(self) -> "People":
        names = [person.name for person in self.people if person.revoked_at is None]
        if len(set(names)) < len(names):
            raise ValueError("a name has two keys; revoke one of them")
        return self


class PeopleError(Exception):
    """File that cannot be used, with the reason in words, without its content."""


def parse_people(text: str | bytes, reserved: Collection[str] = ()) -> People:
    """Read the content of a file; `reserved` are names of other keys. Raises: `PeopleError`."""
    if not text.strip():
        raise PeopleError("it is empty")
    try:
        people = People.model_validate_json(text)
    except ValidationError as error:
        # Without its input, which may hold a key that somebody pasted there.
        first = error.errors(include_input=False, include_url=False)[0]
        raise PeopleError(_describe_fault(first)) from None
    if wrong := sorted({person.name for person in people.people} & set(reserved)):
        raise PeopleError(f"the name {wrong[0]} is that of a role or a service")
    return people


def _describe_fault(fault: ErrorDetails) -> str:
    if fault["type"] == "json_invalid":
        return f"it is no whole JSON: {fault.get('ctx', {}).get('error', fault['msg'])}"
    place = ".".join(map(str, fault["loc"]))
    message = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def read_people(path: Path) -> bytes:
    """Read the content of a file of at most `MOST_BYTES`. Raises: `OSError`, `PeopleError`."""
    # A named pipe without a writer would stop the service for good at its first read.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PeopleError("it is a folder, a pipe or a device, not a file")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        raise PeopleError(f"it is larger than {MOST_BYTES} bytes")
    return content


class PeopleFile:
    """The file as a service reads it: again when it changes; a broken one changes nothing."""

    def __init__(self, path: Path, reserved: Iterable[str] = ()) -> None:
        self._path = path
        self._reserved = frozenset(reserved)
        self._stamp: _Stamp | None = None
        self._people = People()
        self._is_read = False
        self._trouble: str | None = "it was not read yet"
        self.current()

    def current(self) -> People:
        """Return the people of the newest file that could be read."""
        # Asked at each request: a look costs two microseconds, and a revoked key must not be
        # accepted for another second (docs/adr/0143-peoples-keys.md).
        try:
            stamp = _stamp_of(self._path)
        except OSError as error:
            self._note(describe_os_error(error))
            self._stamp = None
            return self._people
        # A broken file is read at each request: a second half may follow within the same tick.
        if stamp != self._stamp or self._trouble is not None:
            self._read(stamp)
        return self._people

    def sentences(self) -> list[str]:
        """Return what a person has to know about the file; empty when it could be read."""
        self.current()
        if self._trouble is None:
            return []
        # Without its place: readiness needs no key.
        effect = (
            "the keys read before hold on"
            if self._is_read
            else "no key of a person is accepted before that"
        )
        return [
            f"the file of people's keys is not used as it is: {self._trouble}; mend it, or put back"
            f" a copy; {effect}"
        ]

    def _read(self, stamp: _Stamp) -> None:
        try:
            people = parse_people(read_people(self._path), self._reserved)
        except OSError as error:
            self._note(describe_os_error(error))
        except PeopleError as error:
            self._note(str(error))
        else:
            if self._stamp is not None or self._trouble is not None:
                logger.info("people.read", people=len(people.people))
            self._people, self._trouble, self._is_read = people, None, True
        self._stamp = stamp

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("people.not_read", file=str(self._path), reason=trouble)
        self._trouble = trouble


def describe_os_error(error: OSError) -> str:
    """Say why a file could not be read."""
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, PermissionError):
        return "its owner or mode does not let this account read it"
    return f"it cannot be read: {error.strerror}"


def _stamp_of(path: Path) -> _Stamp:
    state = path.stat()
    return (state.st_mtime_ns, state.st_ino, state.st_size, state.st_ctime_ns)


def describe_time(moment: datetime) -> str:
    """Write a time as messages show it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
