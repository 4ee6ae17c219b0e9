"""Ids of people, from the names that a file gives them."""

import re
import unicodedata
from hashlib import sha256

MOST_CHARACTERS = 64  # of an EmployeeId
_HASH_DIGITS = 8
_NOT_KEPT = re.compile("[^A-Za-z0-9._@-]+")


def employee_id(name: str) -> str | None:
    """A person's id; None for a name without a letter, digit or symbol, as in "-".

    Letters, digits and `._@-` are kept and a space is written as a dot. When anything else had to
    be dropped or cut, a hash of the name follows, so that two names do not become one person;
    only a name with a space and the same one with a dot in its place are.
    """
    normalised = _normalised(name)
    if not any(unicodedata.category(character)[0] in "LNS" for character in normalised):
        return None
    dotted = normalised.replace(" ", ".")
    kept = _NOT_KEPT.sub(".", dotted).strip("._@-")
    if kept == dotted and len(kept) <= MOST_CHARACTERS:
        return kept
    digits = sha256(normalised.encode()).hexdigest()[:_HASH_DIGITS]
    start = kept[: MOST_CHARACTERS - _HASH_DIGITS - 1].rstrip("._@-") or "person"
    return f"{start}-{digits}"


def _normalised(name: str) -> str:
    """One spelling of what looks alike: composed, single spaces, nothing invisible."""
    shown = "".join(each for each in name if unicodedata.category(each) != "Cf")
    return " ".join(unicodedata.normalize("NFC", shown).split())
