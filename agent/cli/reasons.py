"""Reason of a decision in one sentence, with the numbers that decided it."""

from agent.cli.words import count
from graphs.answer import Orchestration
from graphs.thresholds import MAX_CHANGE
from memory.documents import AdjustmentReport, EvidenceDetails, ProposalReport


def reason(answer: Orchestration) -> str | None:
    """Explain the first line of the page; None when it explains itself."""
    sprint = answer.analysis.current_sprint
    if answer.decisions.close_sprint and sprint is not None:
        if not sprint.pending_tasks:
            return "No task of it is pending."
        pending = count(sprint.pending_tasks, "pending task")
        return f"Its last day, {sprint.end_date}, has passed; {pending} can be planned again."
    if answer.decisions.create_new_sprint:
        report = task_report(answer)
        return _task_count(answer, report) if report else None
    return None


def task_report(answer: Orchestration) -> AdjustmentReport | None:
    """Return what evidence says of the task count; None when no sprint is planned."""
    return answer.decisions.intelligence_adjustments.get("task_count_modification")


def proposal(report: AdjustmentReport) -> ProposalReport | None:
    """Return the forecast behind a recommended task count; None for another number."""
    details = report.evidence_details
    return details.proposal if isinstance(details, EvidenceDetails) else None


def threshold(answer: Orchestration) -> float:
    """Return the least probability at which evidence changes a number of the project."""
    return answer.decisions.confidence_scores.minimum_threshold


def _task_count(answer: Orchestration, report: AdjustmentReport) -> str:
    rule, evidence = report.original_recommendation, report.intelligence_recommendation
    confidence, needed = report.confidence, f"{threshold(answer):.2f} needed"
    expected = _expected(report)
    if report.applied_value != rule:
        tasks = f"{count(rule, 'task')} to {evidence}{_limit(answer, report)}"
        return (
            f"Evidence changed the rule's {tasks}: {expected}, and {evidence} ends nearer to the"
            f" outcome with probability {confidence or 0:.2f} ({needed})."
        )
    stands = f"The rule's {count(rule, 'task')} {'stands' if rule == 1 else 'stand'}"
    if evidence == rule:
        return f"{stands}: {expected}."
    if confidence is not None and confidence < threshold(answer):
        return (
            f"{stands}: {expected}, but evidence's {evidence} ends nearer to the outcome with"
            f" probability {confidence:.2f} only ({needed})."
        )
    return f"{stands}: evidence's {evidence} may not change it in this project."


def _limit(answer: Orchestration, report: AdjustmentReport) -> str:
    # Without it, a reader asks why the plan stays below the expectation.
    rule, applied = report.original_recommendation, report.applied_value
    if applied == answer.analysis.unassigned_tasks:
        return ", all that are free"
    return ", the most it may" if abs(applied - rule) == int(rule * MAX_CHANGE) else ""


def _expected(report: AdjustmentReport) -> str:
    forecast = proposal(report)
    if forecast is None or forecast.expected is None:
        # The reason is why there is no forecast: too little evidence, or nothing planned.
        return report.rationale[:1].lower() + report.rationale[1:].rstrip(".")
    return f"the team is expected to complete {forecast.expected:.1f}"
