"""Texts of one line without markup, control characters and surplus length."""

import html
import re
import unicodedata

# Only names of HTML: `List<String>` and `a < b` are text.
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|br|center|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s"
    r"|script|small|span|strike|strong|style|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul)"
    r"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")


def plain_line(text: str) -> str:
    """Return a text as one line: no markup of HTML, no control character, single spaces.

    Text of more than one line or with invisible characters of control is joined by spaces.
    """
    if text.isprintable() and "<" not in text and "&" not in text and "  " not in text:
        return text.strip()
    if "<" in text:
        text = _TAG.sub(" ", _SCRIPT.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    # Cc are control characters, Cs lone surrogates, which no service stores.
    letters = (" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)
    return " ".join("".join(letters).split())


def shortened(text: str, characters: int) -> str:
    """Return the text, cut to a number of characters with an ellipsis at its end."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "\u2026"
