"""Refusals of an answer to a run, each with what has become of the run."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.words import listed
from graphs.basis import Difference
from memory.autonomy import describe_pause, pause_fields
from memory.run import PauseRow, Run, run_url

MOST_CHANGES = 5  # of a stale plan, in the refusal's detail; its `changes` have all


class AlreadyAnswered(Conflict):
    """Another answer holds; `reviewed_by`, `reviewed_at` and `run_status` name it."""

    code = "already_answered"
    title = "The run is already answered"


class PlanChanged(Conflict):
    """The plan, or what it rests on, is another than the person saw; `changes` says which."""

    code = "plan_changed"
    title = "The plan has changed"


class RunExpired(Conflict):
    """The time to answer is over."""

    code = "run_expired"
    title = "The run has expired"


class RunSuperseded(Conflict):
    """A newer decision has taken the run's place; `superseded_by` names it."""

    code = "run_superseded"
    title = "A newer run has taken its place"


class RunNotWaiting(Conflict):
    """The run waits for nobody."""

    code = "run_not_waiting"
    title = "The run does not wait"


class ApprovalPaused(Conflict):
    """Nothing is carried out while the project is paused."""

    code = "paused"
    title = "The project is paused"


class ApprovalObserved(Conflict):
    """Nothing is carried out while the project only observes."""

    code = "observed"
    title = "The project only observes"


def refusal_of(run: Run) -> Conflict:
    """Return why a run that does not wait takes no answer."""
    place: dict[str, Any] = {"run_id": str(run.run_id), "run_url": run_url(run.run_id)}
    if run.status == "superseded":
        newer = str(run.superseded_by)
        return RunSuperseded(
            f"run {run.run_id} was superseded by the newer run {newer}; decide about that one",
            superseded_by=newer,
            **place,
        )
    if run.status == "expired":
        return expired(run)
    if run.reviewed_at is not None:
        deed = "rejected" if run.status == "rejected" else "approved"
        reason = run.error["detail"] if run.status == "failed" and run.error else None
        end = f", and it failed: {reason}" if reason else ""
        if run.undone_by is not None:
            end = f", and run {run.undone_by} has undone it since"
        return AlreadyAnswered(
            f"{run.reviewed_by} {deed} it at {run.reviewed_at:%H:%M} UTC on"
            f" {run.reviewed_at:%Y-%m-%d}{end}; see dsm run {run.run_id}",
            reviewed_by=run.reviewed_by,
            reviewed_at=run.reviewed_at.isoformat(),
            run_status=run.status,
            **place,
        )
    return RunNotWaiting(
        f"run {run.run_id} is {run.status} and waits for nobody; see dsm run {run.run_id}",
        run_status=run.status,
        **place,
    )


def _again(run: Run) -> str:
    """Say how a plan like that of `run` is made anew."""
    if run.kind == "decision":
        return f"dsm orchestrate {run.project_id} decides again"
    first = f"dsm reject {run.run_id} ends it, then " if run.status == "waiting" else ""
    if run.kind == "undo":
        return f"{first}dsm undo {run.undoes} plans it again"
    return f"{first}ask for the call again"


def unknown_run(run_id: UUID) -> NotFound:
    """Return the refusal of an id that no run has."""
    return NotFound(
        f"there is no run {run_id}; a dry run that was not recorded has none", run_id=str(run_id)
    )


def expired(run: Run) -> Conflict:
    """Return the refusal of an answer that comes too late."""
    end = f" by {run.expires_at:%Y-%m-%d %H:%M} UTC" if run.expires_at else ""
    return RunExpired(
        f"run {run.run_id} has expired: nobody answered it{end}; {_again(run)}",
        expires_at=run.expires_at and run.expires_at.isoformat(),
        run_id=str(run.run_id),
        run_url=run_url(run.run_id),
    )


def other_plan(run: Run) -> Conflict:
    """Return the refusal of an answer with the fingerprint of another plan."""
    return PlanChanged(
        f"the answer is about another plan than that of run {run.run_id}; read the plan again",
        changes=[],
        run_id=str(run.run_id),
        run_url=run_url(run.run_id),
    )


def stale_plan(run: Run, changes: Sequence[Difference]) -> Conflict:
    """Return the refusal of a plan whose facts have changed."""
    facts = [f"{item.what}: {item.proposed} -> {item.now}" for item in changes]
    words = listed(facts, MOST_CHANGES, "; ")
    return PlanChanged(
        f"nothing was done, because the plan rests on what has changed: {words}; {_again(run)}",
        changes=[item.model_dump(mode="json") for item in changes],
        run_id=str(run.run_id),
        run_url=run_url(run.run_id),
    )


def paused(run: Run, pause: PauseRow) -> Conflict:
    """Return the refusal of an approval during a pause."""
    fields: dict[str, Any] = {**pause_fields(pause)}
    return ApprovalPaused(
        f"nothing is carried out: {describe_pause(pause)}",
        run_id=str(run.run_id),
        run_url=run_url(run.run_id),
        **fields,
    )


def observed(run: Run, reason: str) -> Conflict:
    """Return the refusal of an approval while the project acts on nothing, with its `reason`."""
    return ApprovalObserved(
        f"nothing is carried out: {reason}; the plan waits on, and can be rejected",
        run_id=str(run.run_id),
        run_url=run_url(run.run_id),
    )
