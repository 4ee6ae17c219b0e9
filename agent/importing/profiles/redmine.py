"""Exports of Redmine, in the language of the person who made them."""

from agent.importing.meaning.kinds import FEATURES_ARE_WORK
from agent.importing.profiles.profile import Lack, Profile
from agent.importing.profiles.redmine_words import LANGUAGES
from agent.importing.profiles.tracker_words import Words


def _profile(words: Words) -> Profile:
    columns = dict(words.columns)
    # Plug-ins for agile work add their columns in English.
    estimate_hours = dict.fromkeys(columns["estimate"], 1.0)
    columns["estimate"] = ("story points", *columns["estimate"])
    columns["sprint"] = ("sprint", *columns["sprint"])
    return Profile(
        name=f"Redmine, {words.label}",
        telling=words.telling,
        one_of=words.one_of,
        columns={"id": ("#",), **columns},
        language=words.language,
        statuses=words.statuses,
        priorities=words.priorities,
        # Bug, Feature and Support are equals: a child of any is one of its steps.
        types=FEATURES_ARE_WORK,
        estimate_hours=estimate_hours,
        project_from="name",
        child_types=None,
        # The day of closing stays in a task that is opened again.
        reopened_keeps_finish=True,
        lacks=(
            Lack(
                what="the days of creation and closing",
                effect="nothing can be imported",
                remedy="choose all columns in the export, or add Created and Closed to the list",
                field="created",
            ),
            Lack(
                what="the day of the finish",
                effect="closed tasks have no known day, so there is no velocity",
                remedy="choose all columns in the export, or add Closed to the list",
                field="finished",
            ),
        ),
        export="Below the list of issues choose Also available in: CSV, then All columns.",
        seen="real" if words.language == "en" else "assumed",
    )


REDMINE = tuple(_profile(words) for words in LANGUAGES)
