"""A plan as a person answered it: every step once, with what a rejected step takes along."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from agent.decision_schema import StepAnswer
from domain_services.kernel.errors import Invalid
from graphs.deeds import Deed
from graphs.edits import edit_call, needed_step
from memory.decision import PlannedCall
from memory.episode_documents import JsonObject


@dataclass(frozen=True)
class AnsweredPlan:
    """The plan of a person's answer."""

    plan: tuple[PlannedCall, ...]
    """Calls that are to be made, in order; empty when all were rejected."""
    edits: Mapping[int, PlannedCall]
    """Changed calls, by step."""
    steps: tuple[JsonObject, ...]
    """The answer by step, as it is stored."""
    deed: Deed
    """`approved`, `edited` or `rejected`, for the plan as a whole."""
    unscheduled: str | None
    """Sprint in progress whose daily scrum was rejected; None when none was."""

    @property
    def reason(self) -> str | None:
        """Return the reasons of the person in one text; None without any."""
        reasons = dict.fromkeys(str(step["reason"]) for step in self.steps if step.get("reason"))
        return "; ".join(reasons) or None


def answer_plan(plan: Sequence[PlannedCall], answers: Sequence[StepAnswer]) -> AnsweredPlan:
    """Apply answers to a plan. Raises: `Invalid` for a wrong, missing or doubled step, or edit."""
    by_step = _by_step(plan, answers)
    rejected = {step for step, answer in by_step.items() if answer.type == "reject"}
    calls: list[PlannedCall] = []
    edits: dict[int, PlannedCall] = {}
    steps: list[JsonObject] = []
    for step, call in enumerate(plan):
        answer = by_step[step]
        needed = needed_step(plan, step)
        # A schedule of a sprint that is not made has nothing to be held in.
        if answer.type != "reject" and needed in rejected:
            rejected.add(step)
            reason = f"it needs the result of step {needed}, which was rejected"
            steps.append({"step": step, "name": call.name, "type": "reject", "reason": reason})
            continue
        steps.append(_document(call, answer))
        if answer.type == "reject":
            continue
        if answer.type == "edit":
            call = _edited(step, call, answer)
            edits[step] = call
        calls.append(call)
    changed = tuple(calls) != tuple(plan)
    deed: Deed = "rejected" if not calls else "edited" if changed else "approved"
    return AnsweredPlan(tuple(calls), edits, tuple(steps), deed, _unscheduled(plan, rejected))


def _unscheduled(plan: Sequence[PlannedCall], rejected: Collection[int]) -> str | None:
    """Return the sprint of a rejected schedule; a new sprint has no id yet."""
    for step in rejected:
        call = plan[step]
        if call.name == "create_cronjob" and "sprint_id" in call.arguments:
            return str(call.arguments["sprint_id"])
    return None


def _by_step(plan: Sequence[PlannedCall], answers: Sequence[StepAnswer]) -> dict[int, StepAnswer]:
    by_step: dict[int, StepAnswer] = {}
    for answer in answers:
        if answer.step >= len(plan):
            raise Invalid(f"the plan has no step {answer.step}; {_range(plan)}", step=answer.step)
        if answer.step in by_step:
            raise Invalid(f"step {answer.step} is answered twice; {_range(plan)}", step=answer.step)
        by_step[answer.step] = answer
    missing = [str(step) for step in range(len(plan)) if step not in by_step]
    if missing:
        raise Invalid(f"step {', '.join(missing)} is not answered; {_range(plan)}")
    return by_step


def _range(plan: Sequence[PlannedCall]) -> str:
    return (
        f"answer each of the steps 0 to {len(plan) - 1} once"
        if len(plan) > 1
        else ("answer step 0 once")
    )


def _edited(step: int, call: PlannedCall, answer: StepAnswer) -> PlannedCall:
    action = answer.edited_action
    if action is not None and action.name != call.name:
        raise Invalid(
            f"step {step} calls {call.name}, not {action.name}; reject the step instead", step=step
        )
    return edit_call(step, call, answer.changes)


def _document(call: PlannedCall, answer: StepAnswer) -> JsonObject:
    document: JsonObject = {"step": answer.step, "name": call.name, "type": answer.type}
    if answer.type == "edit":
        document["arguments"] = answer.changes
    if answer.words:
        document["reason"] = answer.words
    return document
