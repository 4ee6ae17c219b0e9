"""Wire types of decision impact: enhanced decisions compared with rule-based ones."""

from datetime import datetime
from uuid import UUID

from domain_services.chronicle.schema.analytics import ReasonedAnswer
from domain_services.chronicle.schema.audits import DecisionSource
from domain_services.kernel.types import Answer


class TimePeriod(Answer):
    """Period of time, both ends included, UTC."""

    start_date: datetime
    """First moment."""
    end_date: datetime
    """Last moment."""


class DecisionOutcome(Answer):
    """Decision with the outcome of its sprint.

    The outcome of a sprint belongs to the first decision that created it.
    """

    audit_id: UUID
    """Audit of the decision."""
    project_id: str
    """The project decided about."""
    sprint_id: str | None
    """The sprint decided about; null: no sprint was concerned."""
    decision_source: DecisionSource
    """Rule alone, or rule and evidence."""
    completion_rate: float | None
    """Finished over all tasks, in 0..1; null while the sprint is open, and for other decisions."""
    success: bool | None
    """True from a completion rate of 0.8 on; null as `completion_rate`."""
    simulated: bool = False
    """True when the sprint was simulated: no mean of this answer has it."""
    timestamp: datetime
    """Time of the decision, UTC."""


class DecisionImpact(ReasonedAnswer):
    """Decisions of a period that acted, and the outcomes of their sprints by source.

    Decisions that changed nothing are counted apart, and not listed; so are those that a person
    changed. Deeds of people are no decisions, and in no count.

    Task efficiency: finished tasks per calendar day of the sprint. Resource utilization: the share
    of the sprint's people (attendees and holders of tasks) that held a task.
    """

    time_period: TimePeriod
    """Period in which the decisions were made."""
    total_decisions_analyzed: int
    """Decisions of both sources that acted."""
    shadow_decisions: int = 0
    """Decisions in shadow mode, which are in no other count."""
    dry_runs: int = 0
    """Recorded dry runs, which are in no other count."""
    not_approved_decisions: int = 0
    """Decisions that no person approved in time, which are in no other count."""
    edited_decisions: int = 0
    """Decisions that acted as a person changed them, which are in no other count."""
    cancelled_decisions: int = 0
    """Decisions whose sprint was cancelled, which are in no other count."""
    simulated_outcomes: int = 0
    """Decisions whose simulated sprint has ended, which are in no mean."""
    intelligence_enhanced_decisions: int
    """Decisions by rule and evidence."""
    rule_based_decisions: int
    """Decisions by the rule alone."""
    intelligence_outcomes: int
    """Known outcomes of enhanced decisions: the sample size of their means."""
    rule_based_outcomes: int
    """Known outcomes of rule-based decisions: the sample size of their means."""
    intelligence_completion_rate_avg: float | None
    """Mean completion rate of enhanced decisions, in 0..1; null without outcomes."""
    rule_based_completion_rate_avg: float | None
    """Mean completion rate of rule-based decisions, in 0..1; null without outcomes."""
    completion_rate_improvement_percent: float | None
    """Change of the mean completion rate in percent of the rule-based one."""
    completion_rate_difference_95: tuple[float, float] | None
    """95 % interval (Welch) of the difference of the two means, within -1..1; null below 2 outcomes
    on either side, and when the rates of each side are all equal."""
    task_efficiency_improvement_percent: float | None
    """Change of the mean task efficiency in percent of the rule-based one."""
    resource_utilization_improvement_percent: float | None
    """Change of the mean resource utilization in percent of the rule-based one."""
    details: list[DecisionOutcome]
    """The newest 1,000 decisions that acted, oldest first."""
