"""How deeply JSON is nested, found without parsing it: parsers pay for depth before refusing."""

import re

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHER = bytes(set(range(256)) - set(b'[]{}"'))


def is_deeper(body: bytes, limit: int) -> bool:
    """Whether `body` nests more than `limit` arrays and objects; what is no JSON may be either."""
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
