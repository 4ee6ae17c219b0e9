"""Reading of the values of one row as a task."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from sys import intern

from agent.importing.meaning.card_ids import creation_day
from agent.importing.meaning.cell_text import is_rounded
from agent.importing.meaning.closing import Closing, Facts, settle
from agent.importing.meaning.parents import parent_of
from agent.importing.meaning.people import Person, address_in
from agent.importing.meaning.plain_text import plain_line, shortened
from agent.importing.meaning.statuses import State, state_of
from agent.importing.options import ImportOptions
from agent.importing.profiles.profile import Profile
from agent.importing.reading.labels import labels_of
from agent.importing.reading.row_days import RowDays
from agent.importing.reading.row_project import RowProject
from agent.importing.reading.row_sprints import RowSprints
from agent.importing.reading.tally import Occurrences, Tally
from agent.importing.reading.values import Values
from agent.importing.reading.vocabulary import Vocabulary
from agent.importing.tasks import Kind, RowRefused, Task, Transition

# The longest one-line text the services store, and the longest type.
MAX_TEXT = 300
MAX_TYPE = 100


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reader of the values of rows as tasks; it counts what it reads otherwise than it stands."""

    profile: Profile
    """Profile of the export."""
    options: ImportOptions
    """Options of the person."""
    headers: Mapping[str, Sequence[str]]
    """Names of the columns of each field, one for each text of a row's values."""
    days: RowDays
    """Reader of the days."""
    vocabulary: Vocabulary
    """Meanings of the texts that rows repeat."""
    project: RowProject
    """Reader of the project."""
    sprints: RowSprints
    """Reader of the sprints."""
    tally: Tally = field(default_factory=Tally)
    """Counts of the rows that were read."""
    alternatives: tuple[str, ...] = ()
    """Fields that columns of several names feed."""

    def read(
        self, values: Values, transitions: Sequence[tuple[datetime, str]] = ()
    ) -> tuple[Task, Closing]:
        """Read a row: texts by field, empty where a column has none.

        `transitions` are moments and the status from then on, the oldest first.
        Raises: `RowRefused`.
        """
        first = values.first
        identity = self._identity(first.get("id", ""))
        created = self._created(values, identity)
        status = self._text(values, "status", MAX_TEXT)
        changes = self._transitions(transitions)
        closing = self._closing(values, status, changes)
        day = closing.day
        project = self.project.read(values, identity)
        # 1,662 of the example's 4,123 rows are so: an artefact of the tracker, not of the work.
        if day is not None and day < created:
            day = created
        kind, type_name = self._kind(values)
        people = self._people(values)
        priority, level = self._priority(values)
        task = Task(
            id=identity,
            project=project,
            created=created,
            finished=day if closing.state is State.DONE else None,
            title=self._text(values, "title", MAX_TEXT),
            status=status,
            priority=priority,
            priority_level=level,
            rank=first.get("rank") or None,
            assignee=people[0].name if people else None,
            type=type_name,
            labels=labels_of(values.texts("labels")),
            estimate=self._estimate(first.get("estimate")),
            updated=self.days.moment("updated", values),
            state=closing.state,
            dropped=day if closing.state is State.DROPPED else None,
            started=self._started(values, changes),
            kind=kind,
            parent=self._parent(first.get("parent")),
            sprints=self.sprints.read(values, project, self.days.optional),
            email=self._email(values, people),
            others=tuple(person.name for person in people[1:]),
            transitions=changes,
        )
        return task, closing

    def _identity(self, text: str) -> str:
        identity = plain_line(text)
        if not identity:
            raise RowRefused(self.header("id"), "is empty, but id is required")
        if is_rounded(identity):
            raise RowRefused(
                self.header("id"),
                f"{identity!r} is a long id that a spreadsheet rounded, so it is lost: "
                "import the export as the tracker wrote it",
            )
        return identity

    def count(self, task: Task, closing: Closing, values: Values) -> None:
        """Count a task that is imported, and where its facts came from."""
        tally = self.tally
        if closing.day is not None and closing.day < task.created:
            tally.corrected += 1
        if closing.contradiction == "open":
            tally.reopened += 1
        elif closing.contradiction == "closed":
            tally.closed_by_day += 1
        if resolution := values.first.get("resolution"):
            self._count_resolution(task, resolution)
        counted = task.finished if task.kind is Kind.WORK else None
        if counted and closing.source == "transitions":
            tally.finish_columns["history of the status"] += 1
        elif counted and closing.source:
            tally.finish_columns[self._column(values, closing.source)] += 1
        for name in self.alternatives:
            for place, text in enumerate(values.texts(name)):
                if text:
                    if (uses := tally.columns.get(name)) is None:
                        uses = tally.columns[name] = Counter()
                    uses[self.headers[name][place]] += 1
                    break

    def _count_resolution(self, task: Task, text: str) -> None:
        if task.kind is not Kind.WORK:
            return
        is_closed, resolution = self.vocabulary.resolution(text)
        if not is_closed:
            return
        if resolution is None and task.state is State.DONE:
            self.tally.unknown_resolutions[text] += 1
        elif resolution is not None and task.state in (State.TO_DO, State.DOING):
            self.tally.resolved_open[text] += 1

    def _column(self, values: Values, field_name: str) -> str:
        """Return the name of the column that a row's value of a field comes from."""
        if field_name not in values.several:
            return self.header(field_name)
        texts = values.several[field_name]
        place = next((place for place, text in enumerate(texts) if text), 0)
        return self.header(field_name, place)

    def header(self, field_name: str, place: int = 0) -> str:
        """Return the name of a field's column, or of the field when no column feeds it."""
        names = self.headers.get(field_name, ())
        return names[place] if place < len(names) else field_name

    def _created(self, values: Values, identity: str) -> date:
        day = self.days.certain("created", values)
        if day is None and self.profile.created_from == "card id":
            day = creation_day(identity)
        if day is None:
            raise RowRefused(self.header("created"), "is empty, but created is required")
        return day

    def _text(self, values: Values, field_name: str, characters: int) -> str | None:
        text = values.first.get(field_name)
        if not text:
            return None
        text = plain_line(text) if field_name == "title" else _repeated_line(text)
        if len(text) > characters:
            shortened_texts = self.tally.shortened.setdefault(field_name, Occurrences())
            shortened_texts.add(values.first.get("id", ""))
            text = shortened(text, characters)
        return text or None

    def _closing(
        self, values: Values, status: str | None, changes: tuple[Transition, ...]
    ) -> Closing:
        first, days = values.first, self.days
        standing = self.vocabulary.standing(
            status or "",
            first.get("status_category", ""),
            first.get("resolution", ""),
            first.get("archived", ""),
        )
        return settle(
            Facts(
                chosen=standing.chosen,
                category=standing.category,
                status=standing.status,
                resolution=standing.resolution,
                finished=days.certain("finished", values),
                dropped=days.optional("dropped", values),
                changed=days.optional("status_changed", values),
                entered=_entered(changes) if changes else None,
                archived=standing.archived,
                keeps_finish=self.profile.reopened_keeps_finish,
            )
        )

    def _transitions(self, transitions: Sequence[tuple[datetime, str]]) -> tuple[Transition, ...]:
        if not transitions:
            return ()
        return tuple(
            Transition(
                day=moment.date(),
                status=intern(status),
                state=state_of(status, self.options.statuses, self.profile.statuses),
            )
            for moment, status in transitions
        )

    def _started(self, values: Values, changes: tuple[Transition, ...]) -> date | None:
        day = self.days.optional("started", values)
        if day is not None or not changes:
            return day
        begun = (change.day for change in changes if change.state is State.DOING)
        return next(begun, None)

    def _kind(self, values: Values) -> tuple[Kind, str | None]:
        name = self._text(values, "type", MAX_TYPE)
        return (Kind.WORK, None) if name is None else self.vocabulary.kind(name)

    def _parent(self, text: str | None) -> str | None:
        if not text:
            return None
        return text if self.profile.parent_from == "title" else parent_of(text)

    def _priority(self, values: Values) -> tuple[str | None, int | None]:
        text = self._text(values, "priority", MAX_TEXT)
        return (None, None) if text is None else self.vocabulary.priority(text)

    def _people(self, values: Values) -> tuple[Person, ...]:
        if not values.first.get("assignee"):
            return ()
        return self.vocabulary.people(tuple(filter(None, values.texts("assignee"))))

    def _email(self, values: Values, people: Sequence[Person]) -> str | None:
        if not people:
            return None
        text = values.first.get("email")
        return (address_in(text) if text else None) or people[0].email

    def _estimate(self, text: str | None) -> float | None:
        if not text:
            return None
        estimate = self.vocabulary.estimate(text)
        if estimate is None:
            self.tally.estimates.add(text)
        else:
            self.tally.read_estimates += 1
            if estimate == 0 and self.tally.are_times:
                # Trackers write 0 where nobody has estimated a time.
                return None
        return estimate


# Cached, so that rows share what they repeat.
_repeated_line = lru_cache(maxsize=1 << 12)(plain_line)


def _entered(changes: Sequence[Transition]) -> date | None:
    """Return the day on which the last unbroken run of closed statuses began; None when open."""
    day = None
    for change in reversed(changes):
        if change.state not in (State.DONE, State.DROPPED):
            break
        day = change.day
    return day
