"""Depth of nested JSON, measured without a parser."""

# Parsers spend time and stack on depth before they refuse it: docs/adr/0055-json-depth.md.

import re

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHER = bytes(set(range(256)) - set(b'[]{}"'))


def is_deeper(body: bytes, limit: int) -> bool:
    """Tell whether JSON nests more than `limit` arrays and objects; any answer for other text."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    signs = _ESCAPED.sub(b"", body).translate(_AS_BRACKETS, _OTHER)
    # Strings without brackets are two quotes now; taking pairs away leaves the others as they are.
    brackets = _STRING.sub(b"", signs.replace(b'""', b""))
    for _ in range(limit):
        # Each round takes away the innermost pairs, all at once.
        before = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    return b"[]" in brackets or brackets.count(b"[") > limit
