"""An address that a person types becomes a request without a secret; a token has its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.request_parsing import github_request, gitlab_request, jira_request
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.tokens import credentials_of
from tests.sources.reading import TOKEN

JIRA = SourceRequest("jira", "https://acme.atlassian.net", "12")


@pytest.mark.parametrize(
    ("typed", "base", "board"),
    [
        ("https://acme.atlassian.net", "https://acme.atlassian.net", ""),
        ("acme.atlassian.net/", "https://acme.atlassian.net", ""),
        ("https://acme.atlassian.net/jira/your-work", "https://acme.atlassian.net", ""),
        ("https://acme.atlassian.net/browse/SHOP-1", "https://acme.atlassian.net", ""),
        (
            "https://acme.atlassian.net/jira/software/c/projects/SHOP/boards/12/backlog?x=1",
            "https://acme.atlassian.net",
            "12",
        ),
        (
            "https://jira.acme.test/secure/RapidBoard.jspa?rapidView=12",
            "https://jira.acme.test",
            "12",
        ),
        (
            "https://acme.test/jira/secure/RapidBoard.jspa?projectKey=A&rapidView=7",
            "https://acme.test/jira",
            "7",
        ),
        ("https://acme.test/jira", "https://acme.test/jira", ""),
        ("https://acme.test:8443/jira/browse/SHOP-1", "https://acme.test:8443/jira", ""),
        ("https://acme.test/jira/projects/SHOP/issues", "https://acme.test/jira", ""),
        ("https://acme.test/tools/jira/servicedesk/x", "https://acme.test/tools/jira", ""),
        ("https://jira.acme.test/login.jsp", "https://jira.acme.test", ""),
        (
            "https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555",
            "https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555",
            "",
        ),
    ],
)
def test_address_of_jira(typed: str, base: str, board: str) -> None:
    request = jira_request(typed, None, "", False)
    assert (request.url, request.scope) == (base, board)


def test_named_board_goes_before_that_of_the_address() -> None:
    request = jira_request("https://acme.atlassian.net/x/boards/12", "Team Beta", "", False)
    assert request.scope == "Team Beta"


@pytest.mark.parametrize(
    ("typed", "base", "name"),
    [
        ("acme/web-shop", "https://api.github.com", "acme/web-shop"),
        ("https://github.com/acme/web.shop/issues?q=1", "https://api.github.com", "acme/web.shop"),
        ("github.com/acme/web-shop.git", "https://api.github.com", "acme/web-shop"),
        ("https://git.acme.test/acme/shop", "https://git.acme.test/api/v3", "acme/shop"),
        (
            "https://git.acme.test/api/v3/repos/acme/shop",
            "https://git.acme.test/api/v3",
            "acme/shop",
        ),
        ("https://github.com/repos/shop", "https://api.github.com", "repos/shop"),
        ("https://acme.ghe.com/acme/shop/issues", "https://api.acme.ghe.com", "acme/shop"),
        ("https://api.acme.ghe.com/repos/acme/shop", "https://api.acme.ghe.com", "acme/shop"),
        ("https://api.github.com/repos/acme/shop", "https://api.github.com", "acme/shop"),
    ],
)
def test_repository_of_github(typed: str, base: str, name: str) -> None:
    request = github_request(typed, "", projects=False, api=None, insecure_http=False)
    assert (request.url, request.scope) == (base, name)


@pytest.mark.parametrize(
    "typed", ["acme", "acme/..", "a b/c", "acme/shop?x", "/acme", "https://github.com/"]
)
def test_text_that_names_no_repository(typed: str) -> None:
    with pytest.raises(SourceRefused, match="name it as OWNER/REPO"):
        github_request(typed, "", projects=False, api=None, insecure_http=False)


@pytest.mark.parametrize(
    "typed",
    [
        "https://gitlab.com/acme/shop/web",
        "gitlab.com/acme/shop/web/",
        "https://gitlab.com/acme/shop/web/-/issues/7?sort=x",
        "https://gitlab.com/acme/shop/web.git",
    ],
)
def test_project_of_gitlab(typed: str) -> None:
    request = gitlab_request(typed, "", False)
    assert (request.url, request.scope) == ("https://gitlab.com", "acme/shop/web")


def test_address_without_a_project_of_gitlab() -> None:
    with pytest.raises(SourceRefused, match="names no project"):
        gitlab_request("https://gitlab.com/acme", "", False)


@pytest.mark.parametrize(
    "request_",
    [
        JIRA,
        SourceRequest("github", "https://api.github.com", "acme/shop", "bug", True),
        SourceRequest("gitlab", "http://10.0.0.7", "a/b", insecure_http=True),
    ],
)
def test_request_is_saved_and_read_again(request_: SourceRequest) -> None:
    assert SourceRequest.from_json(json.loads(json.dumps(request_.to_json()))) == request_


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "trello"},
        {"kind": None},
        {"url": 7},
        {"url": "http://jira.acme.test"},
        {"url": "https://ada:secret@jira.acme.test"},
        {"scope": None},
        {"projects": "yes"},
        {"insecure_http": 1},
    ],
)
def test_saved_request_of_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(SourceRefused) as refused:
        SourceRequest.from_json(JIRA.to_json() | change)
    assert "secret" not in str(refused.value)


@given(st.text())
def test_any_text_is_an_address_or_words(text: str) -> None:
    for parse in (
        lambda: jira_request(text, None, "", False),
        lambda: github_request(text, "", projects=False, api=None, insecure_http=False),
        lambda: gitlab_request(text, "", False),
    ):
        try:
            request = parse()
        except SourceRefused as refused:
            assert str(refused)
        else:
            assert request.url.startswith(("https://", "http://"))


@pytest.mark.parametrize(
    ("kind", "variables"),
    [
        ("jira", {"JIRA_TOKEN": TOKEN}),
        ("github", {"GITHUB_TOKEN": TOKEN, "GH_TOKEN": "other"}),
        ("github", {"GITHUB_TOKEN": " ", "GH_TOKEN": f" {TOKEN}\n"}),
        ("gitlab", {"GITLAB_TOKEN": TOKEN}),
    ],
)
def test_token_of_the_environment(kind: str, variables: dict[str, str]) -> None:
    request = SourceRequest(kind, "https://acme.test", "x")  # type: ignore[arg-type]
    credentials = credentials_of(request, variables)
    assert credentials.token is not None
    assert credentials.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(credentials) + str(credentials)


def test_person_is_asked_only_without_a_variable() -> None:
    questions: list[str] = []

    def ask(words: str) -> str:
        questions.append(words)
        return TOKEN

    credentials_of(JIRA, {"JIRA_TOKEN": "other", "JIRA_EMAIL": "ada@acme.test"}, ask)
    assert questions == []
    credentials = credentials_of(JIRA, {"JIRA_EMAIL": "ada@acme.test"}, ask)
    assert credentials.email == "ada@acme.test"
    assert questions == ["Token for https://acme.atlassian.net (hidden; empty: none): "]


def test_jira_without_a_token_says_where_to_get_one() -> None:
    with pytest.raises(SourceRefused, match=r"set JIRA_TOKEN.*JIRA_EMAIL.*Make a token at"):
        credentials_of(JIRA, {})


@pytest.mark.parametrize("secret", ["two words", "tökén", "a\nb", "x\x00y"])
def test_token_that_no_header_holds_is_refused_without_it(secret: str) -> None:
    with pytest.raises(SourceRefused, match="copy it once more") as refused:
        credentials_of(JIRA, {"JIRA_TOKEN": secret})
    assert secret not in str(refused.value)
