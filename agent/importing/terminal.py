"""Text of other people, made safe for a terminal."""

import unicodedata


def printable(text: str) -> str:
    """Replace control and direction characters, so that none acts on a terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in ("Cc", "Cf")
        else character
        for character in text
    )
