"""Numbers of a replay are named, typed and bounded; every threshold is among them or refused."""

import pytest

from domain_services.kernel.errors import Invalid
from graphs import adjustable, thresholds
from graphs.what_if import Changes


def test_every_threshold_can_be_set_or_says_why_not() -> None:
    names = {name for name in vars(thresholds) if name.isupper() and name != "KEPT_SPRINTS"}
    assert names == adjustable.THRESHOLDS.keys() | adjustable.FIXED.keys()
    assert not adjustable.THRESHOLDS.keys() & adjustable.FIXED.keys()


def test_each_number_of_this_release_lies_in_its_range() -> None:
    for name, limits in adjustable.THRESHOLDS.items():
        assert limits.low <= getattr(thresholds, name) <= limits.high, name


def test_numbers_are_read_with_their_types() -> None:
    adjusted = adjustable.parse(
        ["MAX_CHANGE=0.3", "MIN_NEIGHBOURS=5", "certainty=85", "max_tasks=6"]
    )
    assert adjusted.thresholds == {"MAX_CHANGE": 0.3, "MIN_NEIGHBOURS": 5}
    assert adjusted.changes == Changes(certainty=85, max_tasks=6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("confidence_treshold=0.6", "did you mean confidence_threshold"),
        ("max_change=0.3", "did you mean MAX_CHANGE"),
        ("no_such=1", r"MAX_CHANGE \(number 0 to 1\)"),
        ("MAX_CHANGE", "not written NAME=VALUE"),
        ("MAX_CHANGE=2", "needs a number 0 to 1"),
        ("max_tasks=0", "needs a whole number 1 to 1000"),
        ("MAX_CHANGE=nan", "needs a number 0 to 1"),
        ("MIN_NEIGHBOURS=2.5", "needs a whole number 1 to 15"),
        ("certainty=55", "needs one of 50, 60, 70, 85"),
        ("max_tasks=many", "needs a whole number 1 to 1000"),
        ("RECALL_SECONDS=9", "a replay waits for nobody"),
        ("CONFIDENCE_THRESHOLD=0.6", "set confidence_threshold"),
    ],
)
def test_wrong_number_is_refused_with_its_range(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        adjustable.parse([text])


@pytest.mark.parametrize("name", ["max_tasks", "PACE_SPRINTS"])
def test_number_that_is_set_twice_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=f"{name} is set twice"):
        adjustable.parse([f"{name}=3", f"{name}=4"])
