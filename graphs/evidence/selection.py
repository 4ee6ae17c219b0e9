"""Choose the tasks of a sprint in planning order, each with its reason and its chance.

The backlog orders candidates by rank, carried over, ready, priority, age class and age.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain_services.backlog.planning_schema import Candidate
from graphs.evidence.chances import Chances, share_in_words
from graphs.thresholds import SHOWN_LEFT_OUT
from memory.decision import LeftOutTask, SelectedTask, Selection

DAYS_A_MONTH = 30.4


@dataclass(frozen=True)
class PlanningOrder:
    """Candidates, apart by whether they can be planned."""

    plannable: tuple[Candidate, ...]
    """Those that wait for no task, or only for tasks in front of them."""
    waiting: tuple[Candidate, ...]
    """Those that wait for a task that is not done and not in front of them."""
    beyond: "Beyond | None" = None
    """Plannable ones behind these that were not kept; None: all are here."""

    def priorities(self) -> set[int]:
        """Return the priorities of the plannable candidates, or a few that differ as they do."""
        beyond = self.beyond.priorities if self.beyond else ()
        return {*(task.priority for task in self.plannable), *beyond}

    def ages(self) -> set[int]:
        """Return the days since their creation, or the least and the most where some are left."""
        beyond = self.beyond.ages if self.beyond else ()
        return {*(task.age_days for task in self.plannable), *beyond}

    def head(self, plannable: int, waiting: int) -> "PlanningOrder":
        """Return the first candidates of each kind, and of the others what a reason reads."""
        first, others = self.plannable[:plannable], self.plannable[plannable:]
        if not others:
            return PlanningOrder(first, self.waiting[:waiting])
        rest = PlanningOrder(others, ())
        priorities, ages = rest.priorities(), rest.ages()
        beyond = Beyond(
            (min(priorities), max(priorities)),
            (min(ages), max(ages)),
        )
        return PlanningOrder(first, self.waiting[:waiting], beyond)


@dataclass(frozen=True)
class Beyond:
    """Least and greatest numbers of candidates: chances never rise with age, so that these do."""

    priorities: tuple[int, int]
    """Least and greatest priority."""
    ages: tuple[int, int]
    """Fewest and most days since the creation."""


def plannable_order(candidates: Sequence[Candidate]) -> PlanningOrder:
    """Put each candidate behind the tasks that it waits for; hold back those that wait for others.

    A task whose dependencies are candidates too follows them at once.
    """
    ordered: list[Candidate] = []
    placed: set[str] = set()
    held_back: dict[str, Candidate] = {}
    for candidate in candidates:
        if placed.issuperset(candidate.waits_for):
            _place(candidate, ordered, placed, held_back)
        else:
            held_back[candidate.task_id] = candidate
    return PlanningOrder(tuple(ordered), tuple(held_back.values()))


def _place(
    candidate: Candidate,
    ordered: list[Candidate],
    placed: set[str],
    held_back: dict[str, Candidate],
) -> None:
    """Place a candidate, then the ones held back that waited for nothing else."""
    released = [candidate]
    while released:
        task = released.pop(0)
        ordered.append(task)
        placed.add(task.task_id)
        free = [
            other
            for other in held_back.values()
            if task.task_id in other.waits_for and placed.issuperset(other.waits_for)
        ]
        for other in free:
            del held_back[other.task_id]
        released += free


def select(order: PlanningOrder, tasks: int, free_tasks: int, chances: Chances) -> Selection:
    """Choose the first `tasks` plannable candidates; `free_tasks` are all of the backlog."""
    chosen, others = order.plannable[:tasks], order.plannable[tasks:]
    selected = tuple(_selected(task, order, chances) for task in chosen)
    points = [task.estimate for task in chosen if task.estimate is not None]
    return Selection(
        tasks=selected,
        left_out=tuple(_left_out(others, order.waiting, len(chosen), chances)),
        left_out_count=max(0, free_tasks - len(chosen)),
        expected_finished=sum(task.chance for task in selected),
        points=sum(points) if points else None,
        estimated_tasks=len(points),
        warnings=tuple(_warnings(chosen, chances)),
    )


def _selected(task: Candidate, order: PlanningOrder, chances: Chances) -> SelectedTask:
    return SelectedTask(
        task_id=task.task_id,
        title=task.title,
        reason=_reason(task, order, chances),
        rank=task.rank,
        carried_over=task.carried_over,
        priority=task.priority,
        points=task.estimate,
        age_days=task.age_days,
        chance=chances.of_age(task.age_days),
        chance_in_words=chances.in_words(task.age_days),
        is_stale=chances.is_stale(task.age_days),
    )


def _reason(task: Candidate, order: PlanningOrder, chances: Chances) -> str:
    """Name the first criterion that told the task from others."""
    if task.source_sprint is not None:
        return f"unfinished in {task.source_sprint}{_work(task, ', ')}"
    if task.rank is not None:
        return f"rank {task.rank} of the Product Owner"
    if task.begun:
        return _work(task)
    if task.carried_over:
        return "carried over or begun"
    if task.waits_for:
        return f"follows {', '.join(task.waits_for)}"
    if len(order.priorities()) > 1:
        return f"priority {task.priority}"
    if len({chances.of_age(days) for days in order.ages()}) > 1:
        return "how often tasks of its age are finished"
    return "oldest first"


def _work(task: Candidate, before: str = "") -> str:
    """Say who works on a task; empty when its work has not begun."""
    if not task.begun:
        return ""
    owner = f" with {task.assigned_to}" if task.assigned_to else ""
    return f"{before}in progress{owner}"


def _left_out(
    others: Sequence[Candidate], waiting: Sequence[Candidate], chosen: int, chances: Chances
) -> Iterator[LeftOutTask]:
    for task in others[:SHOWN_LEFT_OUT]:
        place = f"comes after the {chosen} planned tasks"
        follows = f"follows {', '.join(task.waits_for)}, and " if task.waits_for else ""
        yield _left(task, f"{follows}{place}", chances)
    for task in waiting[:SHOWN_LEFT_OUT]:
        yield _left(task, f"waits for {', '.join(task.waits_for)}", chances)


def _left(task: Candidate, reason: str, chances: Chances) -> LeftOutTask:
    chance = chances.of_age(task.age_days)
    return LeftOutTask(task_id=task.task_id, title=task.title, reason=reason, chance=chance)


def _warnings(chosen: Sequence[Candidate], chances: Chances) -> Iterator[str]:
    for task in chosen:
        if chances.is_stale(task.age_days):
            share = share_in_words(chances.of_age(task.age_days))
            whose = "this old" if chances.own else "this old in other projects"
            yield (
                f"{task.task_id} has been open for {age_in_words(task.age_days)}; of tasks {whose}"
                f" {share} are finished in a sprint: confirm, split or drop it"
            )


def age_in_words(days: int) -> str:
    """Describe an age in days or months."""
    if days < 90:
        return "1 day" if days == 1 else f"{days} days"
    return f"{round(days / DAYS_A_MONTH)} months"
