"""The status decides whether a task is closed, the days only when; contradictions are named."""

from datetime import date

import pytest

from agent.importing.meaning.closing import Closing, Facts, settle
from agent.importing.meaning.statuses import State, category_state, resolution_state, state_of

FIRST, LAST = date(2024, 3, 4), date(2024, 3, 11)
TO_DO, DOING, DONE, DROPPED = State.TO_DO, State.DOING, State.DONE, State.DROPPED


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # A person's word goes before the tracker's category, and that before a name.
        (Facts(chosen=DONE, category=TO_DO, status=DOING), Closing(DONE)),
        (Facts(category=DOING, status=DONE), Closing(DOING)),
        (Facts(status=DONE, finished=LAST), Closing(DONE, LAST, "finished")),
        # An open status by its mere name is overruled by a day, and by nothing else.
        (Facts(status=TO_DO, finished=LAST), Closing(DONE, LAST, "finished", "closed")),
        (Facts(status=TO_DO, dropped=LAST), Closing(DROPPED, LAST, "dropped", "closed")),
        (Facts(status=TO_DO, finished=LAST, keeps_finish=True), Closing(TO_DO, None, None, "open")),
        (Facts(category=DOING, finished=LAST), Closing(DOING, None, None, "open")),
        (Facts(chosen=TO_DO, finished=LAST), Closing(TO_DO, None, None, "open")),
        (Facts(status=TO_DO, resolution=DONE), Closing(TO_DO)),
        # Work that was closed without being done.
        (Facts(category=DONE, status=DROPPED), Closing(DROPPED)),
        (Facts(chosen=DONE, category=DONE, status=DROPPED), Closing(DONE)),
        (
            Facts(category=DONE, resolution=DROPPED, finished=LAST),
            Closing(DROPPED, LAST, "finished"),
        ),
        (Facts(status=DROPPED, dropped=FIRST, finished=LAST), Closing(DROPPED, FIRST, "dropped")),
        (Facts(archived=True), Closing(DROPPED)),
        (Facts(archived=True, status=DOING), Closing(DROPPED)),
        (Facts(archived=True, status=DONE), Closing(DONE)),
        (Facts(archived=True, finished=LAST), Closing(DONE, LAST, "finished")),
        # Days, the most certain first.
        (Facts(status=DONE, entered=FIRST, changed=LAST), Closing(DONE, FIRST, "transitions")),
        (Facts(category=DONE, changed=LAST), Closing(DONE, LAST, "status_changed")),
        (Facts(chosen=DONE, category=DOING, changed=LAST), Closing(DONE)),
        # Nothing is known, or the resolution alone.
        (Facts(), Closing(None)),
        (Facts(changed=LAST), Closing(None)),
        (Facts(resolution=DROPPED), Closing(DROPPED)),
    ],
)
def test_outcome_is_decided_by_the_most_certain_fact(facts: Facts, expected: Closing) -> None:
    assert settle(facts) == expected


@pytest.mark.parametrize("text", ["Unresolved", "None", "-", "", "Sin resolver", "Other"])
def test_resolution_that_says_nothing_drops_no_task(text: str) -> None:
    assert resolution_state(text) is None


@pytest.mark.parametrize("text", ["Won't Do", "Won\u2019t fix", "DUPLICATE", "Cannot Reproduce"])
def test_resolution_without_work_drops_a_task(text: str) -> None:
    assert resolution_state(text) is DROPPED


def test_own_names_go_before_the_common_ones() -> None:
    assert resolution_state("Fixed", {"fixed": DROPPED}) is DROPPED
    assert category_state("Done", {"done": DOING}) is DOING
    assert state_of("Live", {"live": DONE}, {"live": TO_DO}) is DONE
    assert state_of("Limbo") is None
