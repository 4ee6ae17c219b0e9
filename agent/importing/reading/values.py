"""Texts of one row by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


# Not frozen, though nobody changes one: freezing costs more than the rest of its making.
@dataclass(slots=True)
class Values:
    """Texts of one row by field, stripped; a field without a column is absent."""

    first: Mapping[str, str]
    """First text of each field; "" when all of its columns are empty."""
    several: Mapping[str, Sequence[str]]
    """All texts of each field that several columns feed, one for each of them."""

    def texts(self, field_name: str) -> Sequence[str]:
        """Return the texts of a field, one for each of its columns."""
        texts = self.several.get(field_name)
        if texts is None:
            text = self.first.get(field_name)
            return () if text is None else (text,)
        return texts
