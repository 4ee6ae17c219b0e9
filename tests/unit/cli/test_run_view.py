"""The page of one run says who asked for what."""

import pytest
from rich.console import Console

from agent.cli.run_view import render
from agent.run_schema import RunDetails

RUN = "0193a3f0-8c5e-7000-8000-000000000001"
OTHER = "0193a3f0-8c5e-7000-8000-000000000002"


def page(**values: object) -> str:
    run = RunDetails.model_validate(
        {
            "run_id": RUN,
            "project_id": "P1",
            "status": "waiting",
            "effect": None,
            "decision_mode": None,
            "dry_run": False,
            "started_at": "2026-03-02T10:00:00Z",
            "decided_at": None,
            "ended_at": None,
            "request": {},
            "decision": None,
            "answer": None,
            "error": None,
            **values,
        }
    )
    console = Console(width=100, highlight=False)
    with console.capture() as capture:
        console.print(render(run))
    return " ".join(capture.get().split())


@pytest.mark.parametrize(
    ("asked_by", "person"), [("the chat", "the chat"), (None, "lena")], ids=["program", "key alone"]
)
def test_a_requested_call_names_the_call_and_who_asked(asked_by: str | None, person: str) -> None:
    request = {"name": "close_sprint", "asked_by": asked_by, "key": "lena"}
    assert f"asked the call close_sprint, by {person}" in page(kind="request", request=request)


def test_an_undo_names_the_run_that_it_takes_back() -> None:
    assert f"asked take back run {OTHER}" in page(kind="undo", undoes=OTHER)


def test_a_decision_names_its_options_alone() -> None:
    options = {"sprint_duration_weeks": 3, "assign_tasks": True}
    assert "asked sprint_duration_weeks 3" in page(request={"options": options})
    assert "asked the next step, with no option of its own" in page()
