"""Alerts and dashboard ask for metrics and labels that the services have, in their units."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agent.conftest import whole as whole
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system

FOLDER = Path("deploy/k8s/components/monitoring")
# Brought by Prometheus, its operator and kube-state-metrics, with the labels that they give.
FOREIGN = {
    "up": set[str](),
    "kube_cronjob_created": {"cronjob"},
    "kube_cronjob_status_last_schedule_time": {"cronjob"},
    "kube_cronjob_status_last_successful_time": {"cronjob"},
    "kube_deployment_status_replicas_available": {"deployment"},
}
OF_THE_TARGET = {"job", "namespace", "pod", "instance", "service"}
_METRIC = re.compile(r"\b((?:dsm|kube)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_BY = re.compile(r"\bby \(([^)]*)\)")


def _monitoring(repository: Path, name: str) -> Any:
    return yaml.safe_load((repository / FOLDER / name).read_text())


def alerts(repository: Path) -> dict[str, dict[str, Any]]:
    groups = _monitoring(repository, "alerts.yaml")["spec"]["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def expressions(repository: Path) -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts(repository).values())
    dashboard = json.loads((repository / FOLDER / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]


def read_by(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric of an expression, with the labels by which it is chosen or summed."""
    summed = {name.strip() for group in _BY.findall(expression) for name in group.split(",")}
    bare = _BY.sub("", expression)
    for name, matchers in _METRIC.findall(bare):
        yield name, set(_MATCHER.findall(matchers)) | summed


def exposed(text: str) -> dict[str, set[str]]:
    """Return the metrics of an answer of /metrics, with their labels."""
    metrics: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            metrics.setdefault(name, set())
            if kind == "histogram":
                metrics.setdefault(f"{name}_bucket", {"le"})
        elif not line.startswith("#"):
            name, _, labels = line.partition(" ")[0].partition("{")
            metrics.setdefault(name, set()).update(_MATCHER.findall(labels))
    return metrics


@pytest.fixture
async def answered(whole: System) -> dict[str, set[str]]:
    """Return what the services expose after one decision."""
    project = "P-WATCHED"
    await whole.post("project", "/projects", {"id": project, "name": "Watched", "country": "DE"})
    await whole.post("orchestrator", f"/orchestrate/project/{project}", {})
    metrics: dict[str, set[str]] = {}
    for name in ("project", "backlog", "chronicle", "sprint", "orchestrator"):
        answer = await whole.http.get(f"{whole.urls[name]}/metrics")
        for name, labels in exposed(answer.text).items():
            metrics.setdefault(name, set()).update(labels)
    return metrics


# Their labels come with the first event, embedding or schedule.
LATER = {
    "dsm_embedding_seconds_bucket": {"model", "le"},
    "dsm_inbox_events_total": {"stream", "group", "outcome"},
    "dsm_schedules": {"state"},
    "dsm_http_refused_total": {"reason"},
    "dsm_idempotent_replays_total": {"route"},
    "dsm_recall_seconds_bucket": {"path"},
}


async def test_every_metric_and_label_that_is_asked_for_exists(
    repository: Path, answered: dict[str, set[str]]
) -> None:
    assert unknown(expressions(repository), answered) == set()


def unknown(texts: Iterable[str], answered: dict[str, set[str]]) -> set[str]:
    """List the metrics and labels of expressions that nothing exposes."""
    known = {**LATER, **answered}
    names: set[str] = set()
    for expression in texts:
        for name, labels in read_by(expression):
            has = FOREIGN.get(name, known.get(name))
            if has is None:
                names.add(name)
                continue
            missing = labels - has - LATER.get(name, set()) - OF_THE_TARGET
            # `le` and others of a sum over two metrics of one expression belong to one of them.
            names |= {f"{name}{{{label}}}" for label in missing - _others(expression, known)}
    return names


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("dsm_dead_letters", "dsm_dead_letter", "dsm_dead_letter"),
        ("(job, dependency)", "(job, peer)", "dsm_dependency_up{peer}"),
        ('status=~"5.."', 'code=~"5.."', "dsm_http_requests_total{code}"),
        ('state=~"pend', 'reason=~"pend', "dsm_schedules{reason}"),
        ("kube_cronjob_created", "kube_cronjob_age", "kube_cronjob_age"),
        ("dsm_outbox_oldest_seconds", "dsm_outbox_age_seconds", "dsm_outbox_age_seconds"),
    ],
)
async def test_a_name_that_nothing_exposes_is_found(
    repository: Path, answered: dict[str, set[str]], right: str, wrong: str, named: str
) -> None:
    texts = list(expressions(repository))
    assert any(right in expression for expression in texts)
    changed = [expression.replace(right, wrong) for expression in texts]
    assert unknown(changed, answered) == {named}


def _others(expression: str, known: dict[str, set[str]]) -> set[str]:
    names = {name for name, _ in read_by(expression)}
    return set().union(*(known.get(name, set()) for name in names)) if len(names) > 1 else set()


async def test_what_an_alert_reads_is_there_before_anything_has_gone_wrong(
    repository: Path, answered: dict[str, set[str]]
) -> None:
    read = {name for rule in alerts(repository).values() for name, _ in read_by(rule["expr"])}
    own = {name for name in read if name.startswith("dsm_")} - {"dsm_schedules"}
    assert own - set(answered) == set()


@pytest.mark.parametrize(
    ("alert", "metric", "threshold"),
    [
        ("DsmDependencyLost", "dsm_dependency_up", "== 0"),
        ("DsmEventsDelayed", "dsm_outbox_oldest_seconds", "> 30"),
        ("DsmDeadLetters", "dsm_dead_letters", "> 0"),
        ("DsmDeliveriesDelayed", "dsm_deliveries_oldest_seconds", "> 600"),
        ("DsmRunUnfinished", "dsm_runs_oldest_seconds", "> 60"),
    ],
)
def test_the_operators_page_states_the_threshold_of_the_alert(
    repository: Path, alert: str, metric: str, threshold: str
) -> None:
    assert alerts(repository)[alert]["expr"].endswith(threshold)
    row = next(
        line
        for line in (repository / "docs/operate/metrics.md").read_text().splitlines()
        if line.startswith(f"| `{metric}`")
    )
    assert threshold.split()[1] in row.split("|")[4]


def test_an_alert_about_time_compares_seconds(repository: Path) -> None:
    for name, rule in alerts(repository).items():
        for metric, _ in read_by(rule["expr"]):
            if "humanizeDuration" in rule["annotations"]["summary"]:
                assert metric.endswith("_seconds"), name


def test_every_alert_says_what_to_do(repository: Path) -> None:
    for name, rule in alerts(repository).items():
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert rule["annotations"]["action"], name


def test_grafana_finds_the_dashboard_by_its_label(repository: Path) -> None:
    from tests.deploy.rendering import parsed, rendered

    objects = parsed(rendered(repository / "tests/operate/monitored"))
    dashboard = next(one for one in objects if one["kind"] == "ConfigMap")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["dashboard.json"])["uid"] == "dsm"


def test_the_monitor_selects_every_service_of_the_tree(repository: Path) -> None:
    from tests.deploy.rendering import overlay

    monitor = _monitoring(repository, "service-monitor.yaml")["spec"]
    labels = monitor["selector"]["matchLabels"].items()
    chosen = [
        one
        for one in overlay("production")
        if one["kind"] == "Service" and labels <= one["metadata"]["labels"].items()
    ]
    assert len(chosen) == 7
    port = monitor["endpoints"][0]["port"]
    assert all(port in {p["name"] for p in one["spec"]["ports"]} for one in chosen)
