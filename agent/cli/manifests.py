"""`dsm manifests`: what a cluster is given, as YAML on stdout."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from agent.cli.failures import one_line

StoresName = Literal["external", "dev-stores", "cnpg"]

TreeFolder = Annotated[
    Path | None, typer.Option("--tree", help="Folder of the manifests; none: those shipped.")
]
DEFAULT_KEYS = Path(".dsm/cluster")


def render(
    overlay: Annotated[str, typer.Option("--overlay", help="dev, staging, production, or yours.")],
    tree: TreeFolder = None,
) -> None:
    """Print the objects of an overlay, rendered by `kubectl kustomize`."""
    from deploy.manifests import rendering

    with one_line():
        sys.stdout.write(rendering.render(overlay, tree or rendering.TREE))


def copy(folder: Annotated[Path, typer.Argument(help="Folder to make.")]) -> None:
    """Copy the manifests into a new folder, to be edited and kept under version control."""
    from deploy.manifests import rendering

    with one_line():
        rendering.copy(folder)
        names = ", ".join(rendering.overlays(folder))
    print(f"overlays in {folder}: {names}")


def secrets(
    stores_name: Annotated[
        StoresName, typer.Option("--stores", help="Who runs PostgreSQL (and Valkey).")
    ] = "external",
    urls: Annotated[
        str | None,
        typer.Option("--urls", help="File of NAME=URL lines; - reads stdin; none: environment."),
    ] = None,
    keys: Annotated[
        Path, typer.Option("--keys", help="Folder that keeps the keys and passwords made here.")
    ] = DEFAULT_KEYS,
) -> None:
    """Print every Secret that the workloads need, for `kubectl apply -f -`.

    URLs to give: DSM_DATABASE_URL, whose database is replaced by each service's;
    DSM_DATABASE_URLS__CHRONICLE, with the chronicle's own role; DSM_OWNER_URL, with the role that
    migrates; DSM_REDIS_URL. Where wanted: DSM_DATABASE_DIRECT_URL past a PgBouncer, DSM_RECALL_URL
    of a replica, DSM_DATABASE_URLS__PROJECT and others of one service.

    They come from a file, the environment or a prompt, never from the command line, which every
    process of the machine can read. Keys and passwords are made at the first call and kept: a
    second call prints the same. People's own keys are those of `dsm keys --data-dir` of the same
    folder.
    """
    from deploy.manifests import own_stores, secret_objects, stores
    from deploy.manifests.secrets import secrets as all_secrets
    from deploy.people import PeopleKeys
    from deploy.secret_files import SecretFiles

    with one_line():
        files = SecretFiles(keys)
        files.prepare()
        component = own_stores.COMPONENTS.get(stores_name)
        values = _values(urls) | (component.values(files) if component else {})
        if sys.stdin.isatty() and urls != "-":
            for name in stores.missing(values):
                values[name] = typer.prompt(name, hide_input=True, err=True)
        people = PeopleKeys(keys).document()
        workloads = all_secrets(stores.stores(values), files.key, people)
        own = component.secrets(files) if component else []
    sys.stdout.write(secret_objects.document([*workloads, *own]))
    print(
        f"the plain keys are in {keys}: admin.key, operator.key, viewer.key, and those of people"
        f" by dsm keys add NAME --data-dir {keys}; keep the folder, it belongs in no repository",
        file=sys.stderr,
    )


def _values(urls: str | None) -> dict[str, str]:
    from deploy.manifests import given_urls

    if urls is None:
        return given_urls.from_environment()
    return given_urls.from_file(urls)
