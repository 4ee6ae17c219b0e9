# %% [markdown]
# # What became of the decisions
#
# The Digital Scrum Master decides how many tasks the next sprint of a team gets. A **rule** plans
# the team's own pace. **Evidence** (how often tasks of an age are finished, similar past sprints)
# may recommend another number. A **gate** lets it through only where following evidence has paid
# in this project before: that number is the **applied** one.
#
# This notebook asks afterwards: did stated probabilities come true, was the recommendation or the
# rule nearer to what the team really finished, and did following evidence do more good than harm?
#
# It decides every fortnight of two real projects again, by the very functions that the running
# service calls. Each decision knows only what was known on its first day. It needs no stack,
# except for the last section.

# %%
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from agent.analysis import frames
from agent.analysis.open_stack import ROOT, CannotShow, open_stack

sys.path.insert(0, str(ROOT))  # for `benchmarks`, which no installation brings
from benchmarks.decision_quality.backlog import NOTICEABLE, decide_fortnights
from benchmarks.decision_quality.fortnights import fortnights, read_tasks
from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import Decided, decide_all, experienced
from benchmarks.decision_quality.sprints import NotSprints, read

plt.style.use(ROOT / "notebooks" / "dsm.mplstyle")
pd.set_option("display.precision", 2)
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"

# %% [markdown]
# ## The decisions
#
# One row a fortnight: both plans, the one that was applied, and the tasks of the backlog that were
# finished. `group` is a project in a year: the unit by which we compare below.


# %%
def as_rows(decided: Iterable[tuple[str, Decided]]) -> pd.DataFrame:
    """Return decisions as a frame; `group` is the unit that is compared."""
    return pd.DataFrame(
        {
            "group": group,
            "sprint": one.case.sprint_id,
            "rule": one.rule,
            "recommended": one.recommended,
            "applied": one.applied,
            "finished": one.case.completed,
        }
        for group, one in decided
    )


example = [
    (f"P{name[-1]} {fortnight.ages.day.year}", decided)
    for name, tasks in read_tasks().items()
    for fortnight, decided in decide_fortnights(fortnights(name, tasks))
]
decisions = as_rows(example)
print(f"{len(decisions)} decisions in {decisions.group.nunique()} groups")
decisions.head(6)

# %% [markdown]
# ## Did the stated probabilities come true?
#
# For each decision the forecast states the probability that all of *n* tasks are done, for several
# *n* around the plan. The diagram gathers these statements by tenths: how often did what was
# stated with 70 % happen?


# %%
def statements(decided: Iterable[Decided]) -> pd.DataFrame:
    """List stated probabilities beside what came true, for plans smaller and larger than it."""
    rows = []
    for one in decided:
        for count in {
            max(1, round(times * one.applied)) for times in (0.4, 0.6, 0.8, 1, 1.2, 1.5, 2)
        }:
            stated = one.expectation.chance_of_all(count)
            rows.append({"stated": stated, "came true": one.case.completed >= count})
    return pd.DataFrame(rows)


def reliability(stated: pd.DataFrame, title: str) -> None:
    """Draw stated against observed probability by tenths, above the number of statements."""
    tenth = (stated["stated"] * 10).clip(upper=9.999).astype(int)
    tenths = stated.groupby(tenth).agg(
        stated=("stated", "mean"), seen=("came true", "mean"), count=("stated", "size")
    )
    # Two standard deviations of a share; groups of fewer than ten say nothing.
    tenths = tenths[tenths["count"] >= 10]
    spread = 2 * (tenths.seen * (1 - tenths.seen) / tenths["count"]) ** 0.5
    _, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6.5, 6.2), height_ratios=(4, 1))
    above.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="stated = seen")
    above.errorbar(
        tenths.stated, tenths.seen, yerr=spread, color=BLUE, marker="o", capsize=3, label="seen"
    )
    above.set(ylabel="share that came true", xlim=(0, 1), ylim=(0, 1.02), title=title)
    above.legend(loc="upper left")
    below.bar(tenths.stated, tenths["count"], width=0.06, color=GREY)
    below.set(xlabel="stated probability that all n tasks are done", ylabel="statements")
    plt.show()
    apart = (tenths.stated - tenths.seen).abs()
    print(
        f"{len(stated)} statements; stated and seen are {apart.mean():.2f} apart on average,"
        f" {apart.max():.2f} at most"
    )


reliability(statements(one for _, one in example), "Example projects: stated against seen")

# %% [markdown]
# **See:** points on the dashed line are probabilities that mean what they say. Points above it
# were too careful, points below it promised too much. The bars of an error reach two standard
# deviations.
#
# ## Rule against recommendation, by group
#
# The error of a plan is its distance to what was finished. Each line below is one group.


# %%
def errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean error of each plan by group, in tasks."""
    plans = ["rule", "recommended", "applied"]
    apart = frame[plans].sub(frame.finished, axis=0).abs().assign(group=frame.group)
    return apart.groupby("group").agg("mean").assign(decisions=frame.groupby("group").size())


def dumbbells(table: pd.DataFrame, title: str) -> None:
    """Draw the mean errors of rule and recommendation of each group on one line."""
    table = table.sort_values("rule")
    _, axes = plt.subplots(figsize=(8, 1.2 + 0.3 * len(table)))
    better = table.recommended <= table.rule
    axes.hlines(
        table.index, table.rule, table.recommended, color=[GREEN if b else RED for b in better]
    )
    axes.plot(table.rule, table.index, "o", color=ORANGE, markersize=8, label="rule")
    axes.plot(table.recommended, table.index, "D", color=BLUE, label="recommended")
    axes.plot(table.applied, table.index, "|", color="black", markersize=14, label="applied")
    axes.set(xlabel="mean error of the plan [tasks]", title=title)
    axes.set_xlim(left=0)
    axes.legend(loc="lower right")
    plt.show()


by_group = errors(decisions)
dumbbells(by_group, "Example projects: which plan was nearer?")
print(by_group.round(2).to_string())

# %% [markdown]
# **See:** a blue diamond left of the orange dot (green line) is a group in which evidence was
# nearer. The black mark is what the gate made of it: at the diamond where evidence is followed, at
# the dot where it is not, and between them where it is followed some of the time.
#
# ## Harm and help
#
# A plan that ended at least two tasks nearer than the rule's helped, one that ended two tasks
# farther did harm. The rest makes no difference that a team would notice.


# %%
def harm_and_help(frame: pd.DataFrame, title: str) -> None:
    """Draw the share of decisions in which a plan ended noticeably nearer or farther."""
    rule = (frame.rule - frame.finished).abs()
    figure, axes = plt.subplots(figsize=(8, 2.6))
    widest = 5.0  # percent: small shares look small
    for place, plan in enumerate(("recommended", "applied")):
        nearer = rule - (frame[plan] - frame.finished).abs()
        good, bad = (nearer >= NOTICEABLE).mean(), (nearer <= -NOTICEABLE).mean()
        axes.barh(place, 100 * good, color=BLUE, label=None if place else "helped")
        axes.barh(place, -100 * bad, color=RED, hatch="//", label=None if place else "did harm")
        for share, side in ((good, 1), (bad, -1)):
            axes.annotate(
                f"{share:.1%}",
                (side * 100 * share, place),
                xytext=(5 * side, 0),
                textcoords="offset points",
                va="center",
                ha="left" if side > 0 else "right",
            )
            widest = max(widest, 100 * share)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks([0, 1], ["recommended", "applied"])
    axes.invert_yaxis()
    axes.set_xlim(-1.3 * widest, 1.3 * widest)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(lambda share, _: f"{abs(share):.0f}")
    axes.set(xlabel="harm  <-  share of all decisions [%]  ->  help", title=title)
    figure.legend(loc="outside right center")
    plt.show()


harm_and_help(decisions, "Example projects: help and harm against the rule's plan")

# %% [markdown]
# **See:** blue must be much longer than hatched red, or evidence is not worth its trouble. The
# upper bar follows every recommendation, the lower one those that passed the gate. What the gate
# takes from the blue bar is its price, what it takes from the red one its gain. Here evidence pays
# in both projects, so there is little harm to keep out.
#
# ## Your own teams
#
# `DSM_SPRINTS` names a folder with a `sprints.csv`: one row a sprint, with the columns
# `project_key, team_id, sprint_id, usable, seq, duration_days, n_issues_scope_t0, team_size_t0,
# n_completed`. The same three pictures are drawn for it, by team.

# %%
folder = os.environ.get("DSM_SPRINTS")
if not folder:
    print("No folder is named: set DSM_SPRINTS, restart the kernel, and run all cells.")
else:
    try:
        teams = read(ROOT / Path(folder).expanduser())
    except NotSprints as problem:
        raise CannotShow(f"The sprints cannot be read: {problem}") from None
    own: Sequence[Decided] = experienced(decide_all(teams, Memory(teams, scope_known=False)))
    if own:
        frame = as_rows((one.case.team, one) for one in own)
        reliability(statements(own), "Your teams: stated against seen")
        most = frame.group.value_counts().head(20).index
        dumbbells(errors(frame[frame.group.isin(most)]), "Your teams (20 with the most sprints)")
        harm_and_help(frame, "Your teams: help and harm against the rule's plan")
    else:
        print("No team of this folder has a sprint with three before it: nothing can be scored.")

# %% [markdown]
# ## The decisions of the running stack
#
# So far the past was decided again. What did the stack itself decide, and what came of it? Only
# decisions that acted and whose sprint has ended count.

# %%
stack = open_stack()
print(f"reading {stack.name}")
projects = sorted({row["project"] for row in stack.read(frames.read_runs)})
audits = {project: stack.read(frames.read_audits, project) for project in projects}
decided = pd.DataFrame(
    {"project": project, **row} for project in projects for row in audits[project]
)
if decided.empty:
    print("No decision is recorded yet: dsm orchestrate PROJECT makes one.")
else:
    columns = ["project", "number", "sprint", "effect", "source", "rule", "decided", "confidence"]
    print(decided[columns].to_string(index=False, na_rep="-"))

# %%
for project in projects:
    impact = stack.read(frames.read_impact, project)
    ended = impact.intelligence_enhanced.outcomes + impact.rule_based.outcomes
    print(f"{project}: {impact.conclusion}")
    if not ended:
        print(f"  to see an outcome: dsm clock {project} --to next-sprint")

# %%
stack.close()
