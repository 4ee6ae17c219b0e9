"""The one canonical text of a project's state, for storing, querying and backfilling alike.

A number stands beside a word for it: embedding models see words, people read numbers. Project and
day are left out, so that equal states have equal texts.
"""

from collections.abc import Sequence

from memory import throughput
from memory.episode import Perception

# (below this, the word); the last word holds for everything above.
Words = tuple[tuple[float, str], ...]

TASKS: Words = (
    (1, "no"),
    (6, "very few"),
    (16, "few"),
    (41, "quite a few"),
    (101, "many"),
    (float("inf"), "very many"),
)
PEOPLE: Words = ((3, "very small"), (6, "small"), (10, "usual"), (float("inf"), "large"))
RATE: Words = (
    (1, "almost nothing"),
    (5, "slow"),
    (12, "moderate"),
    (25, "fast"),
    (float("inf"), "very fast"),
)
STEADINESS: Words = (
    (0.25, "steady"),
    (0.6, "somewhat uneven"),
    (float("inf"), "very uneven"),
)
DIRECTION: Words = (
    (-0.15, "clearly falling"),
    (-0.05, "slightly falling"),
    (0.05, "level"),
    (0.15, "slightly rising"),
    (float("inf"), "clearly rising"),
)
HISTORY: Words = (
    (1, "a new project"),
    (4, "a young project"),
    (13, "an established project"),
    (float("inf"), "a long-running project"),
)
WORK: Words = (
    (0.75, "less than one sprint"),
    (1.5, "about one sprint"),
    (3, "two or three sprints"),
    (8, "several sprints"),
    (float("inf"), "very many sprints"),
)
PRESENCE: Words = ((0.7, "much of the team is away"), (0.9, "some are away"))
SHOWN = 6  # past sprints whose counts are named


def describe(perception: Perception) -> str:
    """The state in a few sentences; what is not known is said to be unknown."""
    sentences = (
        _backlog(perception),
        _people(perception),
        _history(perception),
        _window(perception),
        "A sprint is in progress."
        if perception.sprint_in_progress
        else "No sprint is in progress.",
    )
    return " ".join(sentences)


def _word(value: float, words: Words) -> str:
    return next(word for below, word in words if value < below)


def _backlog(seen: Perception) -> str:
    return (
        f"The backlog holds {_word(seen.backlog_tasks, TASKS)} open tasks ({seen.backlog_tasks}), "
        f"{_word(seen.unassigned_tasks, TASKS)} of them free to plan ({seen.unassigned_tasks})."
    )


def _people(seen: Perception) -> str:
    if seen.team_size is None:
        return "The team's size is not known."
    people = "1 person" if seen.team_size == 1 else f"{seen.team_size} people"
    return f"A {_word(seen.team_size, PEOPLE)} team of {people}."


def _history(seen: Perception) -> str:
    known = f"This is {_word(seen.past_sprints, HISTORY)} with {seen.past_sprints} past sprints"
    level = throughput.smoothed(seen.completed)
    if level is None:
        return f"{known}; its pace is not known."
    last = ", ".join(str(count) for count in seen.completed[-SHOWN:])
    return (
        f"{known}; the last ones completed {last} tasks, a {_word(level, RATE)} pace of about "
        f"{round(level)} a sprint{_shape(seen.completed)}. The backlog is {_amount(seen, level)}."
    )


def _shape(completed: Sequence[int]) -> str:
    spread, slope = throughput.variation(completed), throughput.trend(completed)
    if spread is None or slope is None:
        return ""
    return f", {_word(spread, STEADINESS)} and {_word(slope, DIRECTION)}"


def _amount(seen: Perception, level: float) -> str:
    if level == 0:
        return "of unknown length, as nothing was completed yet"
    return f"{_word(seen.backlog_tasks / level, WORK)} of work"


def _window(seen: Perception) -> str:
    text = f"The next sprint takes {seen.sprint_days} days"
    if seen.working_days is not None:
        text += f" with {seen.working_days} working days"
    if seen.team_size and seen.working_days and seen.team_working_days is not None:
        share = seen.team_working_days / (seen.team_size * seen.working_days)
        presence = next((word for below, word in PRESENCE if share < below), "everyone is there")
        text += f"; {presence} ({seen.team_working_days} days of work in all)"
    return f"{text}."
