"""Employee ids, derived from the names in a file."""

import re
import unicodedata
from hashlib import sha256

MAX_CHARACTERS = 64  # of an EmployeeId
# 4 billion values: two names of one file practically never share one.
_HASH_DIGITS = 8
_FORBIDDEN = re.compile("[^A-Za-z0-9._@-]+")


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
