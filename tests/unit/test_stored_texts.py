"""Bodies with text that the database cannot store are refused as they are read."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from pydantic import ValidationError

from agent.chat.schema import ChatRequest
from agent.decision_schema import StepAnswer
from agent.episodes.schema import EpisodeForgetting
from agent.plan_schema import CallRequest, UndoRequest

Body = Callable[[str], object]

BODIES: dict[str, Body] = {
    "reason of an answer": lambda text: StepAnswer(step=0, type="reject", reason=text),
    "argument": lambda text: StepAnswer(step=0, type="edit", arguments={"task_ids": [text]}),
    "name of an argument": lambda text: StepAnswer(step=0, type="edit", arguments={text: 1}),
    "edited action": lambda text: StepAnswer.model_validate(
        {"step": 0, "type": "edit", "edited_action": {"name": "a", "args": {"a": {"b": [text]}}}}
    ),
    "argument of a request": lambda text: CallRequest(
        project_id="P", name="cancel_sprint", arguments={"reason": text}
    ),
    "reason of undoing": lambda text: UndoRequest(reason=text),
    "reason of forgetting": lambda text: EpisodeForgetting(base=1, reason=text),
    "message": lambda text: ChatRequest(message=text, thread_id=uuid4()),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=["NUL", "surrogate"])
def test_text_that_cannot_be_stored_is_refused(body: Body, text: str) -> None:
    with pytest.raises(ValidationError):
        body(text)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_other_text_is_taken_as_it_is(body: Body) -> None:
    assert body("\u202e<b>\u00e4</b>")
