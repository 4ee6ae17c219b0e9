"""Project ids from the names that people gave to projects and boards."""

import re
import unicodedata

from domain_services.kernel.types import PROJECT_ID, RESERVED_IDS

MAX_CHARACTERS = 32  # of a project id
_FORBIDDEN = re.compile(r"[^A-Z0-9_]+")


def project_of_name(name: str) -> str | None:
    r"""Make a project's name an id: `Web shop` becomes `WEB-SHOP`; None when none can be made.

    Of a path such as `Shop\\Core` the first part is the project. Accents are dropped; a name with a
    letter that has no Latin one, as `Магазин`, has no id.
    """
    root = name.strip().strip("\\").partition("\\")[0]
    decomposed = unicodedata.normalize("NFKD", root)
    text = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).upper()
    # Dropping such letters could make two projects one.
    if any(letter.isalnum() and not letter.isascii() for letter in text):
        return None
    candidate = _FORBIDDEN.sub("-", text)[:MAX_CHARACTERS].strip("-_")
    if not re.fullmatch(PROJECT_ID, candidate) or candidate.lower() in RESERVED_IDS:
        return None
    return candidate
