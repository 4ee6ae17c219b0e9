"""Score plans of a backlog's size: rule, evidence, and what the gate applies."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.fortnights import DAYS, Fortnight
from benchmarks.decision_quality.plans import expectation_score, plan_score
from benchmarks.decision_quality.replay import Case, Decided, decide
from benchmarks.decision_quality.scores import Floats, share
from benchmarks.decision_quality.yardsticks import smoothing, trimmed
from graphs.evidence.evidence import Evidence

WARM_UP = 10  # fortnights before the first scored one, counted from the first finished task
QUARTER = 6  # fortnights in a row that bounds are drawn by
YEAR = 26  # the same, when a project's level moves slowly
NOTICEABLE = 2  # tasks nearer or farther than the rule that count as help or harm


def decide_fortnights(fortnights: Sequence[Fortnight]) -> list[tuple[Fortnight, Decided]]:
    """Decide the size of each plan from the tenth fortnight of work on, as the graph does."""
    return [
        (fortnight, decide(_case(fortnight)))
        for fortnight in fortnights
        if fortnight.working is not None and fortnight.working >= WARM_UP
    ]


def decide_known(projects: dict[str, list[Fortnight]]) -> list[Decided]:
    """Decide the scored fortnights of all projects."""
    return [
        decision
        for fortnights in projects.values()
        for _, decision in decide_fortnights(fortnights)
    ]


def measure(projects: dict[str, list[Fortnight]]) -> dict[str, Any]:
    """Score the plans of each project, and harm and expectation of all together."""
    together: list[tuple[Fortnight, Decided]] = []
    answer: dict[str, Any] = {}
    for name, fortnights in projects.items():
        if scored := decide_fortnights(fortnights):
            answer[name] = _measure(scored, fortnights)
            together += scored
    return {"projects": answer, "together": _together(together) if together else None}


def block_of(fortnight: Fortnight, length: int = QUARTER) -> str:
    """Return the block of `length` fortnights in a row that a fortnight is drawn with."""
    return f"{fortnight.project}, {fortnight.place // length}"


def _case(fortnight: Fortnight) -> Case:
    evidence = Evidence(
        project_id=fortnight.project,
        history=fortnight.history,
        plannable=len(fortnight.open_tasks),
        days=DAYS,
        ages=fortnight.ages,
    )
    name, past = fortnight.project, len(fortnight.history)
    day = fortnight.ages.day.isoformat()
    return Case(name, name, day, past, evidence, None, fortnight.finished)


def _measure(
    scored: Sequence[tuple[Fortnight, Decided]], fortnights: Sequence[Fortnight]
) -> dict[str, Any]:
    outcomes, blocks = _outcomes(scored), [block_of(fortnight) for fortnight, _ in scored]
    plans = {
        "rule": [decision.rule for _, decision in scored],
        "evidence": [
            decision.case.evidence.limited(decision.proposal.forecast.quantile(0.5))
            for _, decision in scored
        ],
        "applied": [decision.applied for _, decision in scored],
    } | _yardsticks(scored, fortnights)
    return {
        "decisions": len(scored),
        "mean_finished": float(outcomes.mean()),
        "plans": {
            name: plan_score(np.array(counts, float), outcomes, blocks)
            for name, counts in plans.items()
        },
    } | _gate(scored)


def _together(scored: Sequence[tuple[Fortnight, Decided]]) -> dict[str, Any]:
    return {"decisions": len(scored)} | _gate(scored)


def _gate(scored: Sequence[tuple[Fortnight, Decided]]) -> dict[str, Any]:
    """Measure how often evidence is followed, what it does, and the expectation applied."""
    outcomes, blocks = _outcomes(scored), [block_of(fortnight) for fortnight, _ in scored]
    decided = [decision for _, decision in scored]
    applied, rule = (
        np.array([getattr(decision, name) for decision in decided], float)
        for name in ("applied", "rule")
    )
    nearer = np.abs(rule - outcomes) - np.abs(applied - outcomes)
    return {
        "followed": asdict(share(np.array([one.follows for one in decided], float), blocks)),
        "changed": asdict(share((applied != rule) * 1.0, blocks)),
        "harm": asdict(share((nearer <= -NOTICEABLE) * 1.0, blocks)),
        "help": asdict(share((nearer >= NOTICEABLE) * 1.0, blocks)),
        "expectation": expectation_score(
            [decision.expectation.planned for decision in decided], outcomes, blocks
        ),
    }


def _outcomes(scored: Sequence[tuple[Fortnight, Decided]]) -> Floats:
    return np.array([fortnight.finished for fortnight, _ in scored], float)


def _yardsticks(
    scored: Sequence[tuple[Fortnight, Decided]], fortnights: Sequence[Fortnight]
) -> dict[str, list[int]]:
    finished = [fortnight.finished for fortnight in fortnights]
    rules = {
        "smoothing_0_3": smoothing,
        "last_6_without_best_and_worst": trimmed,
        "ten_or_all": lambda past: 10,
    }
    return {
        name: [
            min(len(fortnight.open_tasks), round(rule(finished[: fortnight.place])))
            for fortnight, _ in scored
        ]
        for name, rule in rules.items()
    }
