# %% [markdown]
# # How a decision came about
#
# Asks the running stack, by HTTP, about one project: what it would decide now (a dry run that is
# not recorded, so that nothing is left behind), where evidence moved the rule's numbers, which
# episodes it remembered and how far they are from the present, and what was decided before.
#
# A plain Python file with cells: open it in VS Code, Jupyter (with jupytext) or Spyder, or run it:
# `DSM_PROJECT=P0 python notebooks/decision_walkthrough.py`. `DSM_DATA_DIR` is the stack's folder.

# %%
import os
from pathlib import Path
from typing import Any

import httpx

from deploy.local import control
from deploy.local.folder import DataFolder
from domain_services.chronicle.schema import DecisionAudit, DecisionImpact
from graphs.answer import Orchestration

DATA_DIR = Path(os.environ.get("DSM_DATA_DIR", ".dsm"))
PROJECT = os.environ.get("DSM_PROJECT", "P1")

Row = dict[str, Any]


def show(title: str, rows: list[Row], nothing: str) -> None:
    """Print a table of rows with the same columns; `nothing` when there are none."""
    print(f"\n{title}")
    if not rows:
        print(f"  {nothing}")
        return
    table = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"  {'  '.join(cells)}".rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


# %%
stack = control.status(DATA_DIR)
if stack.state is None:
    raise SystemExit(f"no stack runs on {DATA_DIR}; start one with: dsm up --detach")
urls = stack.state.urls
http = httpx.Client(
    headers={"Authorization": f"Bearer {DataFolder(DATA_DIR).key('admin')}"}, timeout=30
)

# %% [markdown]
# ## What it would decide now
# `rule` is the rule's number, `recommended` what the evidence says, `applied` what the gate let
# through. `confidence` is the probability that following this evidence pays in the project.

# %%
response = http.post(
    f"{urls['orchestrator']}/orchestrate/project/{PROJECT}",
    json={"dry_run": True, "record": False},
)
if response.status_code != 200:
    raise SystemExit(
        f"the orchestrator answered {response.status_code}: {response.json()['detail']}"
    )
answer = Orchestration.model_validate_json(response.content)
print(f"{PROJECT} as of {answer.as_of}: {answer.decisions.reasoning}")
adjustments: list[Row] = [
    {
        "adjustment": name,
        "rule": change.original_recommendation,
        "recommended": change.intelligence_recommendation,
        "applied": change.applied_value,
        "confidence": change.confidence,
        "sample": change.sample_size,
        "gate": change.gate.reason,
    }
    for name, change in answer.decisions.intelligence_adjustments.items()
]
show("Rule against adjusted", adjustments, "no sprint would be created, so nothing is adjusted")

# %% [markdown]
# ## What it remembered
# Distances are 1 - similarity: 0 is the same, of the state's numbers and of its text apart.


# %%
def distance(similarity: float | None) -> float | None:
    """Return 1 - similarity; None where that search did not find the episode."""
    return None if similarity is None else 1 - similarity


recalled: list[Row] = [
    {
        "episode": episode.sprint_id or episode.project_id,
        "day": episode.day,
        "distance": distance(episode.similarity),
        "by numbers": distance(episode.structured_similarity),
        "by text": distance(episode.text_similarity),
        "completed": episode.outcome.completed_tasks,
    }
    for episode in answer.intelligence_metadata.similar_episodes
]
show("Recalled episodes", recalled, "no similar episode was recalled")
metrics = answer.performance_metrics
print(f"  found by {metrics.recall_path} in {metrics.recall_ms:.1f} ms")
for missing in metrics.degraded:
    print(f"  missing: {missing}")

# %% [markdown]
# ## What was decided before
# From the chronicle's audits, which are chained: `dsm audit verify` tells whether they are whole.
# `effect` says which decisions acted; a dry run or a decision in shadow mode changed nothing.

# %%
chronicle = urls["chronicle"]
stored = http.get(f"{chronicle}/v1/notes/decision_audit", params={"project_id": PROJECT})
audits = (
    [DecisionAudit.model_validate(audit) for audit in stored.json()] if stored.is_success else []
)
decided: list[Row] = [
    {
        "at": audit.timestamp.isoformat(timespec="seconds"),
        "effect": audit.effect,
        "source": audit.decision_source,
        "sprint": audit.sprint_id,
        "rule": (audit.rule_based_decision or {}).get("tasks_to_assign"),
        "decided": audit.decision.get("tasks_to_assign"),
        "confidence": audit.confidence,
        "hash": audit.hash[:12],
    }
    for audit in audits
]
show("Recorded decisions", decided, "no decision is recorded yet")


# %%
def differences(before: Row, after: Row) -> list[Row]:
    """List the fields in which two records of a decision differ."""
    names = sorted({*before, *after})
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [{"field": name, "before": old, "after": new} for name, old, new in pairs if old != new]


acted = [audit for audit in audits if audit.effect == "acted"]
if len(acted) > 1:
    changed = differences(acted[-2].decision, acted[-1].decision)
    show("The last decision that acted beside the one before", changed, "they are the same")

# %% [markdown]
# ## What became of them
# Only decisions that acted are counted by source.

# %%
impact = http.get(
    f"{chronicle}/v1/analytics/decisions/impact/{PROJECT}", params={"start_date": "2000-01-01"}
)
if impact.is_success:
    outcome = DecisionImpact.model_validate_json(impact.content)
    sources: list[Row] = [
        {
            "source": "intelligence_enhanced",
            "decisions": outcome.intelligence_enhanced_decisions,
            "ended sprints": outcome.intelligence_outcomes,
            "completion rate": outcome.intelligence_completion_rate_avg,
        },
        {
            "source": "rule_based_only",
            "decisions": outcome.rule_based_decisions,
            "ended sprints": outcome.rule_based_outcomes,
            "completion rate": outcome.rule_based_completion_rate_avg,
        },
    ]
    show("Outcomes by source", sources, "")
    print(f"  not counted: {outcome.dry_runs} dry runs, {outcome.shadow_decisions} in shadow mode")
    for name, why in outcome.reasons.items():
        print(f"  {name}: {why}")
http.close()
