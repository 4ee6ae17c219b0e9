"""Evidence beyond the team's own pace: a scope on the table, chances of tasks, similar episodes."""

from dataclasses import dataclass

from graphs.evidence.backlog_forecast import backlog_forecast, chosen_forecast
from graphs.evidence.chances import Chances, chances_now
from graphs.evidence.commitment import completed_over_committed, known_commitments
from graphs.evidence.distribution import Distribution, around
from graphs.evidence.evidence import Draft, Evidence
from graphs.evidence.forecast import Window, own_forecast, scope_forecast
from graphs.evidence.neighbours import against_typical, drawn_to_neighbours
from graphs.evidence.payoff import Pair
from graphs.evidence.spread import usual_variance
from graphs.thresholds import MIN_OWN_SPRINTS, SPRINT_ERROR, TASK_ERROR
from memory.decision import EvidenceKind


@dataclass(frozen=True)
class Part:
    """A number behind a suggestion."""

    name: str
    """What the number is."""
    value: float
    """Tasks, a ratio or a probability, as the name says."""
    sample_size: int
    """Sprints, windows or episodes that it was made from; 0 when from none."""


@dataclass(frozen=True)
class Suggestion:
    """Forecast by evidence beyond the own pace."""

    kind: EvidenceKind
    """Kind of the evidence."""
    distribution: Distribution
    """Planned tasks that the sprint completes."""
    most: int | None
    """Tasks of a draft, which a plan cannot exceed; None without one."""
    pairs: tuple[Pair, ...]
    """Past windows with both plans, oldest first."""
    usual_error: float
    """Usual deviation of the advantage of one kind of evidence over the rule, in tasks."""
    parts: tuple[Part, ...]
    """Numbers behind it."""
    words: str
    """The suggestion in one sentence."""


def suggest(evidence: Evidence) -> Suggestion | None:
    """Return the best evidence that there is; None when there is none beyond the own pace.

    A scope on the table says most, then the chances of the open tasks, then similar episodes.
    """
    if evidence.draft is not None:
        return _of_draft(evidence, evidence.draft)
    return _of_chances(evidence) or _of_neighbours(evidence)


def rests_on_episodes(evidence: Evidence) -> bool:
    """Check that similar episodes are the best evidence that there is."""
    has_chances = evidence.ages is not None and chances_now(evidence.ages).own
    return evidence.draft is None and evidence.uses_neighbours and not has_chances


def _of_draft(evidence: Evidence, draft: Draft) -> Suggestion | None:
    chances = chances_now(evidence.ages) if evidence.ages is not None else None
    by_chance = _draft_by_chances(evidence, draft, chances)
    if by_chance is not None:
        return by_chance
    past = evidence.planned_past
    forecast = scope_forecast(past, evidence.prior, evidence.window, draft.tasks)
    ratio, known = completed_over_committed(past), len(known_commitments(past))
    because = (
        f"the team completes {ratio:.0%} of what it commits to"
        if known
        else "no past commitment is known, so the team's pace and the scope decide alike"
    )
    return Suggestion(
        kind="scope",
        distribution=forecast,
        most=draft.tasks,
        pairs=tuple(_scope_pairs(evidence)),
        usual_error=SPRINT_ERROR,
        parts=(Part("completed_over_committed", ratio, known),),
        words=(f"{_of_picked(draft.tasks, forecast)}: {because}."),
    )


def _draft_by_chances(
    evidence: Evidence, draft: Draft, chances: Chances | None
) -> Suggestion | None:
    if evidence.ages is None or chances is None or not chances.own or not draft.ages:
        return None
    share = evidence.window.share
    forecast = chosen_forecast([share * chances.of_age(age) for age in draft.ages], evidence.ages)
    known = backlog_forecast(evidence.ages, evidence.prior)
    most = len(draft.ages)
    return Suggestion(
        kind="scope",
        distribution=forecast,
        most=most,
        pairs=known.pairs if known else (),
        usual_error=TASK_ERROR,
        parts=(Part("sum_of_chances", forecast.mean, len(evidence.ages.windows)),),
        words=(f"{_of_picked(most, forecast)}, by how often tasks of their age were finished."),
    )


def _of_picked(tasks: int, forecast: Distribution) -> str:
    """Describe what to expect of a draft, whose sprint may complete more than its tasks."""
    low, high = forecast.interval()
    expected = min(tasks, forecast.quantile(0.5))
    return f"Of the {tasks} picked expect {expected} ({min(low, tasks)} to {min(high, tasks)})"


def _scope_pairs(evidence: Evidence) -> list[Pair]:
    """Review the past commitments again, each from the sprints before it."""
    past, pairs = evidence.planned_past, list[Pair]()
    for place in range(MIN_OWN_SPRINTS, len(past)):
        sprint, before = past[place], past[:place]
        if sprint.committed is None:
            continue
        window = Window(sprint.days)
        forecast = scope_forecast(before, evidence.prior, window, sprint.committed)
        rule = own_forecast(before, evidence.prior, window).quantile(0.5)
        pairs.append(
            Pair(
                min(rule, sprint.committed),
                min(forecast.quantile(0.5), sprint.committed),
                sprint.completed_inside,
            )
        )
    return pairs


def _of_chances(evidence: Evidence) -> Suggestion | None:
    if evidence.ages is None:
        return None
    forecast = backlog_forecast(evidence.ages, evidence.prior, evidence.window.share)
    if forecast is None:
        return None
    open_tasks, windows = sum(evidence.ages.open_tasks), len(evidence.ages.windows)
    low, high = forecast.distribution.interval()
    return Suggestion(
        kind="chances",
        distribution=forecast.distribution,
        most=None,
        pairs=forecast.pairs,
        usual_error=TASK_ERROR,
        parts=(Part("sum_of_chances", forecast.distribution.mean, windows),),
        words=(
            f"The chances of the {open_tasks} open tasks, by their age, add up to"
            f" {forecast.distribution.mean:.1f} finished ones ({low} to {high} are usual)."
        ),
    )


def _moved(pace: str, mean: str) -> str:
    return f"leave the pace at {mean}" if mean == pace else f"draw the pace from {pace} to {mean}"


def _of_neighbours(evidence: Evidence) -> Suggestion | None:
    if not evidence.uses_neighbours:
        return None
    pace, sprints = evidence.own_pace, len(evidence.history)
    mean = drawn_to_neighbours(pace.mean, sprints, evidence.neighbours)
    if mean is None:
        return None
    # Their scatter is the team's own: episodes say where the middle is, not how far outcomes lie.
    scale = pace.variance / usual_variance(pace.mean)
    distribution = around(mean, scale * usual_variance(mean))
    ratio, episodes = against_typical(evidence.neighbours), len(evidence.neighbours)
    parts = [Part("mean_with_similar_episodes", mean, sprints + episodes)]
    if ratio is not None:
        parts.append(Part("neighbours_completed_over_typical", ratio, episodes))
    return Suggestion(
        kind="similar_episodes",
        distribution=distribution,
        most=None,
        pairs=evidence.followed,
        usual_error=SPRINT_ERROR,
        parts=tuple(parts),
        words=(f"{episodes} similar episodes {_moved(f'{pace.mean:.1f}', f'{mean:.1f}')} tasks."),
    )
