"""`python notebooks/execute.py [--out DIR] [NAME ...]`: execute notebooks, each in a new process.

They are made of the plain files here, read the stack that `open_stack` finds, and are written with
their outputs, without what differs from machine to machine.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

from agent.analysis.open_stack import CannotShow, open_stack

HERE = Path(__file__).resolve().parent
SECONDS = 300  # of one cell
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def main() -> int:
    """Execute and write. 0: done; 1: not possible, and stderr says why."""
    options = _parser().parse_args()
    pages = [page for page in sorted(HERE.glob("[0-9]*.py")) if page.stem in options.names]
    try:
        # One for all of them: each would start and stop its own.
        stack = open_stack()
        try:
            for page in pages:
                print(page.stem, flush=True)
                _write(execute(page), options.out / f"{page.stem}.ipynb")
        finally:
            stack.close()
    except (CannotShow, CellExecutionError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def execute(page: Path) -> NotebookNode:
    """Return the notebook of a plain file with the outputs of a run."""
    notebook = jupytext.read(page)
    notebook.metadata["kernelspec"] = KERNEL
    # Sockets in a folder of this account: on TCP every account of the machine could listen.
    with tempfile.TemporaryDirectory(prefix="dsm-") as folder:
        ipc = {"transport": "ipc", "ip": f"{folder}/kernel"}
        NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(HERE)}},
            config=Config({"KernelManager": ipc}),
        ).execute()
    return notebook


def _write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook.metadata = NotebookNode(kernelspec=KERNEL)
    for number, cell in enumerate(notebook.cells):
        # Random names and times of the run would change with every run.
        cell.id = f"cell-{number}"
        cell.metadata.pop("execution", None)
    jupytext.write(notebook, path, fmt="ipynb")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    every = sorted(page.stem for page in HERE.glob("[0-9]*.py"))
    parser.add_argument("names", nargs="*", default=every, help="notebooks; default: all")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
