"""Exports of OpenProject, in the language of the person who made them."""

from agent.importing.meaning.kinds import FEATURES_ARE_WORK
from agent.importing.profiles.openproject_words import LANGUAGES
from agent.importing.profiles.profile import Lack, Profile
from agent.importing.profiles.tracker_words import Words

# Other tables have an id, a subject, a type and a status too.
_TELLING_FIELDS = ("priority", "assignee", "parent", "created", "updated")


def _profile(words: Words) -> Profile:
    return Profile(
        name=f"OpenProject, {words.label}",
        telling=words.telling,
        one_of=(tuple(name for field in _TELLING_FIELDS for name in words.columns[field]),),
        not_telling=("#", "issue key", "work item type"),
        # Its finish date is planned: OpenProject tells no day on which work was closed.
        columns={"id": ("id",), **words.columns},
        language=words.language,
        statuses=words.statuses,
        types={**FEATURES_ARE_WORK, **words.types},
        priorities=words.priorities,
        # Work is a time; story points stand before it in the words.
        estimate_hours=dict.fromkeys(words.columns["estimate"][-2:], 1.0),
        project_from="name",
        child_types=None,
        lacks=(
            Lack(
                what="the day of creation",
                effect="nothing can be imported",
                remedy="add Created on and Updated on to the columns, and export again",
                field="created",
            ),
            Lack(
                what="the day of the finish",
                effect="closed work has no known day, so there is no velocity",
                remedy="add Updated on to the columns, export again, and take the last change as "
                'the finish: --map "finished=Updated on"',
                field="finished",
            ),
        ),
        stand_ins={"finished": "updated"},
        export="In the menu of the list of work packages, choose Export, then CSV.",
    )


OPENPROJECT = tuple(_profile(words) for words in LANGUAGES)
