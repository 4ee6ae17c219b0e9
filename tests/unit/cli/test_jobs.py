"""The due time of a job that a cluster starts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.cli.jobs import due_of_job, run_daily_scrum
from agent.cli.target import Target


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("run-dailyscrum-p1-s01-29541000", datetime(2026, 3, 2, 14, tzinfo=UTC)),
        ("run-learn-manual-x7k2p", None),
        ("run-learn-20260302", None),
        ("run-dailyscrum-p1-s01", None),
        ("", None),
    ],
)
def test_due_time_is_read_from_the_name_of_the_job(name: str, due: datetime | None) -> None:
    assert due_of_job(name) == due


def test_time_before_the_start_of_its_schedule_is_no_work_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DSM_JOB_NAME", "run-dailyscrum-p1-s01-29541000")
    monkeypatch.setenv("DSM_JOB_STARTS_AT", "2026-03-02T14:01:00+00:00")
    # Nobody serves the address: the command must not ask.
    monkeypatch.setenv("DSM_AUTH__SERVICE_KEY", "dsm_test-service-key-00000000000000")
    target = Target(tmp_path, urls={"sprint": "http://127.0.0.1:1"})
    run_daily_scrum("P1-S01", target=target)
    assert "before its schedule was created, changed or resumed" in capsys.readouterr().out
    monkeypatch.setenv("DSM_JOB_STARTS_AT", "2026-03-02T14:00:00+00:00")
    with pytest.raises(SystemExit):
        run_daily_scrum("P1-S01", target=target)
