"""Reason of a decision in sentences, with the numbers that decided it."""

from agent.cli.words import count
from graphs.answer import Orchestration
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
        # A run that an earlier release decided has no expectation.
        expectation = answer.expectation
        return expectation.pace if expectation else answer.decisions.rule_based_decision.reasoning
    return None


def task_report(answer: Orchestration) -> AdjustmentReport | None:
    """Return what evidence says of the task count; None when no sprint is planned."""
    return answer.decisions.intelligence_adjustments.get("task_count_modification")


def proposal(report: AdjustmentReport) -> ProposalReport | None:
    """Return the forecast behind a recommended task count; None for another number."""
    details = report.evidence_details
    return details.proposal if isinstance(details, EvidenceDetails) else None


def threshold(answer: Orchestration) -> float:
    """Return the least confidence at which evidence is followed in the project."""
    return answer.decisions.confidence_scores.minimum_threshold


def evidence_line(answer: Orchestration) -> tuple[str, str] | None:
    """Label and describe the evidence beyond the team's own pace; None without any."""
    report = task_report(answer)
    forecast = proposal(report) if report else None
    if report is None or forecast is None or forecast.kind is None:
        return None
    label = "Draft" if forecast.kind == "scope" else "Evidence"
    return label, f"{report.rationale} {verdict(answer, report)}"


def verdict(answer: Orchestration, report: AdjustmentReport) -> str:
    """Describe whether evidence is followed, and why not, in one sentence."""
    rule, evidence = report.original_recommendation, report.intelligence_recommendation
    if evidence == rule:
        return "It plans the same number."
    if report.applied_value == evidence:
        return f"It is followed: {evidence} instead of {rule}."
    confidence, needed = report.confidence, threshold(answer)
    if confidence is None or confidence >= needed:
        return f"Its {evidence} may not change the rule's {rule} in this project."
    if 1 - confidence >= needed:
        return f"Its {evidence} is not followed: the rule has ended nearer in this project."
    return f"Its {evidence} is not followed: there is no detectable difference between both here."
