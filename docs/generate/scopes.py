"""Scopes of the services' keys: the routes that their code calls, found by the type checker.

Each client method is marked as deprecated in a copy of the packages, with its route as the reason.
The type checker then names every place that uses one, however the client got there. The scope of a
service is what the modules that it imports use; that of a job, what its commands use.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.catalogue import SERVICES, ServiceSpec
from domain_services.kernel.web.auth import OPEN_PATHS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "calls.py"
PACKAGES = ("agent", "domain_services", "graphs", "memory", "tools")
# Commands that a key's programs run, as functions of one module.
JOBS_MODULE = "agent.cli.jobs"
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "jobs": ("run_daily_scrum", "run_schedule"),
    "planning": ("plan_sprint", "plan_all"),
}
HEAD = '''"""Routes that each program calls: the scope of its key. Written by `make docs`."""

CALLS: dict[str, tuple[str, ...]] = {
'''
_MARK = "CALL "
_RULE = "reportDeprecated"


@dataclass(frozen=True)
class Use:
    """Place that uses a client's method."""

    module: str
    line: int
    """Number of the line, from 1."""
    call: str
    """Route as in `ApiKey.calls`, for example `project-service GET /projects`."""


def text() -> str:
    """Write the scopes as a module."""
    rows = [f'    "{name}": (\n{_lines(calls)}    ),\n' for name, calls in scopes().items()]
    return HEAD + "".join(rows) + "}\n"


def write() -> bool:
    """Write the module again; return whether it has changed."""
    if FILE.read_text() == (content := text()):
        return False
    FILE.write_text(content)
    return True


@cache
def scopes() -> dict[str, list[str]]:
    """Return the calls of each service that calls another, and of the keys of jobs."""
    places = uses()
    # The process of an import calls the orchestrator whose child it is, with a person's key.
    services = {
        spec.name: {
            use.call
            for use in places
            if use.module in modules(spec) and not use.call.startswith(f"{spec.identity} ")
        }
        for spec in SERVICES
    }
    jobs = [use for use in places if use.module == JOBS_MODULE]
    commands = {
        name: {use.call for use in jobs if use.line in _lines_of(functions)}
        for name, functions in COMMANDS.items()
    }
    return {name: sorted(calls) for name, calls in (services | commands).items() if calls}


@cache
def uses() -> tuple[Use, ...]:
    """Find every use of a client's method, other than for a route that needs no key."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for package in PACKAGES:
            shutil.copytree(ROOT / package, copy / package)
        for client in clients():
            path = copy / client.relative_to(ROOT)
            path.write_text(_marked(client))
        settings = {
            "include": [str(path.relative_to(ROOT)) for path in _candidates()],
            "typeCheckingMode": "off",
            _RULE: "error",
            "pythonVersion": "3.11",
        }
        (copy / "pyrightconfig.json").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", folder]
        command += ["--pythonpath", sys.executable]
        report = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return tuple(_uses(json.loads(report), copy))


def _candidates() -> Iterator[Path]:
    """List the modules that name a client's method: only they are worth the checker's time."""
    names = "|".join(sorted({name for client in clients() for name in routes(client)}))
    named = re.compile(rf"\.({names})\b")
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if named.search(path.read_text()):
                yield path


def _uses(report: Any, copy: Path) -> Iterator[Use]:
    for diagnostic in report["generalDiagnostics"]:
        message = str(diagnostic["message"])
        if diagnostic.get("rule") == _RULE and _MARK in message:
            path = Path(str(diagnostic["file"])).relative_to(copy)
            line = int(diagnostic["range"]["start"]["line"])
            call = message.partition(_MARK)[2].strip()
            if call.rpartition(" ")[2] not in OPEN_PATHS:
                yield Use(".".join(path.with_suffix("").parts), line + 1, call)


def clients() -> list[Path]:
    """List the modules of typed clients."""
    of_rooms = sorted(ROOT.glob("agent/*/client.py"))
    services = sorted(ROOT.glob("domain_services/*/client.py"))
    return [ROOT / "agent" / "client.py", *of_rooms, *services]


def routes(client: Path) -> dict[str, str]:
    """Return the route of each method of the client in a module, as "METHOD /path/*"."""
    tree = ast.parse(client.read_text())
    constants = dict(_assigned(tree.body))
    return {function.name: _route(function, constants) for function in _methods(tree)}


def _methods(tree: ast.Module) -> Iterator[ast.AsyncFunctionDef]:
    for definition in tree.body:
        if isinstance(definition, ast.ClassDef):
            for item in definition.body:
                if isinstance(item, ast.AsyncFunctionDef) and not item.name.startswith("_"):
                    yield item


def _route(function: ast.AsyncFunctionDef, constants: Mapping[str, ast.expr]) -> str:
    (call,) = (
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_call"
    )
    method, path = call.args[:2]
    values = {**constants, **dict(_assigned(function.body))}
    return f"{ast.literal_eval(method)} {_template(path, values)}"


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """List the names that plain assignments bind, with their values."""
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
            pairs = (
                zip(target.elts, value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else ((target, value),)
            )
            yield from ((name.id, bound) for name, bound in pairs if isinstance(name, ast.Name))


def _template(path: ast.expr, values: Mapping[str, ast.expr]) -> str:
    """Return a path in which each argument of the method is `*`."""
    match path:
        case ast.Constant(value=str(plain)):
            return plain
        case ast.JoinedStr(values=parts):
            return "".join(_template(part, values) for part in parts)
        case ast.FormattedValue(value=inner) | (ast.Name() as inner):
            known = isinstance(inner, ast.Name) and inner.id in values
            return _template(values[inner.id], values) if known else "*"  # type: ignore[union-attr]
        case _:
            raise ValueError(f"write the path of a route as one string, not {ast.unparse(path)}")


def _marked(client: Path) -> str:
    """Return a client's module whose methods are deprecated, with their routes as the reason."""
    lines = client.read_text().splitlines()
    called, known = identity(client), routes(client)
    for function in sorted(_methods(ast.parse("\n".join(lines))), key=lambda f: -f.lineno):
        reason = f"{_MARK}{called} {known[function.name]}"
        lines.insert(function.lineno - 1, f"    @_deprecated('{reason}')")
    # Behind the module's docstring, which is one line; nothing runs the copy.
    lines.insert(1, "from typing_extensions import deprecated as _deprecated")
    return "\n".join(lines)


def identity(client: Path) -> str:
    """Return the name by which the service of a client is called."""
    is_agent = client.relative_to(ROOT).parts[0] == "agent"
    name = "orchestrator" if is_agent else client.parent.name
    (spec,) = (spec for spec in SERVICES if spec.name == name)
    return spec.identity


@cache
def modules(spec: ServiceSpec) -> frozenset[str]:
    """Return the modules that a service's process imports from these packages."""
    waiting, reached = [spec.factory.partition(":")[0]], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached and (path := file_of(name)) is not None:
            reached.add(name)
            waiting += [parent for parent in _parents(name) if parent not in reached]
            waiting += _imported(path)
    return frozenset(reached)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def file_of(module: str) -> Path | None:
    """Return the file of a module of these packages; None for any other."""
    if module.partition(".")[0] not in PACKAGES:
        return None
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.exists()), None)


def _lines_of(functions: Iterable[str]) -> set[int]:
    """Return the lines of functions of the jobs' module, and of all that these use there."""
    path = ROOT.joinpath(*JOBS_MODULE.split(".")).with_suffix(".py")
    defined = {
        node.name: node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    waiting, reached = list(functions), set[str]()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        names = {node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)}
        waiting += names & defined.keys() - reached
    return {
        line
        for name in reached
        for line in range(defined[name].lineno, (defined[name].end_lineno or 0) + 1)
    }


def _lines(calls: Iterable[str]) -> str:
    return "".join(f'        "{call}",\n' for call in calls)
