"""Entry of the process of one import.

It imports the work itself only there, so that the orchestrator loads none of it.
"""

import os
import threading
from multiprocessing.connection import Connection


def serve(job: str, lines: "Connection[bytes, bytes]", alive: "Connection[bytes, bytes]") -> None:
    """Work on a job, given as JSON; its events are sent as lines."""
    from importlib import import_module

    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    # By its name: its calls belong to the caller's key, not to that of the orchestrator.
    import_module("agent.imports.process").main(job, lines.send_bytes)
    lines.close()


def _end_with_parent(alive: "Connection[bytes, bytes]") -> None:
    """End this process when its parent has gone: nobody would read its answer."""
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
