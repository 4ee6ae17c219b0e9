"""Next step of a person after a decision, and the day that the project is at."""

from datetime import UTC, date, datetime, timedelta

from agent.cli.approval_words import describe_waiting
from agent.cli.headline import is_blocked, refusals
from agent.cli.running_sprint import RunningSprint
from graphs.answer import Orchestration
from tools.cron_words import describe_schedule


def next_step(
    answer: Orchestration, running: RunningSprint | None = None, options: str = ""
) -> str:
    """Describe what to do or expect next; `options` name the stack to its commands."""
    run = f"`dsm orchestrate {answer.project_id}{options}`"
    if answer.approval is not None:
        return describe_waiting(answer.run_id, answer.approval.expires_at, options)
    if answer.effect == "shadow" and answer.intelligence_metadata.decision_mode != "shadow":
        change = f"`dsm autonomy {answer.project_id} approve{options}`"
        return f"{change} lets a person decide about each plan."
    if answer.dry_run and answer.actions_planned:
        return f"{run} carries it out."
    if answer.intelligence_metadata.decision_mode == "shadow" and answer.actions_planned:
        return "Plan the sprint by hand, or choose a mode that acts."
    if any(refusals(answer)):
        return f"mend the cause, then {run} again."
    if answer.decisions.close_sprint:
        return f"{run} plans the next sprint; it knows how this one ended."
    if is_blocked(answer):
        return f"mend the cause, or {_later_day(answer, options)}."
    if answer.created is not None or answer.analysis.current_sprint is not None:
        if is_without_scrum(answer):
            add = f"`dsm schedule add {answer.project_id} --daily-scrum CRON{options}`"
            later = _later_day(answer, options)
            return f"it has no daily scrum: {add} adds one; report progress, or {later}."
        if running is not None and running.progress_mode == "simulated":
            return f"its daily scrum simulates progress; {_later_day(answer, options)}."
        return f"{daily_scrum(answer)}report progress, or {_later_day(answer, options)}."
    if answer.analysis.backlog_tasks:
        return f"make a task of the backlog free to be planned, or add one, then {run} again."
    return f"add tasks to the backlog, then {run} again."


def daily_scrum(answer: Orchestration) -> str:
    """Describe when the new daily scrum is held; empty when none was scheduled."""
    cronjob = answer.created.cronjob if answer.created else None
    if cronjob is None:
        return ""
    return f"daily scrum {describe_schedule(cronjob.schedule, cronjob.timezone)}; "


def is_without_scrum(answer: Orchestration) -> bool:
    """Check that the sprint in progress has no CronJob after the decision."""
    sprint = answer.analysis.current_sprint
    return sprint is not None and sprint.cronjob is None and not daily_scrum(answer)


def day_in_words(answer: Orchestration, options: str = "") -> str:
    """Describe the project's day, and whether it moves by itself."""
    if is_held(answer):
        return f"held at {answer.as_of}; it moves only by `dsm clock {answer.project_id}{options}`"
    return f"{answer.as_of}; the project follows the clock"


def is_held(answer: Orchestration) -> bool:
    """Check that the project's day does not follow the calendar."""
    clock = getattr(answer, "clock", None)
    # A run of an earlier release says no clock: a day in the past stands still.
    return (
        answer.as_of < datetime.now(UTC).date() - timedelta(days=1)
        if clock is None
        else clock == "held"
    )


def _later_day(answer: Orchestration, options: str) -> str:
    if is_held(answer):
        return f"move the day on with `dsm clock {answer.project_id} --to next-sprint{options}`"
    last = _last_day(answer)
    later = f"after {last}" if last else "later"
    return f"run `dsm orchestrate {answer.project_id}{options}` {later}"


def _last_day(answer: Orchestration) -> date | None:
    if answer.created and answer.created.end_date:
        return answer.created.end_date
    sprint = answer.analysis.current_sprint
    return sprint.end_date if sprint else None
