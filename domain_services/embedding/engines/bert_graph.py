"""A BERT sentence encoder as an ONNX graph over the weights of a safetensors file.

The graph is a few kilobytes: its weights are references into the file, which the runtime maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from domain_services.embedding.engines.weights import Tensor

# The first with Gelu.
OPSET = 20
_LEAST_FLOAT = float(np.finfo(np.float32).min)


@dataclass(frozen=True)
class BertShape:
    """Numbers of a BERT's config.json that its graph depends on."""

    layers: int
    """Transformer layers."""
    hidden: int
    """Numbers in the vector of a token."""
    heads: int
    """Attention heads a layer; they share `hidden` evenly."""
    epsilon: float
    """Addend to the variance in normalisations, against division by zero."""


class _Graph:
    """Builder of a graph's nodes and initializers; every method returns the name of its result."""

    def __init__(self, weights: dict[str, Tensor], file_name: str) -> None:
        self._weights = weights
        self._file_name = file_name
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}

    def add(self, operator: str, *inputs: str, **attributes: int | float | list[int]) -> str:
        """Add a node."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [name])
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        self.nodes.append(node)
        return name

    def weight(self, name: str) -> str:
        """Refer to a tensor of the file."""
        tensor = self._weights[name]
        reference = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=tensor.shape)
        reference.data_location = TensorProto.EXTERNAL
        for key, value in (
            ("location", self._file_name),
            ("offset", str(tensor.offset)),
            ("length", str(tensor.length)),
        ):
            reference.external_data.add(key=key, value=value)
        self.initializers[name] = reference
        return name

    def constant(self, name: str, value: float | Sequence[int]) -> str:
        """Add a float32 scalar, or a vector of int64."""
        kind = np.float32 if isinstance(value, float) else np.int64
        self.initializers[name] = numpy_helper.from_array(np.asarray(value, kind), name)
        return name

    def linear(self, rows: str, name: str) -> str:
        """Multiply `rows` [n, in] by the layer `name` [out, in], and add its bias."""
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("Gemm", rows, weight, bias, transB=1)

    def normalise(self, rows: str, name: str, epsilon: float) -> str:
        """Normalise each row to mean 0 and variance 1, then scale and shift it."""
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", rows, weight, bias, axis=-1, epsilon=epsilon)


def build_graph(shape: BertShape, weights: dict[str, Tensor], file_name: str) -> ModelProto:
    """Build the graph from token ids to sentence vectors: mean over the mask, then L2 norm 1.

    Inputs `input_ids` and `attention_mask`: int64[batch, tokens]. Output `embedding`:
    float32[batch, hidden]. `file_name` is the safetensors file, relative to the folder in the
    runtime's session options.
    Source: Devlin et al. 2018 (BERT), Reimers & Gurevych 2019 (mean pooling).
    """
    graph = _Graph(weights, file_name)
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    rows = _embed_tokens(graph, shape)
    heads = _head_shape(graph, shape)
    bias = _attention_bias(graph, mask)
    for layer in range(shape.layers):
        rows = _encode(graph, shape, f"encoder.layer.{layer}", rows, heads, bias)
    _pool(graph, shape, rows, mask)
    description = helper.make_graph(
        graph.nodes,
        "sentence_encoder",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", shape.hidden])],
        list(graph.initializers.values()),
    )
    return helper.make_model(
        description, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10
    )


def _embed_tokens(graph: _Graph, shape: BertShape) -> str:
    """Sum and normalise word, position and token type 0, as rows [batch * tokens, hidden]."""
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    zero, one = graph.constant("zero", [0]), graph.constant("one", [1])
    tokens = graph.add("Shape", "input_ids", start=1)
    table = graph.weight("embeddings.position_embeddings.weight")
    positions = graph.add("Slice", table, zero, tokens, zero)
    table = graph.weight("embeddings.token_type_embeddings.weight")
    token_type = graph.add("Slice", table, zero, one, zero)
    summed = graph.add("Add", graph.add("Add", words, token_type), positions)
    rows = graph.add("Reshape", summed, graph.constant("row_shape", [-1, shape.hidden]))
    return graph.normalise(rows, "embeddings.LayerNorm", shape.epsilon)


def _head_shape(graph: _Graph, shape: BertShape) -> str:
    """Compute the shape [batch, tokens, heads, hidden / heads]."""
    per_head = graph.constant("per_head", [shape.heads, shape.hidden // shape.heads])
    return graph.add("Concat", graph.add("Shape", "input_ids"), per_head, axis=0)


def _attention_bias(graph: _Graph, mask: str) -> str:
    """Make a bias of 0 on tokens and the least float on padding: [batch, 1, 1, tokens]."""
    padding = graph.add("Sub", graph.constant("present", 1.0), mask)
    bias = graph.add("Mul", padding, graph.constant("least_float", _LEAST_FLOAT))
    return graph.add("Unsqueeze", bias, graph.constant("head_axes", [1, 2]))


def _encode(graph: _Graph, shape: BertShape, name: str, rows: str, heads: str, bias: str) -> str:
    """Apply one transformer layer to rows [batch * tokens, hidden]."""
    attended = _attend(graph, shape, f"{name}.attention.self", rows, heads, bias)
    attended = graph.linear(attended, f"{name}.attention.output.dense")
    rows = graph.add("Add", attended, rows)
    rows = graph.normalise(rows, f"{name}.attention.output.LayerNorm", shape.epsilon)
    inner = graph.add("Gelu", graph.linear(rows, f"{name}.intermediate.dense"))
    outer = graph.add("Add", graph.linear(inner, f"{name}.output.dense"), rows)
    return graph.normalise(outer, f"{name}.output.LayerNorm", shape.epsilon)


def _attend(graph: _Graph, shape: BertShape, name: str, rows: str, heads: str, bias: str) -> str:
    def project(part: str, order: list[int]) -> str:
        split = graph.add("Reshape", graph.linear(rows, f"{name}.{part}"), heads)
        return graph.add("Transpose", split, perm=order)

    query, value = project("query", [0, 2, 1, 3]), project("value", [0, 2, 1, 3])
    key = project("key", [0, 2, 3, 1])
    scale = graph.constant("scale", (shape.hidden / shape.heads) ** -0.5)
    scores = graph.add("Mul", graph.add("MatMul", query, key), scale)
    shares = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    return graph.add("Reshape", mixed, "row_shape")


def _pool(graph: _Graph, shape: BertShape, rows: str, mask: str) -> None:
    """Average each text's tokens, and divide by the norm."""
    # Every mask has a token, the start of the text: the count below is never 0.
    hidden = graph.constant("hidden", [shape.hidden])
    by_text = graph.add("Concat", graph.add("Shape", "input_ids"), hidden, axis=0)
    tokens = graph.add("Reshape", rows, by_text)
    weights = graph.add("Unsqueeze", mask, graph.constant("last", [-1]))
    total = graph.add("ReduceSum", graph.add("Mul", tokens, weights), "one", keepdims=0)
    count = graph.add("ReduceSum", mask, "one", keepdims=1)
    mean = graph.add("Div", total, count)
    norm = graph.add("ReduceL2", mean, "one", keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, norm], ["embedding"]))
