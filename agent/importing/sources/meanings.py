"""Meanings of the statuses and types of each API, as its rows are read."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Profile
from agent.importing.tasks import Kind

GITHUB = Profile(
    name="GitHub, by its API",
    telling=(),
    columns={},
    statuses={"open": State.TO_DO, "closed": State.DONE},
    resolutions={
        "completed": State.DONE,
        "not planned": State.DROPPED,
        "duplicate": State.DROPPED,
    },
)
GITLAB = Profile(
    name="GitLab, by its API",
    telling=(),
    columns={},
    statuses={"opened": State.TO_DO, "closed": State.DONE},
    types={"task": Kind.PART},
)
# A site tells what its statuses mean; by whether it is Jira Cloud.
JIRA_NAMES = {True: "Jira Cloud, by its API", False: "Jira Server, by its API"}
