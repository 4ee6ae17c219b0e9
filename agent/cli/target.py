"""Choice of the stack that a command works on: that of a data folder, or services behind URLs.

The first of these that is given decides: `--url`, `--data-dir`, `DSM_PEERS__ORCHESTRATOR`,
`DSM_DATA_DIR`, the folder `.dsm`. URLs of options and of the environment are never mixed.
"""

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from deploy.catalogue import SERVICES

DEFAULT_DATA_DIR = Path(".dsm")
DATA_DIR_VARIABLE = "DSM_DATA_DIR"
KEY_FILE_VARIABLE = "DSM_KEY_FILE"
KEY_VARIABLE = "DSM_AUTH__SERVICE_KEY"
# Both the catalogue's name and the name in a cluster's DNS are taken.
NAMES = {word: spec.name for spec in SERVICES for word in (spec.name, spec.identity)}

_PANEL = "Which stack"
ChosenFolder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of a stack on this machine; default: DSM_DATA_DIR, or .dsm.",
        rich_help_panel=_PANEL,
    ),
]
ChosenUrls = Annotated[
    list[str] | None,
    typer.Option(
        "--url",
        metavar="NAME=URL",
        help="URL of a service anywhere, once for each service; default: DSM_PEERS__*.",
        rich_help_panel=_PANEL,
    ),
]
RefusedUrls = Annotated[list[str] | None, typer.Option("--url", metavar="NAME=URL", hidden=True)]
ChosenKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar=KEY_FILE_VARIABLE,
        help="File with the API key; default: DSM_AUTH__SERVICE_KEY, or the folder's admin key.",
        rich_help_panel=_PANEL,
    ),
]
ChosenPerson = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Person whose key is used, as `dsm keys add NAME` has kept it; default: the above.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class Target:
    """Stack that a command works on."""

    folder: Path
    """Data folder; with URLs, the folder that keeps what was imported into their services."""
    urls: Mapping[str, str] | None = None
    """Base URL of each known service by name; None: those of the stack on `folder`."""
    source: str = "--data-dir"
    """Option or variable that named the stack, for messages."""
    key_file: Path | None = None
    """File with the API key; None: the environment's with URLs, else the folder's admin key."""
    person: str | None = None
    """Person whose key is used; None: `key_file` decides."""
    people_folder: Path = DEFAULT_DATA_DIR
    """Folder that keeps the keys of people."""

    @property
    def options(self) -> str:
        """Options that name the same stack to another command; empty when it finds it by itself."""
        if self.source == "--url":
            named = "".join(f" --url {name}={url}" for name, url in (self.urls or {}).items())
        elif self.source == "--data-dir" and self.folder != DEFAULT_DATA_DIR:
            named = f" --data-dir {self.folder}"
        else:
            named = ""
        if self.person:
            return f"{named} --as {self.person}"
        return named + (f" --key-file {self.key_file}" if self.key_file else "")

    def option(self, name: str) -> str:
        """Describe how to name the URL of a service, in the way that named the others."""
        variable = f"DSM_PEERS__{name.upper()}"
        return f"--url {name}=URL" if self.source == "--url" else variable


def is_running(target: Target) -> bool:
    """Tell whether services are named, or a stack has said that it runs on the folder."""
    from deploy.local.folder import DataFolder

    return target.urls is not None or DataFolder(target.folder).state() is not None


def choose_target(
    data_dir: Path | None,
    urls: Sequence[str],
    key_file: Path | None,
    environment: Mapping[str, str],
    person: str | None = None,
) -> Target:
    """Choose the stack by options, then by the environment. Raises: `typer.BadParameter`."""
    target = _choose_stack(data_dir, urls, key_file, environment)
    if person is None:
        return target
    folder = data_dir or Path(environment.get(DATA_DIR_VARIABLE) or DEFAULT_DATA_DIR)
    return replace(target, person=person, people_folder=folder)


def _choose_stack(
    data_dir: Path | None,
    urls: Sequence[str],
    key_file: Path | None,
    environment: Mapping[str, str],
) -> Target:
    if urls and data_dir is not None:
        raise typer.BadParameter("name either --url or --data-dir", param_hint="--url")
    folder = Path(environment.get(DATA_DIR_VARIABLE) or DEFAULT_DATA_DIR)
    if urls:
        named = dict(_parse_url(text) for text in urls)
        return Target(_folder_of(folder, named), named, "--url", key_file)
    if data_dir is not None:
        return Target(data_dir, None, "--data-dir", key_file)
    if environment.get("DSM_PEERS__ORCHESTRATOR"):
        if environment.get(DATA_DIR_VARIABLE):
            raise typer.BadParameter(
                f"both DSM_PEERS__ORCHESTRATOR and {DATA_DIR_VARIABLE} name a stack; unset one,"
                " or give --data-dir or --url"
            )
        named = dict(_urls_of(environment))
        return Target(_folder_of(folder, named), named, "DSM_PEERS__*", key_file)
    source = DATA_DIR_VARIABLE if environment.get(DATA_DIR_VARIABLE) else "--data-dir"
    return Target(folder, None, source, key_file)


def on_target(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose a stack, in place of its parameter `target`."""

    @wraps(command)
    def chosen(
        *,
        data_dir: Path | None,
        url: list[str] | None,
        key_file: Path | None,
        acting_as: str | None,
        **values: Any,
    ) -> Any:
        target = choose_target(data_dir, url or (), key_file, os.environ, acting_as)
        return command(**values, target=target)

    options = {
        "data_dir": ChosenFolder,
        "url": ChosenUrls,
        "key_file": ChosenKeyFile,
        "acting_as": ChosenPerson,
    }
    return _with_options(chosen, command, options)


def on_folder(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command that works on a data folder alone say so when a URL is given."""

    @wraps(command)
    def chosen(*, url: list[str] | None, **values: Any) -> Any:
        if url:
            raise typer.BadParameter(
                "this command works on a data folder of this machine alone; name it by --data-dir",
                param_hint="--url",
            )
        return command(**values)

    return _with_options(chosen, command, {"url": RefusedUrls})


def _with_options(
    chosen: Callable[..., Any], command: Callable[..., Any], options: Mapping[str, Any]
) -> Callable[..., Any]:
    """Give a function the parameters of a command, apart from `target`, and these options."""
    signature = inspect.signature(command)
    others = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name != "target"
    ]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.items()
    ]
    parameters = [*others, *added]
    vars(chosen)["__signature__"] = signature.replace(parameters=parameters)
    chosen.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return chosen


def _parse_url(text: str) -> tuple[str, str]:
    """Split NAME=URL. Raises: `typer.BadParameter`."""
    word, _, url = text.partition("=")
    name = NAMES.get(word)
    if name is None:
        raise typer.BadParameter(
            f"there is no service {word!r}; name one of {', '.join(sorted(set(NAMES.values())))}",
            param_hint="--url",
        )
    return name, _checked(url, "--url")


def _urls_of(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    variables = {spec.name: f"DSM_PEERS__{spec.name.upper()}" for spec in SERVICES}
    return [
        (name, _checked(url, variable))
        for name, variable in variables.items()
        if (url := environment.get(variable))
    ]


def _checked(url: str, origin: str) -> str:
    """Return a base URL without its last slash. Raises: `typer.BadParameter`."""
    parts = urlsplit(url)
    # Not repeated in the message: it may hold a password.
    if parts.username or parts.password:
        raise typer.BadParameter(
            f"a URL holds no user or password; give the key by --key-file or {KEY_VARIABLE}",
            param_hint=origin,
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise typer.BadParameter(
            f"{url!r} is no base URL; write it like http://sprint-service.dsm:80", param_hint=origin
        )
    return url.rstrip("/")


def _folder_of(folder: Path, urls: Mapping[str, str]) -> Path:
    """Return where imports into these services are kept, apart from those of other stacks."""
    place = urls.get("orchestrator") or next(iter(urls.values()))
    return folder / "urls" / re.sub(r"[^A-Za-z0-9.-]+", "-", place.partition("://")[2])
