# %% [markdown]
# # What it remembers, and what that is worth
#
# The Digital Scrum Master keeps an **episode** of every decision about a team's sprint: the state
# it was made in, the decision, and later how the sprint ended. An import adds the past sprints of
# a team as episodes too. Before it decides, it **recalls** the episodes whose state was most like
# the present one.
#
# States are compared twice: by **numbers** (13 features, such as pace, open tasks and length of
# the sprint) and by **text** (the same state in words, as vectors of an embedding model). The
# **blend** weighs both. This notebook computes all of it exactly, beside the search that the
# service makes.

# %%
import os
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from agent.analysis import frames
from agent.analysis.open_stack import ROOT, CannotShow, open_stack
from graphs.evidence.neighbours import as_evidence, drawn_to_neighbours
from graphs.evidence.pace import own_pace, prior_tasks
from graphs.inputs import from_document
from graphs.replay import replay, without_episode
from graphs.thresholds import RECALL_EPISODES
from memory.features import DIMENSIONS, SCALES, features
from memory.search import NEAREST_STRUCTURED, TEXT_WEIGHT
from memory.text import describe

plt.style.use(ROOT / "notebooks" / "dsm.mplstyle")
pd.set_option("display.precision", 2)
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"

stack = open_stack()
print(f"reading {stack.name}")

# %% [markdown]
# ## The episodes
#
# Those that recall may find: with an outcome, and with enough of their state known.

# %%
known = stack.read(frames.read_episodes)
if len(known) < 3:
    raise CannotShow(
        "Memory holds fewer than three episodes with an outcome: import a team's past."
    )
episodes = pd.DataFrame(frames.episode_rows(known))
print(episodes.groupby(["project", "origin"]).size().rename("episodes").to_string())
episodes.drop(columns=["episode", "origin"]).tail(6)

# %%
figure, axes = plt.subplots(figsize=(10, 3.6))
colors = (BLUE, ORANGE, GREEN, RED)
for (project, some), color, marker in zip(
    episodes.groupby("project"), colors, "osD^", strict=False
):
    axes.scatter(
        pd.to_datetime(some.day),
        some.completed,
        s=10 + 4 * some.open_tasks,
        color=color,
        marker=marker,
        alpha=0.6,
        label=project,
    )
axes.set(
    xlabel="day of the decision",
    ylabel="completed tasks of the sprint",
    title="What memory holds",
)
figure.legend(loc="outside right center")
plt.show()

# %% [markdown]
# **See:** one mark is one past sprint, the larger the more tasks were open at its start. Recall
# looks for marks that began as today begins, and asks how high they ended.
#
# ## One state, in numbers and in words
#
# The state of the newest run that recalled something. Numbers are in standard units: 0 is the mean
# of real sprints, 1 is one standard deviation above it.

# %%
stored = stack.read(frames.read_inputs, os.environ.get("DSM_PROJECT"))
inputs = [from_document(run.inputs) for run in stored]
asking = next((one for one in inputs if one.recall.neighbours), None)
if asking is None:
    raise CannotShow("No run recalled an episode yet: dsm orchestrate PROJECT makes one.")
state = asking.snapshot.perception
numbers = pd.Series(features(state), index=list(SCALES)).round(2)
print(fill(describe(state), 96))
display(numbers.to_frame(f"{state.project_id}, {state.day}").T)

# %% [markdown]
# ## Its neighbours, by numbers, by text, and by both

# %%
past = [one for one in known if one.known_on <= state.day]
table = np.array([features(one.perception) for one in past])
texts = [describe(one.perception) for one in past]
distinct = sorted({*texts, describe(state)})
vector = dict(zip(distinct, np.array(stack.embed(distinct)), strict=True))
text_table = np.array([vector[text] for text in texts])


def similarities(row: np.ndarray, text: np.ndarray) -> dict[str, np.ndarray]:
    """Return the similarity of a state to every past episode, as recall defines it."""
    distance = np.linalg.norm(table - row, axis=1)
    by_numbers = 1 / (1 + distance**2 / DIMENSIONS)
    by_text = text_table @ text
    blend = (1 - TEXT_WEIGHT) * by_numbers + TEXT_WEIGHT * by_text
    return {"numbers": by_numbers, "blend": blend, "text": by_text}


def nearest(similarity: np.ndarray, count: int) -> list[int]:
    """Return the places of the most similar episodes, the most similar first."""
    return np.argsort(-similarity, kind="stable")[:count].tolist()


alike = similarities(np.array(features(state)), vector[describe(state)])
SHOWN = 8
ranks = {way: nearest(alike[way], len(past)) for way in alike}
shown = sorted({place for order in ranks.values() for place in order[:SHOWN]})
figure, axes = plt.subplots(figsize=(9, 5))
for place in shown:
    heights = [min(ranks[way].index(place) + 1, SHOWN + 2) for way in ranks]
    own = past[place].perception.project_id == state.project_id
    best = ranks["blend"].index(place) < SHOWN
    axes.plot(
        range(3),
        heights,
        marker="o" if own else "s",
        color=(BLUE if own else ORANGE) if best else "#CCCCCC",
        linewidth=2 if best else 1,
        zorder=2 if best else 1,
    )
for column, way in enumerate(ranks):
    for rank, place in enumerate(ranks[way][:SHOWN], start=1):
        name = past[place].sprint_id or past[place].perception.project_id
        axes.annotate(
            name,
            (column, rank),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            zorder=3,
        )
axes.axhline(SHOWN + 1, color=GREY, linewidth=1)
axes.set_ylim(SHOWN + 2.6, 0.3)
axes.set_yticks([*range(1, SHOWN + 1), SHOWN + 2], [*map(str, range(1, SHOWN + 1)), "later"])
axes.set_xticks(range(3), ["by numbers", "by the blend", "by text"])
axes.margins(x=0.12)
axes.plot([], [], "o-", color=BLUE, label="own past")
axes.plot([], [], "s-", color=ORANGE, label="other projects")
axes.plot([], [], "-", color="#CCCCCC", label="not among\nthe nearest")
axes.set(ylabel="rank (1 is the nearest)", title=f"The nearest episodes of {state.project_id}")
figure.legend(loc="outside right center")
plt.show()
exact = {str(past[place].episode_id) for place in nearest(alike["blend"], RECALL_EPISODES)}
recalled = {str(one.episode_id) for one in asking.recall.neighbours}
print(f"the run's own recall: {len(exact & recalled)} of its {len(recalled)} are the exact nearest")
if without := sum(one.text_similarity is None for one in asking.recall.neighbours):
    print(f"{without} had no embedding yet when it asked, so their numbers alone were compared")

# %% [markdown]
# **See:** a line is an episode. Lines that stay near the top are alike in both ways. The blend
# (middle) keeps most of what is near by numbers, and lets the text decide between those that are
# about as near; an episode that only sounds alike drops out.
#
# ## Recall at k, against exact search
#
# Each past episode asks in turn, and sees only what was known on its day. The service compares the
# texts of the nearest by numbers alone, which is quick; exact search compares all. How many of the
# *k* right ones does each way find?

# %%
days = np.array([one.known_on for one in past])
askers = [place for place, one in enumerate(past) if (days <= one.perception.day).sum() >= 60]
ways = {
    f"as recall does (texts of the nearest {NEAREST_STRUCTURED})": [],
    "numbers alone": [],
    "text alone": [],
}
counts = range(1, RECALL_EPISODES + 1)
for asker in askers:
    open_to = days <= past[asker].perception.day
    scores = {
        way: np.where(open_to, score, -np.inf)
        for way, score in similarities(table[asker], text_table[asker]).items()
    }
    right = nearest(scores["blend"], RECALL_EPISODES)
    first = nearest(scores["numbers"], NEAREST_STRUCTURED)
    shortcut = sorted(first, key=lambda place: -scores["blend"][place])
    orders = (
        shortcut,
        nearest(scores["numbers"], RECALL_EPISODES),
        nearest(scores["text"], RECALL_EPISODES),
    )
    for way, order in zip(ways, orders, strict=True):
        ways[way].append([len({*right[:k]} & {*order[:k]}) / k for k in counts])
if askers:
    figure, axes = plt.subplots(figsize=(8.5, 4))
    for (way, shares), color, marker in zip(
        ways.items(), (BLUE, ORANGE, GREEN), "osD", strict=True
    ):
        axes.plot(counts, 100 * np.mean(shares, axis=0), color=color, marker=marker, label=way)
    axes.set(
        xlabel="k [episodes]",
        ylabel="of the k right ones found [%]",
        ylim=(0, 104),
        title=f"Recall at k of {len(askers)} states",
    )
    axes.set_xticks(counts)
    axes.legend(loc="lower right")
    plt.show()
else:
    print("No past state had sixty episodes before it: too few to search among.")

# %% [markdown]
# **See:** the blue line at 100 % says that the shortcut loses nothing. Numbers alone find most of
# the right ones, text alone few: the words of two states are alike even when their numbers are
# not.
#
# ## What leaving one out changes
#
# Similar episodes draw the expected pace towards what was completed in them, beside what was
# typical of their team. Without one of them the expectation moves by so much.

# %%
prior = prior_tasks(state.team_size)
pace = own_pace(state.completed, prior)
chosen = [past[place] for place in nearest(alike["blend"], RECALL_EPISODES)]
evidence = []
for one, place in zip(chosen, nearest(alike["blend"], RECALL_EPISODES), strict=True):
    read = as_evidence(alike["blend"][place], one.perception, one.outcome, one.completed_outside)
    if read is not None:
        evidence.append((one.sprint_id or one.perception.project_id, read))


def expected(neighbours: list) -> float:
    """Return the pace drawn to these episodes; the own pace when they are too few."""
    drawn = drawn_to_neighbours(pace, len(state.completed), neighbours)
    return pace if drawn is None else drawn


everything = expected([read for _, read in evidence])
effects = pd.Series(
    {
        name: expected([read for other, read in evidence if other != name]) - everything
        for name, _ in evidence
    }
).sort_values()
figure, axes = plt.subplots(figsize=(8, 0.9 + 0.28 * len(effects)))
axes.barh(effects.index, effects, color=[BLUE if effect > 0 else RED for effect in effects])
axes.axvline(0, color="black", linewidth=1)
axes.grid(axis="y", visible=False)
axes.set(
    xlabel="change of the expected pace without the episode [tasks a sprint]",
    title=f"Own pace {pace:.1f}, with similar episodes {everything:.1f}",
)
plt.show()
before = replay(asking).decision.tasks
after = {replay(without_episode(asking, str(one.episode_id))).decision.tasks for one in chosen}
if after == {before}:
    print(f"The decision plans {before} tasks, whichever single episode is left out.")
else:
    print(f"The decision plans {before} tasks; without one of them: {sorted(after - {before})}.")
# %% [markdown]
# **See:** a bar to the right is an episode that held the expectation down, a bar to the left one
# that lifted it. Short bars are good news: no single memory decides.

# %%
stack.close()
