# %% [markdown]
# # One decision, opened
#
# The Digital Scrum Master decides the next sprint of a team: how many tasks, which, for how long.
# Each decision is a **run** of a LangGraph graph:
#
# ```
# analyse -> (rules | recall) -> adjust -> gate -> act -> record
# ```
#
# `analyse` reads the project. `rules` decide without evidence, by the team's own pace. `recall`
# finds similar past sprints. `adjust` turns evidence into a recommended number with a confidence.
# `gate` lets that number through, or keeps the rule's. `act` makes the calls, `record` writes the
# answer, the episode that memory learns from, and the audit.
#
# This notebook opens one run of the stack and shows what each node added, how sure the forecast
# was, what was remembered, and where the time went. Run `make demo KEEP=1` before it, or `make
# demo`: the notebook starts a stack of its own where none runs. `DSM_DATA_DIR` names another data
# folder, `DSM_PROJECT` another project.

# %%
import os
from itertools import pairwise
from textwrap import fill

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from agent.analysis import frames
from agent.analysis.frame_changes import change_rows
from agent.analysis.open_stack import ROOT, CannotShow, open_stack
from graphs.answer import Orchestration

plt.style.use(ROOT / "notebooks" / "dsm.mplstyle")
pd.set_option("display.precision", 2)
pd.set_option("display.max_colwidth", 90)
COLUMNS = 96  # of a printed line
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"

stack = open_stack()
print(f"reading {stack.name}")

# %% [markdown]
# ## The runs of the stack
#
# Newest first. The first one that created a sprint is opened below.

# %%
project = os.environ.get("DSM_PROJECT")
runs = stack.read(frames.read_runs, project)
if not runs:
    whose = f"of {project} " if project else ""
    raise CannotShow(f"No run {whose}is recorded yet: dsm orchestrate PROJECT makes one.")
chosen = next((run for run in runs if "sprint" in run["actions"].lower()), runs[0])
details = stack.read(frames.read_run, chosen["run_id"])
if details.answer is None:
    raise CannotShow(f"The newest run is {details.status} and has no answer yet; run this again.")
answer = Orchestration.model_validate(details.answer)
pd.DataFrame(runs)[["project", "status", "dry_run", "actions"]]

# %%
print(f"{answer.project_id} on {answer.as_of}")
print(fill(answer.decisions.reasoning, COLUMNS))

# %% [markdown]
# ## The state after each node
#
# A node writes its own fields of the state. This is the difference that each one made; the fields
# that tell the story are picked out of all of them.

# %%
changes = pd.DataFrame(change_rows(details.steps))
STORY = [
    r"snapshot\.facts\.(today|backlog_tasks|unassigned_tasks|pace_tasks|working_days)$",
    r"snapshot\.perception\.completed$",
    r"rulings\[\d\]\.(kind|tasks|duration_weeks)$",
    r"recall\.(path|searched|neighbours)$",
    r"proposal\.(kind|original|recommended|confidence|sample_size)$",
    r"proposal\.forecast\.mean$",
    r"decision\.(tasks|duration_weeks|source)$",
    r"decision\.plan\[\d\]\.description$",
    r"actions\.made\[\d\]\.(name|result\.(sprint_id|name|status))$",
    r"degraded$",
]
if changes.empty:
    print("This run keeps no steps: an earlier release made it.")
else:
    print(f"{len(changes)} fields in {len(details.steps)} steps:")
    print(changes.groupby("node", sort=False).size().to_string())
    story = changes[changes.field.str.match("|".join(STORY))]
    # A field that no node wrote before has no `before`; neither has a story without any.
    story = story.dropna(subset="after").dropna(axis="columns", how="all").fillna("-")
    display(story.set_index(["node", "field"]))

# %% [markdown]
# **See:** nothing is overwritten: each node adds, and the decision at the end can be traced to the
# reads at the start. `changes` holds every field, so `changes.query("node == 'adjust'")` shows all
# that evidence said.
#
# ## Rule, recommendation, and what holds
#
# One row for each number that evidence may change. `confidence` is the probability that following
# this evidence pays in this project; the gate compares it with its threshold.

# %%
adjusted = pd.DataFrame(frames.adjustment_rows(answer))
if adjusted.empty:
    print("No sprint was created, so there was no number to adjust.")
else:
    display(adjusted.set_index("number"))
    print(f"threshold of the gate: {answer.decisions.confidence_scores.minimum_threshold}")

# %% [markdown]
# ## How many tasks will be finished?
#
# The forecast is no number but a distribution: how probable each count of finished tasks is, among
# those that are open now. The plan is a place in it.


# %%
def masses(cumulative: list[float]) -> list[float]:
    """Return the probability of each count from the probabilities of at most so many."""
    return [after - before for before, after in pairwise([0.0, *cumulative])]


def distribution(forecast: dict[str, list[float]], title: str) -> None:
    """Draw the forecast's distribution, with the three numbers of the decision."""
    count = answer.decisions.intelligence_adjustments["task_count_modification"]
    share = [100 * mass for mass in masses(forecast["cumulative"])]
    while share[-1] < 0.1:
        share.pop()
    planned = answer.expectation.planned
    inside = [planned.low <= tasks <= planned.high for tasks in range(len(share))]
    figure, axes = plt.subplots(figsize=(9.5, 4))
    axes.bar(range(len(share)), share, color=["#A6CEE8" if one else "#DDDDDD" for one in inside])
    marks = {
        "rule": (count.original_recommendation, ORANGE, "--"),
        "recommended": (count.intelligence_recommendation, BLUE, "-."),
        "applied": (count.applied_value, "black", "-"),
    }
    drawn: list[int] = []
    for name, (tasks, color, line) in marks.items():
        # Side by side where numbers are equal.
        place = tasks + 0.14 * drawn.count(tasks)
        drawn.append(tasks)
        axes.axvline(place, color=color, linestyle=line, linewidth=2.5, label=f"{name}: {tasks}")
    axes.set_xticks(range(len(share)))
    axes.set(
        xlabel="finished tasks of those that are open now", ylabel="probability [%]", title=title
    )
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right center")
    plt.show()
    print(answer.expectation.sentence)


proposal = next(
    (step.update.get("proposal") for step in details.steps if step.node == "adjust"), None
)
if proposal is None or answer.expectation is None:
    print("No sprint was created, so nothing was forecast.")
else:
    chosen_forecast = (
        "forecast"
        if answer.expectation.planned.expected == proposal["forecast"]["mean"]
        else "rule_forecast"
    )
    whose = "evidence" if chosen_forecast == "forecast" else "the team's own pace"
    distribution(
        proposal[chosen_forecast], f"What {whose} expects of {answer.project_id}'s next sprint"
    )

# %% [markdown]
# **See:** blue bars are the usual range, in which seven of ten sprints end. A line on the left
# edge of the hill is a plan that is nearly surely finished, one on its right edge is a wish. The
# applied plan stands where it is as likely reached as not.
#
# ## What it remembered
#
# `recall` compares the project's state with that of past decisions, by numbers (13 features, such
# as pace and open tasks) and by text (the same state in words, as vectors). Distance 0 is the
# same.

# %%
recalled = pd.DataFrame(frames.neighbour_rows(answer.intelligence_metadata.similar_episodes))
if recalled.empty:
    print("No similar episode was recalled.")
elif recalled.by_text.isna().all():
    print("The texts were not compared in this run (no embedding in time); distances by numbers:")
    display(recalled[["episode", "day", "by_numbers", "completed"]])
else:
    figure, axes = plt.subplots(figsize=(8, 4.6))
    drawn = recalled.dropna(subset="by_text")
    own = drawn.project == answer.project_id
    for some, marker, label in (
        (drawn[own], "o", "the project's own past"),
        (drawn[~own], "s", "other projects"),
    ):
        points = axes.scatter(
            some.by_numbers,
            some.by_text,
            c=some.completed,
            s=90,
            marker=marker,
            cmap="cividis",
            vmin=0,
            vmax=drawn.completed.max(),
            edgecolor="black",
        )
        axes.plot([], [], marker, color="#DDDDDD", markeredgecolor="black", label=label)
    for _, row in drawn.head(5).iterrows():
        axes.annotate(
            row.episode,
            (row.by_numbers, row.by_text),
            xytext=(8, 4),
            textcoords="offset points",
            fontsize=9,
        )
    axes.set(
        xlabel="distance by numbers (1 - similarity)",
        ylabel="distance by text (1 - similarity)",
        title=f"{len(drawn)} of {len(recalled)} recalled episodes, by both distances",
    )
    axes.margins(0.12)
    figure.colorbar(points, label="completed tasks of its sprint")
    figure.legend(loc="outside lower center", ncols=2)
    plt.show()
    if without := len(recalled) - len(drawn):
        print(f"{without} had no embedding yet; their numbers alone were compared: not drawn.")

# %% [markdown]
# **See:** episodes at the lower left are alike in both ways. The blend weighs numbers four times
# as much as text, so the nearest (named) ones lie to the left. A light point is a sprint that
# completed much.
#
# ## Where the time went
#
# Times vary from machine to machine, and from run to run.

# %%
begin, strip = 0.0, []
took = {step.node: step.ms or 0.0 for step in details.steps}
for together in (("analyse",), ("rules", "recall"), ("adjust",), ("gate",), ("act",)):
    strip += [(node, begin, took[node]) for node in together if node in took]
    begin += max((took.get(node, 0.0) for node in together), default=0.0)
if not strip:
    print("This run keeps no times.")
else:
    figure, axes = plt.subplots(figsize=(9, 2.8))
    colors = {
        "analyse": BLUE,
        "rules": ORANGE,
        "recall": "#56B4E9",
        "adjust": GREEN,
        "gate": "#CC79A7",
        "act": RED,
    }
    for place, (node, start, ms) in enumerate(strip):
        axes.barh(place, ms, left=start, color=colors[node], height=0.7)
        axes.text(start + ms, place, f"  {ms:.1f} ms", va="center", fontsize=10)
    axes.set_yticks(range(len(strip)), [node for node, _, _ in strip])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.grid(axis="y", visible=False)
    axes.set(
        xlabel="milliseconds since the start of the run",
        title=f"{begin:.0f} ms from the first read to the last call",
    )
    plt.show()

# %% [markdown]
# **See:** `rules` and `recall` run side by side. Most of the time is reading (`analyse`, `recall`)
# and the calls themselves (`act`); the arithmetic between them hardly shows.
#
# ## A look is not a decision
#
# What would be decided right now? A dry run without a record leaves nothing behind: no run, no
# episode, no audit.

# %%
before = len(stack.read(frames.read_runs, answer.project_id))
now = stack.read(frames.look, answer.project_id)
after = len(stack.read(frames.read_runs, answer.project_id))
print(fill(f"{now.project_id} on {now.as_of}: {now.decisions.reasoning}", COLUMNS))
print(f"recorded: {now.recorded}; runs before and after the look: {before} and {after}")

# %%
stack.close()
