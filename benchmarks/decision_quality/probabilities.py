"""Compare stated probabilities with what came true, for one sprint and for several."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.plans import expectation_score, outcomes_of, plan_score, teams_of
from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import share
from benchmarks.decision_quality.turning import turned
from graphs.evidence.expectation import several, sprints_until
from graphs.thresholds import LEVEL_CORRELATION

TIMES_THE_PLAN = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
TENTHS = 10
ENOUGH = 50  # cases of a tenth that its difference counts from
AHEAD = (2, 3, 6)  # sprints
CORRELATIONS = (0.0, 0.3, LEVEL_CORRELATION)  # of two sprints' errors; the last one is in use
UNTIL = (0.85, 0.5)  # certainties of "when"
SPRINTS_OF_WORK = 3  # sprints' worth of the pace that "when" asks for


def all_done(decided: Sequence[Decided]) -> dict[str, Any]:
    """Compare the stated P(all n done) with the share of sprints that did n, by tenths."""
    stated: list[float] = []
    came_true: list[float] = []
    teams: list[str] = []
    for decision in decided:
        for count in _counts(decision.applied):
            stated.append(decision.expectation.chance_of_all(count))
            came_true.append(float(decision.case.completed >= count))
            teams.append(decision.case.team)
    tenths = list(_tenths(np.array(stated), np.array(came_true), teams))
    counted = [abs(tenth["difference"]) for tenth in tenths if tenth["cases"] >= ENOUGH]
    return {
        "cases": len(stated),
        "tenths": tenths,
        "largest_difference": max(counted, default=None),
        "mean_difference": sum(counted) / len(counted) if counted else None,
        "enough": ENOUGH,
    }


def by_certainty(decided_at: dict[int, list[Decided]]) -> dict[str, Any]:
    """Score the plans at each certainty, in percent."""
    answer: dict[str, Any] = {}
    for certainty, decided in decided_at.items():
        plans = np.array([decision.applied for decision in decided], float)
        answer[str(certainty)] = plan_score(plans, outcomes_of(decided), teams_of(decided))
    return answer


def several_sprints(decided: Sequence[Decided]) -> dict[str, Any]:
    """Score forecasts of several sprints ahead; `decided` is in the order of each team's past."""
    answer: dict[str, Any] = {"ahead": {}, "correlation": LEVEL_CORRELATION}
    for sprints in AHEAD:
        some = list(_with_future(decided, sprints))
        if not some:
            continue
        outcomes = np.array([sum(future) for _, future in some], float)
        teams = [decision.case.team for decision, _ in some]
        answer["ahead"][str(sprints)] = {"forecasts": len(some)} | {
            f"correlation_{correlation}": _ahead(some, sprints, correlation, outcomes, teams)
            for correlation in CORRELATIONS
        }
    answer["when"] = {f"{certainty}": _when(decided, certainty) for certainty in UNTIL}
    return answer


def _counts(plan: int) -> set[int]:
    return {max(1, round(times * plan)) for times in TIMES_THE_PLAN}


def _tenths(stated: Any, came_true: Any, teams: Sequence[str]) -> Iterator[dict[str, Any]]:
    places = np.minimum((stated * TENTHS).astype(int), TENTHS - 1)
    for place in range(TENTHS):
        inside = places == place
        if not inside.any():
            continue
        observed = share(came_true[inside], [teams[index] for index in np.flatnonzero(inside)])
        mean = float(stated[inside].mean())
        yield {
            "low": place / TENTHS,
            "high": (place + 1) / TENTHS,
            "cases": int(inside.sum()),
            "stated": mean,
            "seen": asdict(observed),
            "difference": mean - float(came_true[inside].mean()),
        }


def _with_future(
    decided: Sequence[Decided], sprints: int
) -> Iterator[tuple[Decided, tuple[int, ...]]]:
    """Yield each decision with the outcomes of `sprints` sprints from its own on."""
    for place, decision in enumerate(decided):
        following = decided[place : place + sprints]
        # Decisions of a team stand together, so the last one of another team tells of its end.
        if len(following) == sprints and following[-1].case.team == decision.case.team:
            yield decision, tuple(later.case.completed for later in following)


def _ahead(
    some: Sequence[tuple[Decided, tuple[int, ...]]],
    sprints: int,
    correlation: float,
    outcomes: Any,
    teams: Sequence[str],
) -> dict[str, Any]:
    with turned(LEVEL_CORRELATION=correlation):
        forecasts = [several(decision.expectation.planned, sprints) for decision, _ in some]
    return expectation_score(forecasts, outcomes, teams)


def _when(decided: Sequence[Decided], certainty: float) -> dict[str, Any]:
    """Count how often SPRINTS_OF_WORK sprints' worth of tasks were done by the stated sprint."""
    reached: list[float] = []
    teams: list[str] = []
    stated: list[int] = []
    for place, decision in enumerate(decided):
        sprint = decision.expectation.planned
        tasks = max(1, round(SPRINTS_OF_WORK * sprint.mean))
        sprints = sprints_until(sprint, tasks, certainty)
        if sprints is None:
            continue
        following = decided[place : place + sprints]
        if len(following) == sprints and following[-1].case.team == decision.case.team:
            reached.append(float(sum(later.case.completed for later in following) >= tasks))
            teams.append(decision.case.team)
            stated.append(sprints)
    if not reached:
        return {"forecasts": 0}
    return {
        "forecasts": len(reached),
        "mean_sprints": sum(stated) / len(stated),
        "reached": asdict(share(np.array(reached), teams)),
    }
