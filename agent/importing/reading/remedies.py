"""Remedies for what an export lacks, by the columns that the file really has."""

from collections.abc import Mapping
from dataclasses import replace

from agent.importing.profiles.profile import Lack, Profile
from agent.importing.reading.mapping import MappedColumn


def lacks_of(profile: Profile, columns: Mapping[str, MappedColumn]) -> tuple[Lack, ...]:
    """Return the facts that a file does not hold, with a remedy that it allows."""
    return tuple(
        replace(lack, remedy=remedy_of(lack, profile, columns))
        for lack in profile.lacks
        if not lack.field or lack.field not in columns
    )


def remedy_of(lack: Lack, profile: Profile, columns: Mapping[str, MappedColumn]) -> str:
    """Return the remedy of a lack; a column of the file that can stand in goes first."""
    stand_in = columns.get(profile.stand_ins.get(lack.field, ""))
    if stand_in is None:
        return lack.remedy
    name = stand_in.header
    return f'take the column {name!r} for {lack.what}: --map "{lack.field}={name}"'
