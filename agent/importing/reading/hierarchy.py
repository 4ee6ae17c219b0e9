"""Kinds of the tasks of an import by their types and parents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.importing.meaning.kinds import is_story, is_undecided
from agent.importing.meaning.statuses import plain_name
from agent.importing.option_texts import ALL_TYPES
from agent.importing.tasks import Kind, Task


@dataclass(slots=True)
class Hierarchy:
    """Parents and kinds of tasks; each task is named by its place."""

    tasks: Sequence[Task]
    """Tasks of all files of one import."""
    types: tuple[str, ...] = ()
    """Types that are planned and counted; empty: all but containers and parts."""
    numbers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Ids by the second id that parents refer to."""
    child_types: tuple[str, ...] | None = None
    """Types that are parts below work; None: every type is."""
    work_types: frozenset[str] = frozenset()
    """Types that a tracker calls work, though other trackers hold work in them."""
    parents: dict[int, int] = field(default_factory=dict[int, int])
    """Place of the parent of each task whose parent is in the files."""
    kinds: dict[int, Kind] = field(default_factory=dict[int, Kind])
    """Kinds that differ from those by the type alone."""

    def settled(self) -> list[Task]:
        """Return the tasks with their kinds, and with the ids of their parents."""
        # docs/adr/0160-containers-and-parts.md
        if any(task.parent for task in self.tasks):
            self._find_parents()
        self._find_containers()
        self._find_parts()
        if self.types:
            self._choose_types()
        return [self._settled(place, task) for place, task in enumerate(self.tasks)]

    def _kind(self, place: int) -> Kind:
        return self.kinds.get(place, self.tasks[place].kind)

    def _find_parents(self) -> None:
        by_key = {(task.project, task.id): place for place, task in enumerate(self.tasks)}
        # An epic may stand in another project.
        by_id = {task.id: place for place, task in enumerate(self.tasks)}
        unresolved: list[int] = []
        for place, task in enumerate(self.tasks):
            if not task.parent:
                continue
            for name in (task.parent, self.numbers.get(task.parent, "")):
                parent = by_key.get((task.project, name), by_id.get(name))
                if parent is not None:
                    break
            else:
                unresolved.append(place)
                continue
            if parent != place:
                self.parents[place] = parent
        self._find_by_title(unresolved)

    def _find_by_title(self, places: Sequence[int]) -> None:
        """Find parents that are named by their title, as Asana does, where it is the only one."""
        titles = {self.tasks[place].parent for place in places}
        by_title: dict[str, list[int]] = {}
        for place, task in enumerate(self.tasks):
            if places and task.title and task.title in titles:
                by_title.setdefault(task.title, []).append(place)
        for place in places:
            parents = by_title.get(self.tasks[place].parent or "", [])
            if len(parents) == 1 and parents[0] != place:
                self.parents[place] = parents[0]

    def _find_containers(self) -> None:
        with_children = set(self.parents.values())
        deep = {self.parents[parent] for parent in with_children if parent in self.parents}
        levels = self._levels_of_work() if self.child_types is not None else None
        above_stories = self._above_stories()
        for place in with_children:
            name = self.tasks[place].type
            if name is None:
                # Three levels without types: the first one holds the work.
                is_container = levels is None and place in deep and place not in self.parents
            else:
                is_work = plain_name(name) in self.work_types and place not in above_stories
                # A bug below a story leaves it a story, whatever the other stories hold.
                is_level = levels is not None and name not in levels
                is_container = (is_undecided(name) and not is_work) or (
                    is_level and (not is_story(name) or place in above_stories)
                )
            if is_container:
                self.kinds[place] = Kind.CONTAINER

    def _above_stories(self) -> frozenset[int]:
        """Return the places of rows that have a story below them, which is never a step."""
        return frozenset(
            parent
            for child, parent in self.parents.items()
            if is_story(self.tasks[child].type or "")
        )

    def _levels_of_work(self) -> set[str]:
        """Return the types whose rows have parts, in a tracker that says which types are parts."""
        return {
            name
            for child, parent in self.parents.items()
            if self._is_part_by_type(child) and (name := self.tasks[parent].type)
        }

    def _is_part_by_type(self, place: int) -> bool:
        task = self.tasks[place]
        if task.kind is not Kind.WORK or self.child_types is None:
            return task.kind is Kind.PART
        return plain_name(task.type or "") in self.child_types

    def _find_parts(self) -> None:
        """Make a part of each row whose parent is work, and work of a step of a container."""
        for place in self.parents:
            if self._kind(place) is not Kind.CONTAINER:
                steps = self.child_types is None or self._is_part_by_type(place)
                is_part = steps and self._has_owner(place)
                self.kinds[place] = Kind.PART if is_part else Kind.WORK

    def _has_owner(self, place: int) -> bool:
        """Tell whether a row above this one, up to the next container, is work."""
        visited = {place}
        current = self.parents.get(place)
        if current is None or self._kind(current) is Kind.CONTAINER:
            return False
        while current is not None and self._kind(current) is not Kind.CONTAINER:
            if current in visited:
                return False
            visited.add(current)
            current = self.parents.get(current)
        return True

    def _choose_types(self) -> None:
        chosen = {plain_name(name) for name in self.types}
        everything = chosen == {ALL_TYPES}
        for place, task in enumerate(self.tasks):
            if everything or plain_name(task.type or "") in chosen:
                self.kinds[place] = Kind.WORK
        if everything:
            return
        for place in range(len(self.tasks)):
            name = plain_name(self.tasks[place].type or "")
            if name in chosen or self._kind(place) is Kind.CONTAINER:
                continue
            if self._kind(place) is Kind.WORK or not self._has_chosen_owner(place, chosen):
                self.kinds[place] = Kind.LEFT_OUT

    def _has_chosen_owner(self, place: int, chosen: set[str]) -> bool:
        return any(
            plain_name(self.tasks[above].type or "") in chosen for above in self._above(place)
        )

    def _above(self, place: int) -> Iterator[int]:
        visited = {place}
        current = self.parents.get(place)
        while current is not None and current not in visited:
            visited.add(current)
            yield current
            current = self.parents.get(current)

    def _settled(self, place: int, task: Task) -> Task:
        kind = self._kind(place)
        parent = self.parents.get(place)
        parent_id = task.parent if parent is None else self.tasks[parent].id
        if kind is task.kind and parent_id == task.parent:
            return task
        return replace(task, kind=kind, parent=parent_id)


def settle_kinds(
    tasks: Sequence[Task],
    types: Iterable[str] = (),
    numbers: Mapping[str, str] | None = None,
    child_types: tuple[str, ...] | None = None,
    work_types: frozenset[str] = frozenset(),
) -> list[Task]:
    """Return tasks with their kinds by type and parent, and with the ids of their parents.

    `types` are the types that are planned and counted; empty: all but containers and parts.
    `numbers` are ids by the second id that parents refer to. `child_types` are the types that are
    parts below work; None: every type is. `work_types` are types that the tracker calls work.
    """
    return Hierarchy(tasks, tuple(types), numbers or {}, child_types, work_types).settled()
