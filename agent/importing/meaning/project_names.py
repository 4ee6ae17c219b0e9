"""Project ids from the names that people gave to projects and boards."""

import re
import unicodedata

from domain_services.kernel.types import PROJECT_ID, RESERVED_IDS

MAX_CHARACTERS = 32  # of a project id
_FORBIDDEN = re.compile(r"[^A-Z0-9_]+")
_ENDING = re.compile(r"(?:\.(?:csv|tsv|txt|tab|xlsx|xlsm|gz|zip|rejected))+$", re.IGNORECASE)
# Days, times, copies and numbers: they differ from one export to the next.
_CHANGING = re.compile(
    r"\d{4}[-_. ]?\d{1,2}[-_. ]?\d{1,2}"
    r"(?:[T_ -]*\d{1,2}[-_.:h ]?\d{2}(?:[-_.:m ]?\d{2}(?:\.\d+)?)?)?Z?"
    r"|\d{1,2}[-_. ]\d{1,2}[-_. ]\d{2,4}|\(\d+\)"
    r"|(?<![^\W_])(?:(?=[0-9a-f]*\d)[0-9a-f]{8,}|\d+)(?![^\W_])"
)
# Words that exports of any project have in their names.
_COMMON_WORDS = frozenset(
    {
        *("all", "and", "backlog", "board", "boards", "closed", "copy", "csv", "data", "day"),
        *("download", "downloads", "export", "exported", "exports", "excel", "fields", "file"),
        *("filter", "final", "from", "full", "history", "import", "input", "issue", "issues"),
        *("items", "list", "my", "new", "of", "old", "open", "output", "page", "part", "project"),
        *("query", "report", "result", "results", "sample", "search", "sheet", "sprint"),
        *("sprints", "standard", "stories", "story", "table", "task", "tasks", "temp", "test"),
        *("the", "ticket", "tickets", "tmp", "untitled", "user", "userstories", "view", "week"),
        *("work", "workbook", "workitems", "workpackages", "packages", "year", "month"),
        *("asana", "azure", "clickup", "devops", "github", "gitlab", "jira", "linear"),
        *("openproject", "redmine", "shortcut", "taiga", "trello", "youtrack", "notion", "monday"),
        *("exportar", "exportación", "exportado", "tareas", "aufgaben", "vorgänge", "tâches"),
        *("tarefas", "задачи", "экспорт", "cloud", "server", "current", "de", "en", "es", "fr"),
        *("pt", "ru", "utf8", "us"),
    }
)


def project_of_name(name: str) -> str | None:
    r"""Make a project's name an id: `Web shop` becomes `WEB-SHOP`; None when none can be made.

    Of a path such as `Shop\\Core` the first part is the project. Accents are dropped; a name with a
    letter that has no Latin one, as `Магазин`, has no id.
    """
    root = name.strip().strip("\\").partition("\\")[0]
    decomposed = unicodedata.normalize("NFKD", root)
    text = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).upper()
    # Dropping such letters could make two projects one.
    if any(letter.isalnum() and not letter.isascii() for letter in text):
        return None
    candidate = _FORBIDDEN.sub("-", text)[:MAX_CHARACTERS].strip("-_")
    if not re.fullmatch(PROJECT_ID, candidate) or candidate.lower() in RESERVED_IDS:
        return None
    return candidate


def project_of_file(name: str) -> str | None:
    """Make a file's name a project id: `Web_Shop 2024-03-05 (1).csv` becomes `WEB-SHOP`.

    Days, numbers, and words that exports of any project have are left out; None when nothing is
    left, as of `export.csv`.
    """
    stem = _CHANGING.sub(" ", _ENDING.sub("", name))
    words = [word for word in re.split(r"[\W_]+", stem) if word]
    telling = [word for word in words if word.casefold() not in _COMMON_WORDS]
    # One letter is a remnant, as the T between a day and its time.
    if not any(len(word) > 1 for word in telling):
        return None
    return project_of_name("-".join(telling))
