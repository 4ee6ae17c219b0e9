"""The page of one run says who asked for what, and what is forgotten of its evidence."""

from uuid import UUID

from rich.console import Console

from agent.cli.run_view import render
from agent.run_schema import RunDetails
from tests.unit.cli.answers import answer, created

RUN = "0193a3f0-8c5e-7000-8000-000000000001"
OTHER = "0193a3f0-8c5e-7000-8000-000000000002"


def page(forgotten: frozenset[UUID] = frozenset(), **values: object) -> str:
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
        console.print(render(run, forgotten))
    return " ".join(capture.get().split())


def test_a_run_names_what_was_asked_and_by_whom() -> None:
    text = page(kind="request", request={"name": "close_sprint"}, asked_by="the chat (lena)")
    assert "asked the call close_sprint asked by the chat (lena)" in text
    assert "asked by" not in page()


def test_a_decision_of_a_person_is_said_as_done() -> None:
    review = {"decisions": [{"type": "approve"}, {"type": "reject", "reason": "too early"}]}
    text = page(status="done", reviewed_by="lena", review=review)
    assert "person approved, rejected by lena: too early" in text


def test_an_undo_names_the_run_that_it_takes_back() -> None:
    assert f"asked take back run {OTHER}" in page(kind="undo", undoes=OTHER)


def test_a_decision_names_its_options_alone() -> None:
    options = {"sprint_duration_weeks": 3, "assign_tasks": True}
    assert "asked sprint_duration_weeks 3" in page(request={"options": options})
    assert "asked the next step, with no option of its own" in page()


def test_a_forgotten_episode_keeps_its_place_and_loses_its_outcome() -> None:
    decided = answer(new=created())
    episode, *_ = decided.intelligence_metadata.similar_episodes
    stored = decided.model_dump(mode="json")
    shown = f"{episode.sprint_id} {episode.day} {episode.similarity:.2f} {episode.found_by}"
    assert f"{shown} {episode.outcome.completed_tasks}" in page(answer=stored)
    after = page(frozenset({episode.episode_id}), answer=stored)
    assert f"{shown} forgotten since" in after
    assert after.count("forgotten since") == 1
