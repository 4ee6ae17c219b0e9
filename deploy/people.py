"""People's keys in a folder: the file that services read, and the plain keys of this machine."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.catalogue import SERVICES
from deploy.errors import StackError
from deploy.keys import JOBS, ROLES, digest
from deploy.secret_files import SecretFiles, write_whole
from domain_services.kernel.people import (
    NAME_PATTERN,
    People,
    PeopleError,
    Person,
    PersonRole,
    describe_os_error,
    describe_time,
    parse_people,
    read_people,
)
from domain_services.kernel.types import utc_now

PEOPLE_FILE = "people.json"

# Words that would be mistaken for the key of a role or a program in audits and histories.
TAKEN = frozenset(
    {*ROLES, *JOBS, "service", *(word for spec in SERVICES for word in (spec.name, spec.identity))}
)


class PeopleKeys:
    """Keys of people in a data folder, or in any folder from which a Secret is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / PEOPLE_FILE
        self._kept = folder / "people"

    def prepare(self) -> None:
        """Write an empty file where there is none: a missing one is a fault."""
        with self._locked():
            if not self.file.exists():
                self._write(People())

    def list(self) -> tuple[Person, ...]:
        """Return everybody who has or had a key. Raises: `StackError` for a broken file."""
        if not self.file.exists():
            return ()
        try:
            return parse_people(read_people(self.file), TAKEN).people
        except PeopleError as error:
            raise StackError(
                f"{self.file} is no file of people's keys: {error}; mend it, or put back a copy"
            ) from error
        except OSError as error:
            raise StackError(f"cannot read {self.file}: {describe_os_error(error)}") from error

    def document(self) -> str:
        """Write the file's content for a Secret; nobody where no key was made yet.

        Raises: `StackError` for a file that is broken or lost: its Secret would refuse everybody.
        """
        self._refuse_lost_file()
        return _text(People(people=self.list()))

    def add(self, name: str, role: PersonRole) -> str:
        """Make a key for a person, keep it for this machine, and return it.

        Raises: `StackError` for a name that cannot be used or has a key.
        """
        check_name(name)
        with self._locked():
            self._refuse_lost_file()
            people = self.list()
            if _active(people, name) is not None:
                raise StackError(
                    f"{name} has a key; revoke it before you make another: dsm keys revoke {name}"
                )
            key = "dsm_" + secrets.token_urlsafe(32)
            person = Person(name=name, role=role, sha256=digest(key), created_at=utc_now())
            # The file first: a key that is kept and not known would be refused everywhere.
            self._write(People(people=(*people, person)))
            SecretFiles(self._kept).prepare()
            write_whole(self._path(name), key)
        return key

    def revoke(self, name: str) -> Person:
        """Refuse a person's key from now on. Raises: `StackError` for a person without a key."""
        with self._locked():
            people = self.list()
            person = _active(people, name)
            if person is None:
                raise StackError(
                    f"{name} has no key that could be revoked; dsm keys list names all"
                )
            revoked = person.model_copy(update={"revoked_at": utc_now()})
            self._write(People(people=tuple(revoked if p is person else p for p in people)))
            self._path(name).unlink(missing_ok=True)
        return revoked

    def path_of(self, name: str) -> Path:
        """Return the file with a person's plain key. Raises: `StackError` when it has none."""
        check_name(name)
        if self._path(name).exists():
            return self._path(name)
        add = f"dsm keys add {name} --role operator --data-dir {self.folder}"
        mine = [person for person in self.list() if person.name == name]
        if not mine:
            raise StackError(f"{name} has no key in {self.folder}; make one with: {add}")
        if mine[-1].revoked_at is None:
            raise StackError(
                f"the key of {name} is not kept in {self._kept}; name its file by --key-file"
            )
        raise StackError(
            f"the key of {name} was revoked at {describe_time(mine[-1].revoked_at)};"
            f" make another with: {add}"
        )

    def _refuse_lost_file(self) -> None:
        """Refuse to begin a new file while keys of people are kept here: it would refuse them."""
        names = sorted(path.stem for path in self._kept.glob("*.key"))
        if names and not self.file.exists():
            raise StackError(
                f"{self.file} is missing, and keys of {', '.join(names)} are kept in {self._kept}:"
                " put back a copy, or remove them to begin anew"
            )

    def _path(self, name: str) -> Path:
        return self._kept / f"{name}.key"

    def _write(self, people: People) -> None:
        write_whole(self.file, _text(people))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other commands from the file until the block ends."""
        SecretFiles(self.folder).prepare()
        descriptor = os.open(self.folder / "people.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def check_name(name: str) -> None:
    """Check the name of a person. Raises: `StackError`."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise StackError(
            f"{name!r} cannot be a name: it is one word of letters, digits, '.', '_', '@' and '-',"
            " at most 64 characters, and begins with a letter or digit"
        )
    if name.lower() in TAKEN:
        raise StackError(f"{name} is the name of a role or a service; choose another name")


def _text(people: People) -> str:
    return people.model_dump_json(indent=2) + "\n"


def _active(people: tuple[Person, ...], name: str) -> Person | None:
    return next((p for p in people if p.name == name and p.revoked_at is None), None)
