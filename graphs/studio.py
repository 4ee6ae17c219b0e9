"""Decision graph for LangGraph's development server: every run is a look.

A node gets its dependencies when it runs, so that the graph can be drawn without any. A look makes
no call and stores nothing.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from langgraph.runtime import Runtime
from pydantic import TypeAdapter, ValidationError

from domain_services.kernel.errors import Problem
from graphs.decision import Graph, build
from graphs.deps import Deps
from graphs.nodes.timing import Node
from graphs.report import build_response
from graphs.rules.base import RequestOptions
from graphs.schema import Ask, Context
from graphs.state import Mode, Order, State
from tools.cron_dialect import parse_schedule

# Opens the dependencies of a look at a project; the second is the project's own mode.
OpenDeps = Callable[[str], Awaitable[tuple[Deps, Mode]]]
_ASKED = ("project_id", "options")
_ASK = TypeAdapter(Ask)
_CONTEXT = TypeAdapter(Context)


class LookFailed(RuntimeError):
    """Failure of a look in words; the server shows the text of no error that it does not know."""


def build_look(open_deps: OpenDeps) -> Graph:
    """Build the graph whose nodes get what `open_deps` opens."""

    def bind(node: Node) -> Node:
        # LangGraph tells by the name which node it is.
        act_on_nothing = _answer if node.__name__ == "record" else node

        @functools.wraps(node)
        async def look(state: State, runtime: Runtime[Deps]) -> State:
            # The server hands over what a person wrote, as JSON.
            values: dict[str, Any] = {**state}
            try:
                ask, context = read_question(values, runtime.context)
                deps, mode = await open_deps(ask["project_id"])
                order = order_of(ask, context, mode)
                question = {**values, "order": order, "run_id": str(deps.run.run_id)}
                return await act_on_nothing(cast(State, question), runtime.override(context=deps))
            except Problem as problem:
                raise LookFailed(problem.detail) from problem
            except ValidationError as error:
                raise LookFailed(_in_words(error)) from error

        return look

    return build(bind=bind)


def read_question(values: Mapping[str, Any], context: object) -> tuple[Ask, Context]:
    """Check what a person asks and sets. Raises: `ValidationError`, `Invalid` for a schedule."""
    ask = _ASK.validate_python({name: values[name] for name in _ASKED if name in values})
    schedule = ask.get("options", {}).get("schedule")
    if schedule is not None:
        parse_schedule(schedule)
    return ask, _CONTEXT.validate_python(context or {})


def _in_words(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


def order_of(ask: Ask, context: Context, mode: Mode) -> Order:
    """Return the order of a look: the project's mode with what a person set beside it."""
    own: dict[str, Any] = dict(context)
    if "decision_mode" in own:
        own["name"] = own.pop("decision_mode")
    return Order(
        options=RequestOptions(**ask.get("options", {})), mode=replace(mode, **own), dry_run=True
    )


async def _answer(state: State, runtime: Runtime[Deps]) -> State:
    """Answer in place of `record`, which would store the run."""
    response = build_response(state).model_copy(
        update={"run_id": None, "run_url": None, "recorded": False}
    )
    return State(response=response)
