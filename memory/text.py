"""Text of a project's state: the text that is embedded, for stored states and queries alike."""

from collections.abc import Sequence

from memory import throughput
from memory.episode import Perception

# Limits and words: a word holds for values below its limit and not below the one before.
Words = tuple[tuple[float, str], ...]

# Each number stands beside a word for it: embedding models compare words, people read numbers. The
# embeddings of the texts are stored: after a change of a word old episodes compare less well.

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
LISTED_SPRINTS = 6  # past sprints whose counts are named


def describe(perception: Perception) -> str:
    """Describe a state in a few sentences; unknown values are called unknown.

    Project and day are left out, so that equal states have equal texts.
    """
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


def _backlog(state: Perception) -> str:
    open_tasks, free_tasks = state.backlog_tasks, state.unassigned_tasks
    return (
        f"The backlog holds {_word(open_tasks, TASKS)} open tasks ({open_tasks}), "
        f"{_word(free_tasks, TASKS)} of them free to plan ({free_tasks})."
    )


def _people(state: Perception) -> str:
    if state.team_size is None:
        return "The team's size is not known."
    people = "1 person" if state.team_size == 1 else f"{state.team_size} people"
    return f"A {_word(state.team_size, PEOPLE)} team of {people}."


def _history(state: Perception) -> str:
    past = f"This is {_word(state.past_sprints, HISTORY)} with {state.past_sprints} past sprints"
    level = throughput.smoothed(state.completed)
    if level is None:
        return f"{past}; its pace is not known."
    last = ", ".join(str(count) for count in state.completed[-LISTED_SPRINTS:])
    return (
        f"{past}; the last ones completed {last} tasks, a {_word(level, RATE)} pace of about "
        f"{round(level)} a sprint{_shape(state.completed)}. The backlog is {_amount(state, level)}."
    )


def _shape(completed: Sequence[int]) -> str:
    spread, slope = throughput.variation(completed), throughput.trend(completed)
    if spread is None or slope is None:
        return ""
    return f", {_word(spread, STEADINESS)} and {_word(slope, DIRECTION)}"


def _amount(state: Perception, level: float) -> str:
    if level == 0:
        return "of unknown length, as nothing was completed yet"
    return f"{_word(state.backlog_tasks / level, WORK)} of work"


def _window(state: Perception) -> str:
    text = f"The next sprint takes {state.sprint_days} days"
    if state.working_days is not None:
        text += f" with {state.working_days} working days"
    if state.team_size and state.working_days and state.team_working_days is not None:
        share = state.team_working_days / (state.team_size * state.working_days)
        presence = next((word for below, word in PRESENCE if share < below), "everyone is there")
        text += f"; {presence} ({state.team_working_days} days of work in all)"
    return f"{text}."
