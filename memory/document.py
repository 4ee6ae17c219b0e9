"""JSON encoder of the database: refuse text that PostgreSQL cannot store, never change it."""

import re
from typing import Any

import orjson

from domain_services.kernel.errors import Invalid

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode(value: Any) -> bytes:
    """Encode `value` as JSON. NaN and infinities become null: JSON has no such numbers.

    Raises: `Invalid` for NUL, a lone surrogate, or a value that JSON cannot hold.
    """
    try:
        encoded = orjson.dumps(value)
    except TypeError as error:  # orjson's JSONEncodeError is one
        raise Invalid(f"cannot be stored as JSON: {error}; correct the text") from error
    # A plain search first: the expression alone takes a hundred times as long.
    if b"\\u0000" in encoded and _NUL.search(encoded):
        raise Invalid("contains NUL, which cannot be stored; remove it from the text")
    return encoded
