"""Wire types of a person's answer to a plan that waits."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, model_validator

from domain_services.kernel.types import FreeForm, Storable, Wire
from graphs.approval import AnswerType

MOST_STEPS = 50  # of a plan; a run plans far fewer calls

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), Storable]
Step = Annotated[int, Field(strict=True, ge=0, lt=MOST_STEPS)]


class EditedAction(Wire):
    """A call with changed arguments, as LangChain's clients send it."""

    name: str
    """Name of the tool; it cannot be changed."""
    args: FreeForm
    """Arguments; those that are not named stay as they are."""


class StepAnswer(Wire):
    """Answer to one call of the plan."""

    step: Step
    """Place of the call in the plan, from 0."""
    type: AnswerType
    """`approve` carries it out, `edit` with other arguments, `reject` leaves it out."""
    arguments: FreeForm | None = None
    """Changed arguments of an edit; those that are not named stay as they are."""
    edited_action: EditedAction | None = None
    """The same in LangChain's form; null: `arguments` has them."""
    reason: Reason | None = None
    """Reason in words; null: none."""
    message: Reason | None = None
    """The same in LangChain's form; null: `reason` has it."""

    @model_validator(mode="after")
    def _edits_or_not(self) -> "StepAnswer":
        values = [self.arguments, self.edited_action]
        if self.type == "edit" and values.count(None) != 1:
            raise ValueError("an edit has either arguments or edited_action; send one of them")
        if self.type != "edit" and values.count(None) != 2:
            raise ValueError(f"{self.type} takes no arguments; send the type edit to change them")
        if self.reason is not None and self.message is not None:
            raise ValueError("reason and message say the same; send one of them")
        return self

    @property
    def words(self) -> str | None:
        """Return the reason; None without any."""
        return self.reason or self.message or None

    @property
    def changes(self) -> dict[str, JsonValue]:
        """Return the changed arguments of an edit."""
        if self.edited_action is not None:
            return self.edited_action.args
        return self.arguments or {}


class RunDecision(Wire):
    """Decision of a person about a plan that waits, each call once."""

    fingerprint: Annotated[str, StringConstraints(max_length=200)]
    """Fingerprint of the plan that the person saw."""
    decisions: Annotated[list[StepAnswer], Field(min_length=1, max_length=MOST_STEPS)]
    """Answers by step, in any order."""
