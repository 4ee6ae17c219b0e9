# %% [markdown]
# # Replay: what if the numbers had been others?
#
# The Digital Scrum Master decides how many tasks the next sprint of a team gets. A **rule** plans
# the team's own pace, **evidence** may recommend another number, and a **gate** lets that through
# when the confidence that following it pays reaches a threshold (0.75).
#
# Thresholds and rules are choices. This notebook makes others, and decides the past again: which
# decisions flip, and were they better or worse for it? Nothing is called and nothing is stored.

# %%
import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.dates import AutoDateLocator, DateFormatter

from agent.analysis import frames
from agent.analysis.frame_rows import PastSprintRow
from agent.analysis.open_stack import ROOT, open_stack

sys.path.insert(0, str(ROOT))  # for `benchmarks`, which no installation brings
from benchmarks.decision_quality.backlog import decide_fortnights
from benchmarks.decision_quality.fortnights import fortnights, read_tasks
from graphs.evidence.evidence import Evidence
from graphs.evidence.forecast import past_forecasts
from graphs.evidence.pace import Sprint, planned_work, prior_tasks
from graphs.inputs import from_document
from graphs.replay import replay
from graphs.rules.backlog import create_sprint
from graphs.rules.base import Facts, Ruling
from graphs.rules.catalogue import RULES
from graphs.what_if import Changes, with_changes

plt.style.use(ROOT / "notebooks" / "dsm.mplstyle")
pd.set_option("display.precision", 2)
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"

# %% [markdown]
# ## Another threshold, on years of two real projects
#
# Every fortnight of the shipped example is decided by the functions that the running service
# calls, each from what was known on its first day. `confidence` is what the gate compares with its
# threshold; it is missing where rule and evidence plan the same.

# %%
past = pd.DataFrame(
    {
        "project": f"P{name[-1]}",
        "day": pd.Timestamp(fortnight.ages.day),
        "rule": decided.rule,
        "recommended": decided.recommended,
        "confidence": decided.proposal.confidence,
        "finished": fortnight.finished,
        "evidence": decided.case.evidence,
    }
    for name, tasks in read_tasks().items()
    for fortnight, decided in decide_fortnights(fortnights(name, tasks))
)
print(f"{len(past)} decisions, in {past.confidence.notna().sum()} of them rule and evidence differ")
past.drop(columns="evidence").head(6)


# %%
def decide_at(threshold: float) -> pd.Series:
    """Return the applied plan of every decision, had the gate's threshold been another."""
    return past.recommended.where(past.confidence >= threshold, past.rule)


thresholds = [0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 1.01]
swept = pd.DataFrame(
    {
        "threshold": threshold,
        "changed by evidence": (decide_at(threshold) != past.rule).mean(),
        "mean error": (decide_at(threshold) - past.finished).abs().mean(),
    }
    for threshold in thresholds
)
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(8, 5))
above.plot(swept.threshold, swept["mean error"], marker="o", color=BLUE)
above.set(
    ylabel="mean error [tasks]",
    title="The gate's threshold: what it costs and what it lets through",
)
below.plot(swept.threshold, 100 * swept["changed by evidence"], marker="s", color=ORANGE)
below.set(xlabel="threshold of the gate [confidence]", ylabel="changed plans [%]", ylim=(0, 105))
for axes in (above, below):
    axes.axvline(0.75, color=GREY, linestyle="--")
above.annotate(
    "in force", (0.75, above.get_ylim()[1]), xytext=(4, -12), textcoords="offset points", color=GREY
)
plt.show()

# %% [markdown]
# **See:** the upper line is the mean distance of plan and outcome: at the left end nearly every
# recommendation is followed, at the right end none is. It lies flat as long as the gate lets
# through what has paid, and climbs to the rule's error when the gate shuts. The lower line is how
# many plans evidence changes.
#
# ## Decisions that flip
#
# Set `TRIED` to a threshold of your own. These are the decisions that come out differently.

# %%
IN_FORCE, TRIED = 0.75, 0.95
flips = past.assign(now=decide_at(IN_FORCE), then=decide_at(TRIED)).query("now != then").copy()
flips["nearer by"] = (flips.now - flips.finished).abs() - (flips.then - flips.finished).abs()
if flips.empty:
    print("No decision flips: both thresholds let the same recommendations through.")
else:
    better, worse = (flips["nearer by"] > 0).sum(), (flips["nearer by"] < 0).sum()
    print(
        f"{len(flips)} of {len(past)} decisions flip at {TRIED}: {better} end nearer,"
        f" {worse} farther, {len(flips) - better - worse} the same; "
        f"{flips['nearer by'].sum():+d} tasks in all"
    )
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for (project, some), color, marker in zip(
        flips.groupby("project"), (ORANGE, BLUE), "os", strict=False
    ):
        axes.vlines(some.day, 0, some["nearer by"], color=color, linewidth=1)
        axes.plot(some.day, some["nearer by"], marker, color=color, label=project)
    axes.axhline(0, color="black", linewidth=1)
    axes.set(
        ylabel="nearer (+) or farther (-) [tasks]",
        xlabel="first day of the fortnight",
        title=f"Decisions that flip from {IN_FORCE} to {TRIED}",
    )
    figure.legend(loc="outside right center")
    plt.show()
flips.drop(columns="evidence").head(8)

# %% [markdown]
# **See:** each stem is one decision that comes out differently. Above the line the tried threshold
# planned nearer to what the team finished, below it farther. More depth than height means that the
# tried threshold is the worse one.
#
# ## A rule of your own
#
# `own_rule` gets what the rule gets: the evidence that was known. Change it, and run the cell
# again.


# %%
def own_rule(evidence: Evidence) -> int:
    """Plan the mean of the last three sprints' planned work."""
    last = [sprint.completed for sprint in evidence.planned_past[-3:]]
    return evidence.limited(round(sum(last) / len(last))) if last else evidence.rule_tasks


past["own"] = past.evidence.map(own_rule)
plans = {"rule": "the rule", "own": "own_rule", "recommended": "evidence"}
apart = past[list(plans)].sub(past.finished, axis=0).rename(columns=plans)
small, large = -apart.clip(upper=0).mean(), apart.clip(lower=0).mean()
figure, axes = plt.subplots(figsize=(8, 2.8))
axes.barh(small.index, small, color=BLUE, label="too small")
axes.barh(large.index, large, left=small, color=RED, hatch="//", label="too large")
axes.invert_yaxis()
axes.grid(axis="y", visible=False)
axes.set(
    xlabel="mean error of the plan [tasks]", title="How far from the outcome, and on which side"
)
figure.legend(loc="outside right center")
plt.show()
apart.abs().groupby(past.project).mean().round(2).rename_axis("mean error")

# %% [markdown]
# **See:** the shorter the bar, the nearer the plans; the hatched part is work that was planned and
# not finished. A rule is worth a pull request when its error is smaller in *each* project of the
# table.
#
# ## The stack's own decisions, decided again
#
# With each decision the service stores what it was made from. `replay` runs rules, evidence and
# gate on that once more: other numbers come in by `Changes`, another rule takes the place of one
# in the catalogue. Nothing is read and nothing is called.

# %%
stack = open_stack()
print(f"reading {stack.name}")
stored = stack.read(frames.read_inputs)


def a_task_a_day(facts: Facts) -> Ruling | None:
    """Plan one task for each working day of the window."""
    ruling = create_sprint(facts)
    if ruling is None:
        return None
    return replace(ruling, tasks=min(facts.working_days or 10, facts.unassigned_tasks))


OWN_RULES = tuple(a_task_a_day if rule is create_sprint else rule for rule in RULES)
VARIANTS = {
    "as decided": (Changes(), RULES),
    "threshold 0.95": (Changes(confidence_threshold=0.95), RULES),
    "rules alone": (Changes(decision_mode="rule_based_only"), RULES),
    "85 % sure": (Changes(certainty=85), RULES),
    "a task a day": (Changes(decision_mode="rule_based_only"), OWN_RULES),
}
if not stored:
    print("No decision has kept its inputs yet: dsm orchestrate PROJECT makes one.")
again = pd.DataFrame(
    {
        "project": run.project_id,
        "sprint": run.outcome.sprint_id if run.outcome else "not ended",
        **{
            name: replay(with_changes(from_document(run.inputs), changes), rules).decision.tasks
            for name, (changes, rules) in VARIANTS.items()
        },
        "completed": run.outcome.completed_tasks if run.outcome else "-",
    }
    for run in stored
)
again.set_index("project")

# %% [markdown]
# **See:** the first column is what the runs planned, the others what they would have planned, the
# last one what was completed, once the sprint has ended. A row whose numbers differ is a decision
# that flips. `dsm replay --since 30d --set confidence_threshold=0.95` does the same for many runs,
# in a process that can reach nothing.
#
# ## Velocity, forecast, and the forecast's own past
#
# Each past sprint was forecast from the sprints before it alone: the band is the range that was
# usual then. Seven of ten sprints should end inside.

# %%
names = {run["project"] for run in stack.read(frames.read_runs)}
projects = {name: stack.read(frames.read_past_sprints, name) for name in sorted(names)}
if not any(projects.values()):
    print("No sprint has ended yet: import a team's past, or close a sprint.")


# %%
def as_sprint(row: PastSprintRow) -> Sprint:
    """Return a row as the forecast takes it."""
    return Sprint(
        row["completed"],
        (row["end"] - row["start"]).days + 1,
        row["planned"],
        arrived=row["arrived"],
    )


def by_date(axes: plt.Axes) -> None:
    """Name few days on the horizontal axis, in full."""
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=6))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))


def velocity(name: str, rows: list[PastSprintRow]) -> None:
    """Draw the planned work that sprints completed, in the range that was usual before each."""
    rows = [row for row in rows if row["worked"]]
    sprints = planned_work([as_sprint(row) for row in rows])
    forecasts = [forecast for _, forecast in past_forecasts(sprints, prior_tasks(None))][3:]
    shown = pd.DataFrame(
        {
            "day": pd.to_datetime([row["start"] for row in rows[3:]]),
            "completed": [sprint.completed for sprint in sprints[3:]],
            "low": [forecast.interval()[0] for forecast in forecasts],
            "high": [forecast.interval()[1] for forecast in forecasts],
            "expected": [forecast.mean for forecast in forecasts],
        }
    )
    inside = shown.completed.between(shown.low, shown.high)
    shown, within = shown.tail(40), inside.tail(40)
    figure, axes = plt.subplots(figsize=(10, 3.6))
    axes.fill_between(
        shown.day, shown.low, shown.high, color=BLUE, alpha=0.15, label="usual range", step="mid"
    )
    axes.step(shown.day, shown.expected, where="mid", color=BLUE, label="expected")
    axes.plot(
        shown.day[within], shown.completed[within], "o", color="black", label="completed, inside"
    )
    axes.plot(
        shown.day[~within],
        shown.completed[~within],
        "X",
        color=RED,
        markersize=9,
        label="completed, outside",
    )
    axes.set(
        ylabel="completed of those open at its start",
        xlabel="first day of the sprint",
        title=f"{name}: {inside.mean():.0%} of {len(inside)} sprints ended in their range",
    )
    axes.set_ylim(bottom=-0.5)
    by_date(axes)
    figure.legend(loc="outside right center")
    plt.show()


for name, rows in projects.items():
    if len(rows) > 5:
        velocity(name, rows)
    else:
        print(f"{name}: {len(rows)} past sprints are too few to look back on a forecast")

# %% [markdown]
# **See:** dots in the shaded band are sprints that ended as was usual; a red cross fell outside
# (the newest forty are drawn, the share is of all). Many more crosses than three in ten would say
# that the forecast is too sure of itself, many fewer that it is more careful than it claims.
#
# ## The sprints to come
#
# The same forecast, ahead: how many tasks several sprints in a row complete. Errors of one
# forecast go together, so the range widens faster than it would by independent draws.


# %%
def ahead(name: str) -> None:
    """Draw how many tasks the next sprints complete, and when the open ones are done."""
    forecast = stack.read(frames.read_forecast, name, sprints=6)
    if forecast.in_sprints is None:
        print(f"{name}: {forecast.reasons.get('in_sprints', 'nothing is known')}")
        return
    rows = pd.DataFrame(
        {"day": pd.Timestamp(item.last_day), **(item.planned or item.all_work).model_dump()}
        for item in forecast.in_sprints
    )
    figure, axes = plt.subplots(figsize=(10, 3.4))
    axes.fill_between(rows.day, rows.low, rows.high, color=BLUE, alpha=0.15, label="usual range")
    axes.plot(rows.day, rows.expected, marker="o", color=BLUE, label="expected")
    axes.plot(
        rows.day, rows.promise, marker="v", color=GREEN, linestyle=":", label="reached with 85%"
    )
    if forecast.tasks_done:
        axes.axhline(forecast.tasks_done.tasks, color=ORANGE, linestyle="--", label="open now")
    axes.set(
        ylabel="tasks completed so far",
        xlabel="last day of a sprint",
        title=f"{name}: the next six sprints",
    )
    axes.set_xticks(rows.day, [day.strftime("%Y-%m-%d") for day in rows.day], fontsize=9)
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right center")
    plt.show()
    print(forecast.tasks_done.sentence if forecast.tasks_done else "No task is open.")
    print(forecast.back_test)


for name in projects:
    ahead(name)

# %% [markdown]
# **See:** where the dashed line crosses the blue one, the tasks that are open now are as likely
# done as not; where it crosses the dotted green one, they are done with 85 %.

# %%
stack.close()
