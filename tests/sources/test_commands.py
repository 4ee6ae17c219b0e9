"""Commands that import from a tracker, without a running stack."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli import tracker_reading
from agent.cli.import_sources import import_github, import_gitlab, import_jira
from agent.cli.target import Target
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.sources.source import fetch
from tests.sources import gitlab_server
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.gitlab_server import GitLab
from tests.sources.jira_server import EMAIL, POINTS, Jira
from tests.sources.jira_server import issue as jira_issue
from tests.sources.jira_shop import shop
from tests.sources.reading import TOKEN
from tests.sources.tracker_server import Call, Fault, Reply, serving_tracker


@pytest.fixture
def stack(tmp_path: Path) -> Target:
    return Target(tmp_path / "dsm")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JIRA_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("JIRA_EMAIL", EMAIL)


def test_board_is_previewed_with_its_sprints(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(shop(is_cloud=True).server()) as server:
        import_jira(server.url, "Team Alpha", target=stack, dry_run=True, as_json=True)
    output = capsys.readouterr()
    answer = json.loads(output.out)
    assert answer["recognised"]["profile"] == "Jira Cloud, by its API"
    assert answer["recognised"]["file"] == f"board 'Team Alpha' of {server.url}"
    assert [item["project"] for item in answer["recognised"]["projects"]] == ["SHOP"]
    assert (answer["dry_run"], answer["imported"]) == (True, [])
    assert TOKEN not in output.out + output.err
    assert not stack.folder.exists()


def test_repository_and_project_are_previewed(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(GitHub([issue(1), issue(2)]).server()) as server:
        import_github(REPOSITORY, api=server.url, target=stack, dry_run=True)
    assert f"repository {REPOSITORY}: 2 rows, 2 tasks, 0 refused" in capsys.readouterr().out
    issues = [gitlab_server.issue(iid) for iid in (1, 2)]
    with serving_tracker(GitLab(issues).server()) as server:
        import_gitlab(f"{server.url}/{gitlab_server.PROJECT}", target=stack, dry_run=True)
    page = capsys.readouterr().out
    assert "project acme/shop/web: 2 rows, 2 tasks, 0 refused" in page
    assert "issues closed without work count as completed" in " ".join(page.split())


def test_options_about_rows_hold_for_a_tracker_too(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(GitHub([issue(1), issue(2)]).server()) as server:
        import_github(
            REPOSITORY,
            api=server.url,
            target=stack,
            statuses=["open=doing"],
            project="TEAM",
            dry_run=True,
            as_json=True,
        )
    answer = json.loads(capsys.readouterr().out)["recognised"]
    assert [item["project"] for item in answer["projects"]] == ["TEAM"]
    assert answer["states"]["doing"] == 2


def test_refused_token_ends_the_command_in_one_line(
    stack: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIRA_TOKEN", "wrong-77b1")
    with (
        serving_tracker(shop(is_cloud=False).server()) as server,
        pytest.raises(SystemExit) as stop,
    ):
        import_jira(server.url, "12", target=stack, dry_run=True)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert error.startswith(f"error: {server.url} does not accept the token.")
    assert error.count("\n") == 1
    assert "wrong-77b1" not in error


def test_wrong_option_is_refused_before_the_tracker_is_asked(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(shop(is_cloud=True).server()) as server:
        with pytest.raises(SystemExit):
            import_jira(server.url, "12", target=stack, timezone="Mars", dry_run=True)
        assert server.calls == []
    assert "--timezone" in capsys.readouterr().err


def test_signal_of_ctrl_c_ends_the_command_in_one_line(tmp_path: Path) -> None:
    stopped: list[subprocess.Popen[str]] = []

    def interrupt(call: Call) -> Reply:
        stopped[0].send_signal(signal.SIGINT)
        stopped[0].wait(timeout=60)
        return Reply({})

    with serving_tracker(shop(is_cloud=True).server()) as server:
        server.faults = [Fault("/search/jql", interrupt)]
        command = [Path(sys.executable).with_name("dsm"), "import", "jira", server.url]
        options = ["--board", "12", "--dry-run", "--data-dir", str(tmp_path / "dsm")]
        with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
            stopped.append(process)
            words = process.communicate(timeout=60)[1]
    assert (process.returncode, words) == (130, "Stopped: nothing was imported.\n")
    assert not (tmp_path / "dsm").exists()


def test_interrupted_read_imports_nothing_and_says_so(
    stack: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(step: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "agent.cli.tracker_reading.fetch",
        lambda request, since, _, credentials: fetch(request, since, interrupt, credentials),
    )
    with serving_tracker(shop(is_cloud=True).server()) as server, pytest.raises(SystemExit) as stop:
        import_jira(server.url, "12", target=stack, dry_run=True)
    assert stop.value.code == 130
    assert "Stopped: nothing was imported." in capsys.readouterr().err
    assert not stack.folder.exists()


def test_tracker_is_not_read_while_no_stack_takes_its_rows(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(shop(is_cloud=True).server()) as server:
        with pytest.raises(SystemExit) as stop:
            import_jira(server.url, "12", target=stack)
        assert server.calls == []
    assert stop.value.code == 1
    assert "error: no stack is running on" in capsys.readouterr().err


def test_sentences_about_a_tracker_name_no_columns(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    jira = Jira([jira_issue(1, **{POINTS: "five or so"})])
    with serving_tracker(jira.server()) as server:
        import_jira(server.url, "12", target=stack, dry_run=True)
    page = " ".join(capsys.readouterr().out.split())
    assert "The tracker names no closed task: every task counts as open." in page
    assert "No estimate is a number ('five or so'): tasks have no estimate." in page


def test_refused_rows_of_a_tracker_go_to_a_file_that_can_be_imported(
    stack: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "refused.csv"
    issues = [issue(1), issue(2, title="=1+1", created_at=None)]
    with serving_tracker(GitHub(issues).server()) as server:
        import_github(
            REPOSITORY, api=server.url, target=stack, dry_run=True, rejects=path, refusals="60%"
        )
    page = " ".join(capsys.readouterr().out.split())
    assert "1 refused" in page
    assert "refused.csv" in page
    text = path.read_text(encoding="utf-8")
    assert "\r\n2,created," in text or "\n2,created," in text
    assert ",'=1+1," in text
    path.write_text(text.replace("\n2,created,", "\n2,,"), encoding="utf-8")
    (again,) = recognise_files([path], ImportOptions())
    assert [refusal.column for refusal in again.refused] == ["created"]


def test_no_option_takes_a_token() -> None:
    for command in (import_jira, import_github, import_gitlab):
        names = " ".join(command.__annotations__).lower()
        assert "token" not in names
        assert "password" not in names
    assert "hide_input=True" in Path(str(tracker_reading.__file__)).read_text()


def test_finish_days_of_a_tracker_are_told_without_columns(
    stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_tracker(shop(is_cloud=True).server()) as server:
        import_jira(server.url, "12", target=stack, dry_run=True)
    page = " ".join(capsys.readouterr().out.split())
    assert "Finish days: 1 from the day on which the tracker closed the task." in page
