"""Decision graph: the nodes of a run in order, then the edges.

analyse -> (rules | recall) -> adjust -> gate -> [durable point] -> act -> record

Nodes before `act` only read and may be repeated. The run is stored once, in front of `act`. It is
resumed at once, or by recovery after a crash, or never, as a dry run.
"""

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
from graphs.state import State
from graphs.thresholds import RECALL_NODE_SECONDS

Graph = CompiledStateGraph[State, Deps, State, State]


def build(checkpointer: BaseCheckpointSaver[str] | None = None, *, patience: float = 1) -> Graph:
    """Build the graph; without a checkpointer it runs without a stop.

    `patience` is the factor on the time limit of the recall node.
    """
    graph = StateGraph(State, context_schema=Deps)
    graph.add_node("analyse", analyse)
    graph.add_node("rules", rules)
    graph.add_node(
        "recall",
        recall,
        timeout=RECALL_NODE_SECONDS * patience,
        error_handler=recall_failed,  # pyright: ignore[reportArgumentType] - `error` is injected
    )
    graph.add_node("adjust", adjust)
    graph.add_node("gate", gate)
    graph.add_node("act", act)
    graph.add_node("record", record)

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
    return graph.compile(
        checkpointer=checkpointer, interrupt_before=["act"] if checkpointer else None
    )
