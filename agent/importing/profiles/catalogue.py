"""Profiles of all exports that are read, the most common trackers first."""

from agent.importing.profiles.jira import JIRA
from agent.importing.profiles.profile import Profile
from agent.importing.reading.fields import FIELDS

ANY_TABLE = Profile(
    name="any table",
    telling=(),
    columns={field.name: field.headers for field in FIELDS},
    export="Any file with one row a task, its id and the day of its creation.",
)
PROFILES: tuple[Profile, ...] = (
    *JIRA,
    ANY_TABLE,
)
