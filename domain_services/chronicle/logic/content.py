"""Digests of notes, which show that two have the same content."""

import hashlib

import orjson
from pydantic.main import IncEx

from domain_services.kernel.types import Wire


def digest(note: Wire, exclude: IncEx) -> str:
    """Compute the SHA-256 (hex) of the note's content, less the fields to `exclude`."""
    # Defaults are left out, so that a field added later changes no stored digest.
    content = note.model_dump(mode="json", exclude=exclude, exclude_defaults=True)
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
