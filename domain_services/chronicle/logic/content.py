"""Whether two notes say the same."""

import hashlib

import orjson

from domain_services.kernel.types import Wire


def digest(note: Wire, *without: str) -> str:
    """SHA-256 (hex) of what the note says, less the fields `without`.

    Fields at their default count as not said, so that a field added later changes no digest.
    """
    said = note.model_dump(mode="json", exclude=set(without), exclude_defaults=True)
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
