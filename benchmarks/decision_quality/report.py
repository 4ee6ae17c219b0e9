"""Measure everything, as one JSON document."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from benchmarks.decision_quality import (
    backlog,
    development,
    effects,
    gating,
    plans,
    probabilities,
    reviews,
    selection,
    targets,
)
from benchmarks.decision_quality.calibrating import Outcome, fitted, judge, learning, outcomes
from benchmarks.decision_quality.fortnights import Fortnight
from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import (
    Decided,
    decide_all,
    experienced,
    review_scopes,
    without_scope,
)
from benchmarks.decision_quality.sprints import Teams
from graphs.thresholds import CERTAINTIES

Say = Callable[[str], None]
Projects = dict[str, list[Fortnight]]

TOO_SHORT = "no team has a sprint with three before it"
NO_SCOPE = "no sprint with three before it says its scope"
NO_OUTCOMES = "no suggestion ended nearer or farther than the rule"


def measure(teams: Teams, projects: Projects, say: Say) -> tuple[dict[str, Any], list[Decided]]:
    """Measure the decisions of `teams` and `projects`; `say` reports each step.

    Returns the document, and the decisions of the sprints with three before them.
    """
    say("deciding every sprint, at each certainty")
    memory = Memory(teams, scope_known=False)
    at_certainty = {certainty: decide_all(teams, memory, certainty) for certainty in CERTAINTIES}
    every = at_certainty[CERTAINTIES[0]]
    decided = experienced(every)
    say(f"measuring {len(decided)} plans")
    measured = _about(teams) | {
        "applied": plans.applied(decided),
        "first_sprints": plans.first_sprints(every),
        "probabilities": probabilities.all_done(decided),
        "certainty": probabilities.by_certainty(
            {certainty: experienced(some) for certainty, some in at_certainty.items()}
        ),
        "scope_review": _scope_review(teams, say),
        "several_sprints": probabilities.several_sprints(decided),
        "gate": gating.measure(every),
    }
    say("measuring the choice of tasks and the plans of backlogs")
    measured |= {"selection": selection.measure(projects), "backlog": backlog.measure(projects)}
    measured |= {"calibration": _calibration(decided, projects)}
    say("taking parts of the forecast away")
    measured |= {"effects": _effects(decided, effects.before_scope, "smoothing_0_3")}
    return measured | {"targets": targets.compare(measured)}, decided


def fingerprint(teams: Teams) -> str:
    """Tell one set of teams from another."""
    return sha256("\n".join(sorted(teams)).encode()).hexdigest()[:16]


def _about(teams: Teams) -> dict[str, Any]:
    known = development.overlap(teams)
    share = f"{known or 'none'} of the {len(teams)} teams here are of it, by their projects' names"
    return {
        "teams": len(teams),
        "sprints": sum(len(rows) for rows in teams.values()),
        "fingerprint": fingerprint(teams),
        "development_teams": known,
        "fitted": {
            "numbers": f"graphs/thresholds.py, chosen on the development set; {share}",
            "chances": "graphs/thresholds.py, some chosen on the two example projects themselves",
            "neighbours": (
                "other teams of this set and earlier sprints of the same team; the scope of the"
                " sprint before stands in for the open tasks"
            ),
        },
    }


def _scope_review(teams: Teams, say: Say) -> dict[str, Any]:
    unknown = without_scope(teams)
    decided = list(review_scopes(teams))
    if not decided:
        return {"reviews": 0, "without_scope": unknown, "reason": NO_SCOPE}
    say(f"reviewing {len(decided)} scopes")
    return (
        {"without_scope": unknown}
        | reviews.measure(decided)
        | {"effects": _effects(decided, effects.with_scope, "mean_of_3")}
    )


def _effects(
    decided: Sequence[Decided], forecast: effects.Forecast, yardstick: str
) -> dict[str, Any]:
    answer: dict[str, Any] = {"without": effects.measure(decided, forecast)}
    if len({decision.case.project for decision in decided}) > 1:
        answer["nested"] = effects.nested(decided, forecast, yardstick)
    return answer


def _calibration(decided: Sequence[Decided], projects: Projects) -> dict[str, Any]:
    """Fit the chance to end nearer on similar episodes and on chances by age."""
    episodes = outcomes(decided)
    chances = outcomes(backlog.decide_known(projects))
    known: list[Outcome] = [*episodes, *chances]
    sources = {"similar_episodes": len(episodes), "chances": len(chances)}
    if not known:
        return {"sources": sources, "reason": NO_OUTCOMES}
    return {
        "sources": sources,
        "fitted": fitted(known, "these sprints and fortnights").model_dump(mode="json"),
        "shipped": judge(known),
        "refit_on_own_outcomes": learning(known),
    }
