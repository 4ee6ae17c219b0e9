"""A tracker cannot fill the memory, stop the clock, or take the token elsewhere."""

import gzip
import logging
import traceback

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.sources import limits
from agent.importing.sources.addresses import check_url
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.github.issues import ADVICE
from agent.importing.sources.last_read import TrackerTime
from agent.importing.sources.rate_limits import limit_pause
from agent.importing.sources.request_parsing import github_request, gitlab_request, jira_request
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.source_request import SourceRequest
from domain_services.kernel.errors import Problem
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.jira_server import EMAIL, Jira
from tests.sources.jira_server import issue as jira_issue
from tests.sources.jira_shop import shop
from tests.sources.reading import NOW, TOKEN, Reader, StandingClock, by_id
from tests.sources.tracker_server import Call, Fault, Reply, serving_tracker

PASSWORD = "secret-9f2"
DATES = (
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 24 Apr 2026 03:07:10 -9999",
    "Fri, 24 Apr 2026 03:07:10",
    "Fri, 99 Apr 2026",
)


def read(*faults: Fault, projects: bool = False, reader: Reader | None = None) -> list[str]:
    """Return the ids that a read of one issue gives despite faults."""
    with serving_tracker(GitHub([issue(1)]).server()) as server:
        server.faults = [*faults]
        request = SourceRequest("github", server.url, REPOSITORY, projects=projects)
        return [*by_id((reader or Reader()).read(request))]


def packed(content: bytes, *packings: str) -> Fault:
    headers = {"Content-Encoding": ", ".join(packings)}
    return Fault("issues", Reply(content, headers=headers), times=99)


def test_packed_answer_is_read() -> None:
    assert read(packed(gzip.compress(b"[]"), "gzip")) == []


def test_small_answer_that_unpacks_to_200_megabytes_is_not_read() -> None:
    bomb = gzip.compress(b" " * (200 << 20))
    assert len(bomb) < 1 << 18
    with pytest.raises(SourceRefused, match="answers with more than 50 MB"):
        read(packed(bomb, "gzip"))


@pytest.mark.parametrize("packings", [("gzip", "gzip"), ("zstd",), ("br",), ("deflate", "gzip")])
def test_answer_in_a_packing_without_a_bound_is_not_unpacked(packings: tuple[str, ...]) -> None:
    with pytest.raises(SourceRefused, match="packs its answer in a way that nobody asked for"):
        read(packed(gzip.compress(gzip.compress(b"[]")), *packings))


def test_only_packings_with_a_bound_are_asked_for() -> None:
    with serving_tracker(GitHub([issue(1)]).server()) as server:
        Reader().read(SourceRequest("github", server.url, REPOSITORY))
        assert server.calls[0].headers["accept-encoding"] == "gzip, deflate"


def test_answer_without_an_end_in_time_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_SECONDS", -1.0)
    with pytest.raises(Problem, match="does not end its answer 5 times in a row"):
        read()


@pytest.mark.parametrize("status", [301, 302, 303])
def test_question_in_a_body_follows_no_redirect_that_drops_it(status: int) -> None:
    moved = Fault("graphql", Reply({}, status, {"Location": "/other/graphql"}))
    with pytest.raises(SourceRefused, match="has moved to /other/graphql; give its new address"):
        read(moved, projects=True)


@pytest.mark.parametrize("status", [307, 308])
def test_question_in_a_body_follows_a_redirect_that_keeps_it(status: int) -> None:
    moved = Fault("graphql", Reply({}, status, {"Location": "/graphql?again"}))
    assert read(moved, projects=True) == ["1"]


def test_token_goes_to_no_other_scheme() -> None:
    def secure(call: Call) -> Reply:
        return Reply({}, 302, {"Location": f"https://{call.headers['host']}{call.path}"})

    with pytest.raises(SourceRefused, match="the token is sent to no other address"):
        read(Fault("issues", secure))


@pytest.mark.parametrize(
    ("text", "pause"),
    [("0", 1), ("0.4", 1.4), ("Mon, 01 Jan 2001 00:00:00 GMT", 1), ("299", 300)],
)
def test_wait_that_is_asked_for_lasts_a_second_at_least(text: str, pause: float) -> None:
    reader = Reader()
    assert read(Fault("issues", Reply({}, 429, {"Retry-After": text})), reader=reader) == ["1"]
    assert reader.clock.pauses == [pause]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "300"},
        {"Retry-After": "31536000"},
        {"Retry-After": "99999999999"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "9999-12-31T23:59:59Z"},
    ],
)
def test_wait_that_is_too_long_is_left_to_a_person(headers: dict[str, str]) -> None:
    reader = Reader()
    with pytest.raises(Problem, match="lets the next request through at"):
        read(Fault("issues", Reply({}, 429, headers)), reader=reader)
    assert reader.clock.pauses == []


@pytest.mark.parametrize("reset", ["0", "1", "0001-01-01T00:00:00+14:00", "2001-01-01"])
def test_limit_that_was_reset_in_the_past_is_over(reset: str) -> None:
    reader = Reader()
    headers = {"X-RateLimit-Remaining": " 0 ", "X-RateLimit-Reset": reset}
    assert read(Fault("issues", Reply({}, 403, headers)), reader=reader) == ["1"]
    assert reader.clock.pauses == [1]


@given(
    st.text() | st.sampled_from(DATES),
    st.text() | st.sampled_from(DATES),
    st.sampled_from([200, 403, 429, 503]),
)
def test_headers_of_any_text_are_a_pause_or_none(after: str, reset: str, status: int) -> None:
    headers = {"retry-after": after, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    pause = limit_pause(status, headers, b"", NOW)
    assert pause is None or pause >= 0


@given(st.text() | st.sampled_from(DATES))
def test_date_of_any_text_leaves_a_first_moment(text: str) -> None:
    moment = TrackerTime()
    moment.note(NOW, NOW + 1, text)
    assert moment.first_moment(NOW).timestamp() <= NOW
    assert moment.minutes_since(moment.first_moment(NOW), NOW) >= 1


def test_tracker_that_is_ahead_or_behind_moves_the_first_moment_to_the_earlier_clock() -> None:
    ahead, behind = TrackerTime(), TrackerTime()
    ahead.note(NOW, NOW + 2, "Fri, 24 Apr 2026 04:06:40 GMT")
    behind.note(NOW, NOW + 2, "Fri, 24 Apr 2026 02:06:40 GMT")
    assert ahead.first_moment(NOW).timestamp() == NOW
    assert behind.first_moment(NOW).timestamp() == NOW - 3600 - 3
    # Changes are counted back from the tracker's own present, which is an hour later.
    assert ahead.minutes_since(ahead.first_moment(NOW), NOW) == 61
    assert behind.minutes_since(ahead.first_moment(NOW), NOW) == 1


def test_token_is_in_no_log_of_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    jira = shop(is_cloud=True)
    with serving_tracker(jira.server()) as server:
        reader = Reader(email=EMAIL)
        server.faults = [Fault("board", Reply({}, 503))]
        reader.read(SourceRequest("jira", server.url, "Team Alpha"))
        sent = {call.headers["authorization"] for call in server.calls}
    assert caplog.records
    secrets = [TOKEN, *(text.partition(" ")[2] for text in sent)]
    assert not [secret for secret in secrets if secret in caplog.text]


def test_token_of_an_account_is_hidden_in_any_form() -> None:
    def echo(call: Call) -> Reply:
        encoded = call.headers["authorization"].partition(" ")[2]
        return Reply({"message": f"no {encoded}, no {TOKEN}"}, 401)

    jira = shop(is_cloud=True)
    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("board", echo)]
        with pytest.raises(SourceRefused) as refused:
            Reader(email=EMAIL).read(SourceRequest("jira", server.url, "Team Alpha"))
    assert 'It says: "no ***, no ***"' in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        f"https://ada:{PASSWORD}@tracker.test/group/project",
        f"https://{PASSWORD}@tracker.test/group/project",
        f"https:///ada:{PASSWORD}@tracker.test/group/project",
        f"ftp://ada:{PASSWORD}@tracker.test/group/project",
        f"https://ada:{PASSWORD}/@tracker.test/group/project",
        f"://ada:{PASSWORD}@tracker.test/group/project",
    ],
)
def test_password_in_an_address_is_repeated_nowhere(url: str) -> None:
    for make in (
        lambda: jira_request(url, "1", "", insecure_http=False),
        lambda: gitlab_request(url, "", insecure_http=False),
        lambda: github_request(url, "", projects=False, api=None, insecure_http=False),
        lambda: github_request(REPOSITORY, "", projects=False, api=url, insecure_http=False),
        lambda: check_url(url, insecure_http=True),
    ):
        with pytest.raises(SourceRefused) as refused:
            make()
        assert PASSWORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("url", ["http://jira.company.test", "HTTP://192.168.0.9:8080"])
def test_unencrypted_address_needs_a_word_of_its_own(url: str) -> None:
    saved = {"kind": "jira", "url": url, "scope": "1"}
    with pytest.raises(SourceRefused, match="would show the token to others on the way"):
        jira_request(url, "1", "", insecure_http=False)
    with pytest.raises(SourceRefused, match="would show the token to others on the way"):
        SourceRequest.from_json(saved)
    assert jira_request(url, "1", "", insecure_http=True).insecure_http
    assert SourceRequest.from_json({**saved, "insecure_http": True}).insecure_http


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (httpx.ReadTimeout("slow"), "is silent 5 times in a row"),
        (httpx.ConnectTimeout("slow"), "is silent 5 times in a row"),
        (httpx.DecodingError("not gzip"), "broke off its answer 5 times in a row"),
        (httpx.RemoteProtocolError("cut"), "broke off its answer 5 times in a row"),
        (httpx.InvalidURL("no address"), "gives an address that cannot be read"),
        (UnicodeError("no host"), "gives an address that cannot be read"),
        (httpx.ConnectError("CERTIFICATE_VERIFY_FAILED"), "is not trusted. When it is your"),
        (httpx.ConnectError("refused"), "cannot be reached 5 times in a row"),
    ],
)
def test_fault_of_the_connection_is_words_without_the_token(fault: Exception, words: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        assert request.headers["private-token"] == TOKEN
        raise fault

    clock = StandingClock()
    headers = {"PRIVATE-TOKEN": TOKEN}
    with httpx.Client(transport=httpx.MockTransport(fail), headers=headers) as http:
        client = TrackerClient("https://tracker.test", http, lambda _: None, ADVICE, clock=clock)
        with pytest.raises(Problem, match=words) as refused:
            client.get("/issues")
    assert TOKEN not in "".join(traceback.format_exception(refused.value))
    # Each pause is about twice the one before, up to a bound.
    bounds = [(0.5, 1), (1, 2), (2, 4), (4, 8)]
    pauses = clock.pauses
    assert all(low <= pause <= high for (low, high), pause in zip(bounds, pauses, strict=False))


def test_answer_at_the_bound_is_read_and_one_byte_more_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = b"[]" + b" " * 998
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1000)
    assert read(Fault("issues", Reply(body))) == []
    with pytest.raises(SourceRefused, match="answers with more than"):
        read(Fault("issues", Reply(body + b" ")))
    with pytest.raises(SourceRefused, match="answers with more than"):
        read(Fault("issues", Reply(body[:-499], repeated=2, headers={"Content-Type": "a/json"})))


def test_one_issue_that_is_too_large_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    jira = shop(is_cloud=False)
    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("/search", Reply(b" " * 30_001), times=99)]
        monkeypatch.setattr(limits, "MAX_BODY_BYTES", 30_000)
        with pytest.raises(SourceRefused, match="answers with more than"):
            Reader().read(SourceRequest("jira", server.url, "Team Alpha"))
        sizes = [call.query["maxResults"] for call in server.calls if call.path.endswith("search")]
    assert sizes == ["50", "25", "12", "6", "3", "1"]


def test_list_of_jira_server_without_a_total_ends_with_its_last_page() -> None:
    issues = [jira_issue(number) for number in range(1, 61)]
    jira = Jira(issues, is_cloud=False)

    def without_total(call: Call) -> Reply:
        reply = server.usual_answer(call)
        return Reply({"issues": reply.body["issues"]})

    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("/search", without_total, times=9)]
        rows = by_id(Reader().read(SourceRequest("jira", server.url, "Team Alpha")))
        assert len([call for call in server.calls if call.path.endswith("search")]) == 3
    assert len(rows) == 60


@pytest.mark.parametrize("is_last", [True, False])
def test_short_list_of_jira_ends_with_its_last_or_an_empty_page(is_last: bool) -> None:
    jira = shop(is_cloud=False)

    def page(call: Call) -> Reply:
        values = jira.sprints if call.query["startAt"] == "0" or is_last else []
        return Reply({"isLast": is_last or None, "values": values})

    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("board/12/sprint", page, times=9)]
        Reader().read(SourceRequest("jira", server.url, "Team Alpha"))
        starts = [call.query["startAt"] for call in server.calls if call.path.endswith("/sprint")]
    assert starts == (["0"] if is_last else ["0", "2"])
