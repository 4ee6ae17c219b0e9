"""People on a task, and their ids, derived from the names in a file."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from agent.importing.meaning.json_cells import json_names
from agent.importing.meaning.plain_text import plain_line, shortened
from agent.importing.meaning.status_names import NOBODY, names_in

MAX_CHARACTERS = 64  # of an EmployeeId
MAX_ADDRESS = 254
MAX_NAME = 300  # of an employee
# 4 billion values: two names of one file practically never share one.
_HASH_DIGITS = 8
_FORBIDDEN = re.compile("[^A-Za-z0-9._@-]+")
_ADDRESS = re.compile(r"[^\s<>,;@()]+@[^\s<>,;@()]+\.[^\s<>,;@()]+")
# A name with its address, or with its login, as in `Ann Li <ann@example.com>`.
_WITH_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_IN_PARENTHESES = re.compile(rf"(?P<name>[^()]*)\((?P<address>{_ADDRESS.pattern})\)")
# A comma behind an address ends a person; one within a name does not. Mentions need none.
_BETWEEN = re.compile(r"\s*[;\n|]\s*|\s+/\s+|(?<=>)\s*,\s*|\s+(?=@\w)")
_COMMA = re.compile(r"\s*,\s*")
# A surname of several words, as in `van der Berg, Anna Maria`.
_SURNAME = re.compile(r"[a-z'\u2019]+\s+(?:[a-z'\u2019]+\s+)*[^\W\d_a-z]\S*")
# A login has a small letter at its start, or a character that no name has.
_LOGIN = re.compile(r"[a-z][^\s]*|[^\s]*[0-9_@][^\s]*")
_NOBODY = frozenset(names_in(NOBODY))


@dataclass(frozen=True, slots=True)
class Person:
    """Person on a task."""

    name: str
    """Name as the file writes it, or the address without one."""
    email: str | None = None
    """Address; None when the file does not tell it."""


@lru_cache(maxsize=4096)
def people_of(text: str, *, several: bool = False) -> tuple[Person, ...]:
    """Return the people that a cell names, each once, in its order; empty when it names nobody.

    `several` says that the column is a list, as one called Assignees. In another column a comma
    may stand within a name, as in `Doe, John`, and separates people only where it cannot.
    """
    content = text.strip()
    if (names := json_names(content)) is not None:
        return tuple(person for name in names if (person := _person(name)) is not None)
    if content.startswith("[") and content.endswith("]"):
        content, several = content[1:-1], True
    words = content.split()
    if all(_ADDRESS.fullmatch(word) for word in words):
        content = "\n".join(words)
    people: dict[str, Person] = {}
    for part in _BETWEEN.split(content):
        names = _COMMA.split(part)
        divided = len(names) > 1 and (several or _are_people(names))
        for name in names if divided else [part]:
            person = _person(name.strip(" \"'"))
            if person is not None:
                people.setdefault(person.name, person)
    return tuple(people.values())


def address_in(text: str) -> str | None:
    """Return the first e-mail address in a text; None without one that can be kept."""
    match = _ADDRESS.search(text)
    return match[0] if match and len(match[0]) <= MAX_ADDRESS and match[0].isprintable() else None


def _are_people(parts: list[str]) -> bool:
    """Tell whether the parts around commas are whole names."""
    if any("<" in part or _ADDRESS.fullmatch(part) for part in parts):
        return all("<" in part or _ADDRESS.fullmatch(part) for part in parts)
    return (
        len(parts) > 2
        or (all(" " in part for part in parts) and not _SURNAME.fullmatch(parts[0]))
        or any(_LOGIN.fullmatch(part) for part in parts)
    )


def _person(text: str) -> Person | None:
    match = _WITH_ADDRESS.fullmatch(text) or _IN_PARENTHESES.fullmatch(text)
    name, address = (match["name"], match["address"]) if match else (text, "")
    name, address = plain_line(name).strip(" \"'"), address.strip()
    email = address_in(address) or address_in(name)
    # A mention is a login.
    name = shortened((name or email or address).removeprefix("@"), MAX_NAME)
    if name.casefold() in _NOBODY or employee_id(name) is None:
        return None
    return Person(name, email)


@lru_cache(maxsize=4096)
def employee_id(name: str) -> str | None:
    """Derive a person's id; None for a name without a letter, digit or symbol, as in "-".

    Letters, digits and `._@-` stay, and a space becomes a dot. A hash of the name follows when
    anything else was dropped or cut, so that two names do not become one person. Only a name with
    a space and the same name with a dot share an id.
    """
    normalised = _normalise(name)
    if not any(unicodedata.category(character)[0] in "LNS" for character in normalised):
        return None
    dotted = normalised.replace(" ", ".")
    readable = _FORBIDDEN.sub(".", dotted).strip("._@-")
    if readable == dotted and len(readable) <= MAX_CHARACTERS:
        return readable
    digits = sha256(normalised.encode()).hexdigest()[:_HASH_DIGITS]
    start = readable[: MAX_CHARACTERS - _HASH_DIGITS - 1].rstrip("._@-") or "person"
    return f"{start}-{digits}"


def _normalise(name: str) -> str:
    """Bring names that look alike to one spelling: composed, single spaces, nothing invisible."""
    # Names copied from web pages bring zero-width characters (category Cf).
    visible = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return " ".join(unicodedata.normalize("NFC", visible).split())
