"""Options of `dsm clock` as a request."""

from datetime import date

import pytest

from agent.cli.clock import parse_move
from domain_services.kernel.errors import Invalid


def test_options_become_a_request() -> None:
    assert parse_move(None, False) is None
    for to, expected in (("2016-06-20", date(2016, 6, 20)), ("next-sprint", "next-sprint")):
        request = parse_move(to, False)
        assert request is not None
        assert (request.to, request.live) == (expected, None)
    release = parse_move(None, True)
    assert release is not None
    assert (release.to, release.live) == (None, True)


@pytest.mark.parametrize("to", ["tomorrow", "2016-06-31", "20.06.2016", ""])
def test_another_day_is_refused_in_words(to: str) -> None:
    with pytest.raises(Invalid, match="takes a day as YYYY-MM-DD, or next-sprint"):
        parse_move(to, False)


def test_both_options_are_refused() -> None:
    with pytest.raises(Invalid, match="either --to or --live"):
        parse_move("2016-06-20", True)
