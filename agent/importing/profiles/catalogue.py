"""Profiles of all exports that are read, the most common trackers first."""

from agent.importing.profiles.asana import ASANA
from agent.importing.profiles.azure_boards import AZURE_BOARDS
from agent.importing.profiles.clickup import CLICKUP
from agent.importing.profiles.github import GITHUB
from agent.importing.profiles.gitlab import GITLAB
from agent.importing.profiles.jira.shapes import JIRA
from agent.importing.profiles.linear import LINEAR
from agent.importing.profiles.openproject import OPENPROJECT
from agent.importing.profiles.profile import Profile
from agent.importing.profiles.redmine import REDMINE
from agent.importing.profiles.shortcut import SHORTCUT
from agent.importing.profiles.taiga import TAIGA
from agent.importing.profiles.trello import TRELLO
from agent.importing.profiles.youtrack import YOUTRACK
from agent.importing.reading.fields import FIELDS

ANY_TABLE = Profile(
    name="any table",
    telling=(),
    columns={field.name: field.headers for field in FIELDS},
    export="Any file with one row a task, its id and the day of its creation.",
)
PROFILES: tuple[Profile, ...] = (
    *JIRA,
    *LINEAR,
    AZURE_BOARDS,
    *GITHUB,
    GITLAB,
    ASANA,
    YOUTRACK,
    *REDMINE,
    *OPENPROJECT,
    *TAIGA,
    CLICKUP,
    SHORTCUT,
    TRELLO,
    ANY_TABLE,
)
