"""A person reads before a rejection what becomes of the sprint without its daily scrum."""

from collections.abc import Sequence

import pytest

from agent.cli.approval_words import describe_rejected_scrum
from agent.decision_schema import StepAnswer
from graphs.approval import ActionRequest


def call(step: int, name: str) -> ActionRequest:
    return ActionRequest(
        step=step, name=name, args={}, description=name, undo=None, cannot_be_undone=False
    )


def describe(names: Sequence[str], rejected: Sequence[int]) -> list[str]:
    calls = [call(step, name) for step, name in enumerate(names)]
    answers = [
        StepAnswer(step=step, type="reject" if step in rejected else "approve")
        for step in range(len(names))
    ]
    return list(describe_rejected_scrum("P1", calls, answers))


@pytest.mark.parametrize(
    ("names", "rejected"),
    [(["create_cronjob"], [0]), (["create_sprint", "create_cronjob"], [1])],
)
def test_rejected_daily_scrum_is_said_with_the_way_to_get_it_back(
    names: list[str], rejected: list[int]
) -> None:
    assert describe(names, rejected) == [
        "The sprint gets no daily scrum by itself then; this adds one:",
        "  dsm schedule add P1 --daily-scrum",
    ]


@pytest.mark.parametrize(
    ("names", "rejected"),
    [
        (["create_sprint", "create_cronjob"], [0, 1]),
        (["create_sprint", "create_cronjob"], [0]),
        (["create_sprint", "create_cronjob"], []),
        (["close_sprint"], [0]),
    ],
)
def test_other_rejections_say_nothing_about_a_daily_scrum(
    names: list[str], rejected: list[int]
) -> None:
    assert describe(names, rejected) == []
