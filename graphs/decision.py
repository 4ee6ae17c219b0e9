"""Decision graph: the nodes of a run in order, then the edges.

analyse -> (rules | recall) -> adjust -> gate -> [durable point] -> act -> record

Nodes before `act` only read and may be repeated. A run that is to act is stored once, in front of
`act`. It is resumed at once, by a person's approval, or by recovery after a crash. A dry run ends
there.
"""

from collections.abc import Callable
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.graph import Graph as Drawing
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.deps import Deps
from graphs.nodes.act import act
from graphs.nodes.adjust import adjust
from graphs.nodes.analyse import analyse
from graphs.nodes.gate import gate
from graphs.nodes.recall import recall, recall_failed
from graphs.nodes.record import record
from graphs.nodes.rules import rules
from graphs.nodes.timing import Node
from graphs.schema import Answer, Ask, Context
from graphs.state import State
from graphs.thresholds import RECALL_NODE_SECONDS

NAME = "decision"
_HANDLER = "__error_handler__"


class Graph(CompiledStateGraph[State, Deps, State, State]):
    """Decision graph; channels of `State` go in and out, and there are forms for a part of them."""

    def get_graph(
        self, config: RunnableConfig | None = None, *, xray: int | bool = False
    ) -> Drawing:
        """Draw the graph without the node that LangGraph adds for the failure of another."""
        drawing = super().get_graph(config, xray=xray)
        # Nothing leads to it or from it in the picture, so that a reader would wonder.
        for name in [name for name in drawing.nodes if name.startswith(_HANDLER)]:
            del drawing.nodes[name]
        return drawing

    async def aget_graph(
        self, config: RunnableConfig | None = None, *, xray: int | bool = False
    ) -> Drawing:
        """Draw the graph, as above."""
        return self.get_graph(config, xray=xray)


def _as_it_is(node: Node) -> Node:
    return node


def build(
    checkpointer: BaseCheckpointSaver[str] | None = None,
    *,
    patience: float = 1,
    bind: Callable[[Node], Node] = _as_it_is,
) -> Graph:
    """Build the graph; without a checkpointer it runs without a stop.

    `patience` is the factor on the time limit of the recall node. `bind` wraps each node.
    """
    graph = StateGraph(
        State,
        # Nodes get `Deps`; a schema is of what a person can write.
        context_schema=cast("type[Deps]", Context),
        input_schema=cast("type[State]", Ask),
        output_schema=cast("type[State]", Answer),
    )
    graph.add_node("analyse", bind(analyse))
    graph.add_node("rules", bind(rules))
    graph.add_node(
        "recall",
        bind(recall),
        timeout=RECALL_NODE_SECONDS * patience,
        error_handler=recall_failed,  # pyright: ignore[reportArgumentType] - `error` is injected
    )
    graph.add_node("adjust", bind(adjust))
    graph.add_node("gate", bind(gate))
    graph.add_node("act", bind(act))
    graph.add_node("record", bind(record))

    graph.add_edge(START, "analyse")
    # Single edges, not one join: a join never fires for a node whose error handler answered. Both
    # nodes end in the same superstep, so `adjust` runs once
    # (docs/adr/0017-single-edges-into-adjust.md).
    for evidence in ("rules", "recall"):
        graph.add_edge("analyse", evidence)
        graph.add_edge(evidence, "adjust")
    graph.add_edge("adjust", "gate")
    graph.add_edge("gate", "act")
    graph.add_edge("act", "record")
    graph.add_edge("record", END)
    compiled = graph.compile(
        name=NAME, checkpointer=checkpointer, interrupt_before=["act"] if checkpointer else None
    )
    parts: dict[str, Any] = vars(compiled)
    return Graph(**{name: part for name, part in parts.items() if name != "__orig_class__"})
