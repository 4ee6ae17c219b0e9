"""Telling of an export by the names of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.importing.profiles.catalogue import ANY_TABLE, PROFILES
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile

# Fewer columns of a tracker are no header: a word of a text may be the name of a column.
MIN_HEADER_COLUMNS = 3
# Columns of a trimmed export that no other table has, and all that it shares with its tracker.
MIN_OWN_COLUMNS = 2
MIN_SHARED_COLUMNS = 4

Names = Mapping[str, str] | set[str]


@dataclass(frozen=True, slots=True)
class Told:
    """The export that a header belongs to."""

    profile: Profile
    """Profile of the export; `ANY_TABLE` when no tracker is known by the columns."""
    told_by: tuple[str, ...]
    """Columns that told it, as the file writes them, in the order of the profile."""
    missing: tuple[str, ...] = ()
    """Telling columns that the file lacks, normalised: it is only most like this export."""


def tell(header: Sequence[str]) -> Told:
    """Tell which export a header belongs to; the profile with the most telling columns wins.

    Of profiles that tell alike, the one that knows more columns wins, then the first one. A header
    that no profile tells belongs to the profile that knows most of it, if that is clear; otherwise
    to `ANY_TABLE`.
    """
    # Reversed, so that the first of two columns with one name is named.
    names = {normalised(name): name.strip() for name in reversed(header)}
    names.pop("", None)
    exact = [profile for profile in PROFILES if _is_told(profile, names)]
    if exact:
        best = max(exact, key=lambda profile: (_specificity(profile), len(_known(profile, names))))
        return Told(best, _as_written(_telling_columns(best, names), names))
    nearest = _nearest(names)
    if nearest is not None:
        known = _as_written(_known(nearest, names), names)
        return Told(nearest, known, _missing(nearest, names))
    return Told(ANY_TABLE, _as_written(_known(ANY_TABLE, names), names))


def is_header(cells: Sequence[str]) -> bool:
    """Return True for the line of column names: of a tracker, or with an id and a creation day."""
    export = tell(cells)
    names = {normalised(cell) for cell in cells}
    if export.profile is not ANY_TABLE:
        return len(_known(export.profile, names)) >= MIN_HEADER_COLUMNS
    fields = _reading(ANY_TABLE, names)
    return "id" in fields and "created" in fields


def _is_told(profile: Profile, names: Names) -> bool:
    return (
        profile is not ANY_TABLE
        and not _missing(profile, names)
        and not any(name in names for name in profile.not_telling)
    )


def _missing(profile: Profile, names: Names) -> tuple[str, ...]:
    groups = [group[0] for group in profile.one_of if not any(name in names for name in group)]
    return (*(name for name in profile.telling if name not in names), *groups)


def _specificity(profile: Profile) -> int:
    return len(profile.telling) + len(profile.one_of)


def _likeness(profile: Profile, names: Names) -> tuple[int, int, int]:
    """Rank a profile by its telling columns that are there, that are missing, that may not be."""
    missing = len(_missing(profile, names))
    return _specificity(profile) - missing, -missing, len(profile.not_telling)


def _telling_columns(profile: Profile, names: Names) -> list[str]:
    groups = [next(name for name in group if name in names) for group in profile.one_of]
    return [*profile.telling, *groups]


def _reading(profile: Profile, names: Names) -> dict[str, tuple[str, ...]]:
    """Return the columns of the header by the field that they feed."""
    columns = {
        field: tuple(name for name in known if name in names)
        for field, known in profile.columns.items()
    }
    return {field: present for field, present in columns.items() if present}


def _known(profile: Profile, names: Names) -> list[str]:
    """List the columns of the header that the profile knows, each once."""
    columns = _reading(profile, names).values()
    return list(dict.fromkeys(name for present in columns for name in present))


def _nearest(names: Names) -> Profile | None:
    """Return the profile that knows most of the columns; None when that is not clear."""
    if len(names) < MIN_SHARED_COLUMNS:
        return None
    common = _reading(ANY_TABLE, names)
    common_names = set(_known(ANY_TABLE, names))
    scores = {
        profile.name: (len(known), profile)
        for profile in PROFILES
        if profile is not ANY_TABLE
        and len(known := _known(profile, names)) >= MIN_SHARED_COLUMNS
        and len(set(known) - common_names) >= MIN_OWN_COLUMNS
        # A column that any table reads must not be lost by a guess.
        and common.keys() <= _reading(profile, names).keys()
        and not any(name in names for name in profile.not_telling)
    }
    highest = max((score for score, _ in scores.values()), default=0)
    best = [profile for score, profile in scores.values() if score == highest]
    # Two profiles that read these columns differently leave it open.
    if len({repr(_reading(profile, names)) for profile in best}) != 1:
        return None
    # Words that languages share tell none of them: the first one in the catalogue has them.
    of_language = [profile for profile in best if profile.language == best[0].language]
    return max(of_language, key=lambda profile: _likeness(profile, names))


def _as_written(columns: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[column] for column in columns)
