"""Alerts are true when their fault is there, and not before."""

import operator
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.agent.conftest import until
from tests.agent.conftest import whole as whole
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.operate.test_monitoring import alerts

PROMTOOL = shutil.which("promtool")
# `max by (job) (metric{label=~"value"}) > 0`
_SIMPLE = re.compile(r"(?:min|max) by \([^)]*\) \((\w+)(?:\{(\w+)=~\"([^\"]*)\"\})?\) (>|==) (\d+)")
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
OPERATORS = {">": operator.gt, "==": operator.eq}
# One fault each, as an operator meets it an hour later.
FAULTS = {
    "DsmDeadLetters": (
        "orchestrator",
        "INSERT INTO dead_letters (stream, consumer_group, entry_id, payload, error, tries)"
        " VALUES ('sprint_events', 'g', '1-1', '{}', 'a bug', 5)",
    ),
    "DsmSchedulePending": (
        "orchestrator",
        "UPDATE cronjobs SET applied_state = 'pending', applied_reason = 'no right to create'"
        " WHERE name = (SELECT min(name) FROM cronjobs)",
    ),
    "DsmRunUnfinished": (
        "orchestrator",
        "UPDATE runs SET started_at = now() - interval '1 hour' WHERE ended_at IS NULL",
    ),
    "DsmDeliveriesDelayed": (
        "orchestrator",
        "UPDATE deliveries SET created_at = now() - interval '1 hour' WHERE delivered_at IS NULL",
    ),
    "DsmEventsDelayed": (
        "sprint",
        "INSERT INTO outbox (event_id, stream, payload, awaiting, created_at, published_at)"
        " VALUES (gen_random_uuid(), 's', '{}', '{away}', now() - interval '1 hour', now())",
    ),
}


async def execute(system: System, service: str, statement: str) -> int:
    url = system.databases[service].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return (await connection.execute(statement.encode())).rowcount


def is_true(expression: str, exposed: str, only: str = "") -> bool:
    """Evaluate a simple expression on an answer of /metrics."""
    match = _SIMPLE.fullmatch(expression)
    assert match, f"{expression} is not simple"
    metric, label, pattern, compare, limit = match.groups()
    values: list[float] = []
    for line in exposed.splitlines():
        sample = _SAMPLE.fullmatch(line)
        if not sample or sample[1] != metric or only not in (sample[2] or ""):
            continue
        labels = dict(re.findall(r'(\w+)="([^"]*)"', sample[2] or ""))
        if label is None or re.fullmatch(pattern, labels[label]):
            values.append(float(sample[3]))
    best = (min if expression.startswith("min") else max)(values, default=None)
    return best is not None and OPERATORS[compare](best, float(limit))


async def metrics(system: System, service: str) -> str:
    answer = await system.http.get(f"{system.urls[service]}/metrics")
    assert answer.status_code == 200
    return answer.text


async def test_each_fault_makes_its_alert_true(repository: Path, whole: System) -> None:
    rules = {name: rule["expr"] for name, rule in alerts(repository).items()}
    await whole.make_project("FINE", 3)
    assert (await whole.orchestrate("FINE")).status_code == 200

    async def are_all_quiet() -> bool:
        texts = {service: await metrics(whole, service) for service in ("orchestrator", "sprint")}
        return not any(is_true(rules[n], texts[s]) for n, (s, _) in FAULTS.items())

    await until(are_all_quiet)
    # Its audit has nowhere to go, and no sprint can be numbered.
    await whole.stop("chronicle")
    assert (await whole.orchestrate("FINE")).status_code == 200
    await execute(whole, "sprint", "ALTER TABLE counters RENAME TO counters_away")
    await whole.make_project("CUT", 3)
    assert (await whole.orchestrate("CUT")).status_code == 503
    for alert, (service, fault) in FAULTS.items():
        assert await execute(whole, service, fault) > 0, alert
        assert is_true(rules[alert], await metrics(whole, service)), alert
    lost = await metrics(whole, "orchestrator")
    assert is_true(rules["DsmDependencyLost"], lost, 'dependency="chronicle')
    assert not is_true(rules["DsmDependencyLost"], lost, 'dependency="project')
    assert 'status="503"' in lost


CRON = '{namespace="dsm", cronjob="dsm-backup"}'
DAY = 24 * 60
MINUTES = {"DsmBackupOld": 26 * 60 + 2}  # of evaluation; an hour for the others
# Alert, series with their values each minute, and whether it fires.
SERIES: list[tuple[str, dict[str, str], bool]] = [
    ("DsmServiceAbsent", {'up{namespace="dsm", job="project-orchestrator"}': "0x60"}, True),
    ("DsmServiceAbsent", {'up{namespace="dsm", job="project-orchestrator"}': "1x60"}, False),
    (
        "DsmServiceUnready",
        {'kube_deployment_status_replicas_available{namespace="dsm", deployment="a"}': "0x60"},
        True,
    ),
    (
        "DsmRequestsFail",
        {
            'dsm_http_requests_total{job="a", status="200"}': "0+90x60",
            'dsm_http_requests_total{job="a", status="503"}': "0+10x60",
        },
        True,
    ),
    ("DsmRequestsFail", {'dsm_http_requests_total{job="a", status="200"}': "0+90x60"}, False),
    # Due at minute 10 and again each day; it has never succeeded.
    (
        "DsmCronJobFails",
        {
            f"kube_cronjob_created{CRON}": "0x90",
            f"kube_cronjob_status_last_schedule_time{CRON}": "600x90",
        },
        True,
    ),
    (
        "DsmCronJobFails",
        {
            f"kube_cronjob_created{CRON}": "0x90",
            f"kube_cronjob_status_last_schedule_time{CRON}": "600x90",
            f"kube_cronjob_status_last_successful_time{CRON}": "660x90",
        },
        False,
    ),
    ("DsmBackupOld", {f"kube_cronjob_created{CRON}": f"0x{2 * DAY}"}, True),
    (
        "DsmBackupOld",
        {
            f"kube_cronjob_created{CRON}": f"0x{2 * DAY}",
            f"kube_cronjob_status_last_successful_time{CRON}": f"{DAY * 60}x{2 * DAY}",
        },
        False,
    ),
    ("DsmBackupOld", {}, False),
    (
        "DsmPoolFull",
        {
            'dsm_db_connections_used{job="a"}': "9x60",
            'dsm_db_connections_limit{job="a"}': "10x60",
        },
        True,
    ),
    (
        "DsmServerConnections",
        {
            'dsm_db_server_connections_used{job="a"}': "81x60",
            'dsm_db_server_connections_limit{job="a"}': "100x60",
        },
        True,
    ),
]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed; it is part of Prometheus")
@pytest.mark.parametrize(("alert", "series", "fires"), SERIES)
def test_prometheus_fires_an_alert(
    repository: Path, tmp_path: Path, alert: str, series: dict[str, str], fires: bool
) -> None:
    groups = [{"name": "dsm", "rules": [alerts(repository)[alert]]}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    # None is expected: promtool then prints those that fire, whatever their labels are.
    none = {"eval_time": f"{MINUTES.get(alert, 60)}m", "alertname": alert, "exp_alerts": []}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [none],
    }
    unit_test = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(unit_test))
    done = subprocess.run(
        [PROMTOOL or "", "test", "rules", "test.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert (done.returncode != 0) == fires, output
    assert (f'alertname="{alert}"' in output) == fires, output
