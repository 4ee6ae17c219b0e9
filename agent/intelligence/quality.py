"""How good the data of a project are to decide by: the share of what helps that is there."""

from dataclasses import dataclass
from statistics import median

from agent.intelligence.schema import DataQualityReport
from domain_services.chronicle.schema import ProjectEvidence
from graphs.thresholds import MIN_OWN_SPRINTS

ENOUGH_SPRINTS = 8  # closed sprints; more change the smoothed throughput by less than a tenth
ENOUGH_OUTCOMES = 5  # own decisions whose sprint has ended, as many as a learning needs

# What each part is worth; throughput decides most of a forecast, scope and people the rest.
WEIGHTS = {
    "sprint_history": 0.40,
    "completion_rate": 0.20,
    "team": 0.15,
    "outcomes_of_decisions": 0.10,
    "daily_scrums": 0.10,
    "impediments": 0.05,
}


@dataclass(frozen=True)
class Known:
    """What is known of a project; `history` is None when nothing is recorded.

    `answered` is false when the chronicle did not tell.
    """

    answered: bool
    history: ProjectEvidence | None
    team_size: int | None
    outcomes: int


def assess(known: Known) -> tuple[DataQualityReport, list[str]]:
    """The report, and what to do about what is missing."""
    if not known.answered:
        note = "The chronicle did not answer, so nothing can be said of the project's history."
        return _report(None, None, None, None, {}, note), []
    history = known.history
    sprints = history.velocity.sprint_count if history else 0  # not all of them are listed
    counts = [
        each.completed_tasks for each in (history.velocity.velocity_trend_data if history else ())
    ]
    completion_rate = history.patterns.completion_rate if history else None
    impediments = history.impediments.impediment_frequency if history else {}
    parts = {
        "sprint_history": min(1.0, sprints / ENOUGH_SPRINTS),
        "completion_rate": float(completion_rate is not None),
        "team": float(known.team_size is not None),
        "outcomes_of_decisions": min(1.0, known.outcomes / ENOUGH_OUTCOMES),
        "daily_scrums": float(history is not None and history.patterns.daily_scrum_count > 0),
        "impediments": float(bool(impediments)),
    }
    score = round(sum(WEIGHTS[name] * share for name, share in parts.items()), 2)
    typical = float(median(counts)) if counts else None
    note = _note(sprints, bool(impediments))
    report = _report(sprints or None, completion_rate, typical, score, parts, note)
    return report, _recommendations(sprints, parts)


def _report(
    sprints: int | None,
    completion_rate: float | None,
    velocity: float | None,
    score: float | None,
    parts: dict[str, float],
    note: str,
) -> DataQualityReport:
    return DataQualityReport(
        data_available=sprints is not None,
        historical_sprints=sprints,
        avg_completion_rate=completion_rate,
        common_team_velocity=velocity,
        data_quality_score=score,
        parts=parts,
        observation_note=note,
    )


def _note(sprints: int, impediments: bool) -> str:
    known = (
        f"{sprints} closed sprints are recorded." if sprints else "No closed sprint is recorded."
    )
    return f"{known} Impediment data are {'available' if impediments else 'missing'}."


def _recommendations(sprints: int, parts: dict[str, float]) -> list[str]:
    missing = {
        "sprint_history": (
            f"Insufficient sprint history: {sprints} closed sprints, {MIN_OWN_SPRINTS} are needed"
            f" for a forecast and {ENOUGH_SPRINTS} make it steady. Import the team's history"
            " (dsm import csv) or close more sprints."
        ),
        "completion_rate": (
            "Average completion rate not available: of no sprint both the planned and the finished"
            " tasks are known. Run sprints here, so that their commitment is recorded."
        ),
        "team": "No team is known, so capacity and days off cannot be seen. Assign team members.",
        "outcomes_of_decisions": (
            "Few own decisions have an outcome yet: confidence is that of other teams' sprints."
            " Close the sprints that were decided here."
        ),
        "daily_scrums": "No daily scrum is recorded. Report progress, or let the CronJob run.",
        "impediments": "No impediment is recorded. Name them in daily scrums and retrospectives.",
    }
    return [text for name, text in missing.items() if parts[name] < 1]
