"""The client of a tracker retries, waits within bounds, and keeps the token at its host."""

import traceback

import pytest

from agent.importing.sources import limits
from agent.importing.sources.errors import SourceRefused, SourceUnavailable
from agent.importing.sources.source_request import SourceRequest
from domain_services.kernel.errors import Problem
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.reading import NOW, TOKEN, Reader, by_id
from tests.sources.tracker_server import Call, Fault, Reply, serving_tracker

ISSUES = [issue(number) for number in range(1, 151)]
WHOLE = [str(number) for number in range(1, 151)]


def refusal_of(*faults: Fault, reader: Reader | None = None) -> tuple[str, int]:
    """Return the words of a read that fails, and the requests that were made."""
    with serving_tracker(GitHub(ISSUES).server()) as server:
        server.faults = [*faults]
        with pytest.raises(Problem) as refused:
            (reader or Reader()).read(SourceRequest("github", server.url, REPOSITORY))
        trace = "".join(traceback.format_exception(refused.value))
        assert TOKEN not in trace + repr(refused.value) + str(refused.value.fields)
        return str(refused.value), len(server.calls)


def read_despite(*faults: Fault, reader: Reader | None = None) -> list[str]:
    """Return the ids of a read that succeeds despite faults."""
    with serving_tracker(GitHub(ISSUES).server()) as server:
        server.faults = [*faults]
        rows = (reader or Reader()).read(SourceRequest("github", server.url, REPOSITORY))
        return [*by_id(rows)]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_fault_is_tried_again(status: int) -> None:
    reader = Reader()
    fault = Fault("page=2", Reply({}, status), times=4)
    assert read_despite(fault, reader=reader) == WHOLE
    assert len(reader.clock.pauses) == 4
    assert sum(reader.clock.pauses) < 30


def test_lasting_fault_ends_in_words() -> None:
    words, calls = refusal_of(Fault("issues", Reply({}, 503), times=99))
    assert "answered 503 5 times in a row. Nothing was stored: try again later" in words
    assert calls == 5


@pytest.mark.parametrize("cut_after", [0, 20_000])
def test_connection_that_is_reset_midway_is_opened_again(cut_after: int) -> None:
    body = [issue(number) for number in range(101, 151)]
    fault = Fault("page=2", Reply(body, cut_after=cut_after), times=2)
    assert read_despite(fault) == WHOLE


def test_silent_place_ends_in_words() -> None:
    with serving_tracker(GitHub(ISSUES).server()) as server:
        url = server.url
    with pytest.raises(SourceUnavailable, match="cannot be reached 5 times in a row"):
        Reader().read(SourceRequest("github", url, REPOSITORY))


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {"Retry-After": "30"}, {}),
        (503, {"Retry-After": "30"}, {}),
        (429, {"Retry-After": "Fri, 24 Apr 2026 03:07:10 GMT"}, {}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 30)}, {}),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW) + 30)}, {}),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-04-24T03:07:10Z"}, {}),
        (403, {"Retry-After": "30"}, {"message": "You have exceeded a secondary rate limit."}),
    ],
)
def test_limit_is_waited_for(status: int, headers: dict[str, str], body: object) -> None:
    reader = Reader()
    assert read_despite(Fault("page=2", Reply(body, status, headers)), reader=reader) == WHOLE
    assert reader.clock.pauses == [31]
    assert "waits 31 s: the tracker's limit is reached" in reader.steps


def test_secondary_limit_without_a_time_is_waited_for_a_minute() -> None:
    reader = Reader()
    body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    assert read_despite(Fault("page=2", Reply(body, 403)), reader=reader) == WHOLE
    assert reader.clock.pauses == [61]


@pytest.mark.parametrize("text", ["soon", "-5", "nan", "1e99", "9" * 400])
def test_time_that_cannot_be_read_is_no_time(text: str) -> None:
    reader = Reader()
    fault = Fault("page=2", Reply({}, 429, {"Retry-After": text}))
    assert read_despite(fault, reader=reader) == WHOLE
    assert sum(reader.clock.pauses) < 10


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 3480)},
        {"Retry-After": "3480"},
    ],
)
def test_limit_that_resets_in_an_hour_is_not_waited_for(headers: dict[str, str]) -> None:
    reader = Reader()
    words, calls = refusal_of(Fault("page=2", Reply({}, 403, headers)), reader=reader)
    assert "lets the next request through at 04:04 UTC, in 58 minutes" in words
    assert "Nothing was stored; run the command again then." in words
    assert (reader.clock.pauses, calls) == ([], 2)


def test_limits_are_waited_for_within_one_bound() -> None:
    reader = Reader()
    fault = Fault("issues", Reply({}, 429, {"Retry-After": "200"}), times=99)
    words, calls = refusal_of(fault, reader=reader)
    assert "its limit of requests is used up" in words
    assert sum(reader.clock.pauses) <= limits.MAX_WAITS_SECONDS
    assert calls == 5


def test_limit_of_no_time_does_not_wait_without_end() -> None:
    fault = Fault("issues", Reply({}, 429, {"Retry-After": "0"}), times=999)
    words, calls = refusal_of(fault)
    assert "answered 429 5 times in a row" in words
    assert calls == limits.MAX_LIMIT_WAITS + limits.TRIES


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, 'does not accept the token. It says: "Bad credentials". Make a new one at'),
        (403, 'refuses /repos/acme/web-shop/issues to this token. It says: "Bad credentials"'),
        (404, "has no /repos/acme/web-shop/issues for this token."),
        (410, "has no /repos/acme/web-shop/issues for this token."),
        (422, "refuses the request /repos/acme/web-shop/issues (422)"),
        (500, "answered 500, a fault of its own. Nothing was stored"),
    ],
)
def test_refusal_says_what_to_do(status: int, words: str) -> None:
    sentence, calls = refusal_of(Fault("issues", Reply({"message": "Bad credentials"}, status)))
    assert words in sentence
    assert calls == 1


def test_token_that_the_tracker_repeats_is_hidden() -> None:
    words, _ = refusal_of(Fault("issues", Reply({"message": f"unknown token {TOKEN}"}, 401)))
    assert "unknown token ***" in words


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b"<!DOCTYPE html><title>Log in</title>"), "answers with a web page instead of data"),
        (Reply(b"hello", headers={"Content-Type": "text/html"}), "a web page instead of data"),
        (Reply(b""), "not whole JSON (0 bytes)"),
        (Reply(b'[{"number": 1, "title": "cu'), "not whole JSON (27 bytes)"),
        (Reply(b"[" * 100_000), "not whole JSON"),
        (Reply(b"\xff\xfe\x00"), "not whole JSON"),
        (Reply({"issues": []}), "is an object instead of a list"),
        (Reply(["text"]), "is a text instead of an object"),
        (Reply(None), "is nothing instead of a list"),
        (Reply({}, 204), "refuses the request"),
    ],
)
def test_answer_of_another_shape_is_words(reply: Reply, words: str) -> None:
    sentence, calls = refusal_of(Fault("issues", reply))
    assert words in sentence
    assert calls == 1


def test_body_of_200_megabytes_is_not_read() -> None:
    stated = Reply(b"[]", headers={"Content-Length": str(200 << 20)})
    assert "more than 50 MB" in refusal_of(Fault("issues", stated))[0]
    endless = Reply(b" " * (1 << 20), repeated=200)
    words, calls = refusal_of(Fault("issues", endless))
    assert "answers with more than 50 MB" in words
    assert calls == 1


def test_token_goes_to_no_other_host_by_a_redirect() -> None:
    with serving_tracker(GitHub(ISSUES).server()) as other:
        target = f"{other.url}/repos/{REPOSITORY}/issues"
        words, _ = refusal_of(Fault("issues", Reply({}, 302, {"Location": target})))
        assert f"refers to {other.url}, and the token is sent to no other address" in words
        assert other.calls == []


def test_token_goes_to_no_other_host_by_a_next_page() -> None:
    with serving_tracker(GitHub(ISSUES).server()) as other:
        link = f'<{other.url}/repos/{REPOSITORY}/issues?page=2>; rel="next"'
        words, _ = refusal_of(Fault("issues", Reply(ISSUES[:100], headers={"Link": link})))
        assert "the token is sent to no other address" in words
        assert other.calls == []


@pytest.mark.parametrize(
    "location",
    [
        "/login?os_destination=%2Frest",
        "https://id.atlassian.com/login",
        "https://acme.okta.test/sso/saml",
        "/users/sign_in",
    ],
)
def test_redirect_to_a_login_page_is_words_about_the_token(location: str) -> None:
    words, _ = refusal_of(Fault("issues", Reply({}, 302, {"Location": location})))
    assert "sends to a login page" in words


def test_redirect_on_the_same_host_is_followed() -> None:
    target = f"/repos/{REPOSITORY}/issues?page=1&per_page=100"
    fault = Fault("sort=created.*per_page=100$", Reply({}, 301, {"Location": target}))
    assert read_despite(fault) == WHOLE


def test_redirects_in_a_circle_end_in_words() -> None:
    def again(call: Call) -> Reply:
        return Reply({}, 302, {"Location": f"{call.path}?again"})

    assert "redirects in a circle" in refusal_of(Fault("issues", again, times=99))[0]


def with_next(place: str, first: int) -> Fault:
    """Answer with three issues and a next page at `place`."""
    page = [issue(number) for number in range(first, first + 3)]

    def reply(call: Call) -> Reply:
        link = f'<http://{call.headers["host"]}{call.path}?{place}>; rel="next"'
        return Reply(page, headers={"Link": link})

    return Fault("issues", reply, times=99)


def test_next_page_that_loops_ends_in_words() -> None:
    words, calls = refusal_of(with_next("page=2", 1))
    assert "refers back to a page that was read before" in words
    assert calls <= 3


def test_same_page_under_new_names_ends_in_words() -> None:
    numbers = iter(range(10_000))

    def reply(call: Call) -> Reply:
        link = f'<http://{call.headers["host"]}{call.path}?page={next(numbers)}>; rel="next"'
        return Reply([issue(1)], headers={"Link": link})

    words, calls = refusal_of(Fault("issues", reply, times=99))
    assert "repeats the same page" in words
    assert calls <= 4


def test_list_without_an_end_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.importing.sources.paging.MAX_PAGES", 20)
    numbers = iter(range(1, 10_000))

    def reply(call: Call) -> Reply:
        number = next(numbers)
        link = f'<http://{call.headers["host"]}{call.path}?page={number}>; rel="next"'
        return Reply([issue(number)], headers={"Link": link})

    words, calls = refusal_of(Fault("issues", reply, times=99))
    assert "has more than 20 pages" in words
    assert calls == 20


def test_more_pages_than_the_stated_total_end_in_words() -> None:
    numbers = iter(range(1, 10_000))

    def reply(call: Call) -> Reply:
        number = next(numbers)
        link = f'<http://{call.headers["host"]}{call.path}?page={number}>; rel="next"'
        return Reply([issue(number)], headers={"Link": link, "X-Total": "3"})

    words, calls = refusal_of(Fault("issues", reply, times=99))
    assert "goes on after the 3 that it states" in words
    assert calls == 4


def test_stopped_read_ends_at_once() -> None:
    class Stopped(Exception):
        pass

    def stop(step: object) -> None:
        raise Stopped

    reader = Reader()
    reader.note = stop  # type: ignore[method-assign, assignment]
    with serving_tracker(GitHub(ISSUES).server()) as server:
        with pytest.raises(Stopped):
            reader.read(SourceRequest("github", server.url, REPOSITORY))
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://jira.company.test", "would show the token to others on the way"),
        ("https://ada:secret-9f2@jira.company.test", "Leave the name and the password out"),
        ("ftp://jira.company.test", "is not a web address"),
        ("https://", "is not a web address"),
        ("https://host:port", "The URL cannot be read"),
    ],
)
def test_address_that_a_token_may_not_go_to(url: str, words: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        Reader().read(SourceRequest("github", url, REPOSITORY))
    assert words in str(refused.value)
    assert "secret-9f2" not in str(refused.value)
