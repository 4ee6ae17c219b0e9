"""Texts of one row by field."""

from collections.abc import Mapping, Sequence

# Texts by field, stripped, one for each column that feeds it; a field without a column is absent.
Values = Mapping[str, Sequence[str]]


def first_text(values: Values, field_name: str) -> str:
    """Return the first text of a field; "" without any."""
    for text in values.get(field_name, ()):
        if text:
            return text
    return ""
