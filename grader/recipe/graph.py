"""A model's ``get_config()`` -> canonical nodes: no names, no seeds, nested models opened, only what feeds the output.

Sequential and functional spellings of one network give the same nodes. The config is a claim from the kernel, so every
step is bounded, and nothing here follows its depth by recursion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.recipe.refusal import NotRebuildable
from grader.recipe.table import LAYERS, MERGING, WEIGHTLESS
from grader.recipe.values import is_keras_own, settings
from grader.recipe.wires import MOST_NODES, Key, calls_of, connected, malformed, single, sources_of, too_many
from grader.records import msg

_MOST_LAYERS = 5_000
_DEEPEST_NESTING = 8
_MODEL_MODULES = ("keras", "keras.models", "keras.src.models.functional", "keras.src.models.sequential")

Shape = tuple[int, ...]


@dataclass
class _Graph:
    """Nodes as they are found, in an order in which inputs come first; node 0 is the input."""

    nodes: list[tuple[str, dict[str, Any], tuple[int, ...]]] = field(
        default_factory=lambda: [("InputLayer", {}, ())],
    )
    names: list[str] = field(default_factory=lambda: [""])
    input_shape: tuple[int | None, ...] | None = None
    layers: int = 0

    def add(self, layer: Mapping[str, Any], inputs: Sequence[int], trainable: bool) -> int:
        kind, config = _layer(layer, trainable)
        if len(inputs) < 1 or (len(inputs) != 1 and kind not in MERGING):
            raise NotRebuildable(msg("the layer {layer} takes several inputs", layer=kind))
        self.nodes.append((kind, config, tuple(inputs)))
        self.names.append(str(layer["config"].get("name", "")))
        if len(self.nodes) > _MOST_LAYERS:
            raise too_many()
        return len(self.nodes) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A model in canonical form, and what its layers are called, which is no part of that."""

    nodes: tuple[Mapping[str, Any], ...]
    shape: Shape
    """Of one input row. Keras adds or drops a last axis of length one, so it may differ by that from the data's."""
    names: tuple[str, ...]
    """Of the layers of all nodes but the input."""


def network_of(config: Mapping[str, Any], api: str, sample: Shape) -> Network:
    """Turn a model's config into canonical nodes.

    Args:
        config: Raw ``get_config()`` of a Sequential or functional model, or of the functional twin of a subclassed one.
        api: ``sequential``, ``functional`` or ``subclassed``.
        sample: Shape of one row of the training data; it fills in what the model leaves open.

    Raises:
        NotRebuildable: Something in it is not on the allow-list.
    """
    graph = _Graph()
    graph.input_shape = _build_shape(config)
    output = _open(config, "Sequential" if api == "sequential" else "Functional", [0], graph, 0, trainable=True)
    shape = _fit_shape(graph.input_shape, sample)
    return _canonical(graph, output, shape)


def _open(
    config: Mapping[str, Any], kind: str, inputs: Sequence[int], graph: _Graph, depth: int, *, trainable: bool
) -> int:
    """Add a model's layers to the graph; return the node of its output."""
    if depth > _DEEPEST_NESTING:
        raise NotRebuildable(msg("models are nested more than {most} deep", most=_DEEPEST_NESTING))
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, Mapping) for layer in layers):
        raise malformed()
    graph.layers += len(layers)
    if graph.layers > _MOST_LAYERS:
        raise too_many()
    if len(inputs) != 1:
        raise NotRebuildable(msg("the model has several inputs"))
    trainable = trainable and config.get("trainable") is not False
    if kind == "Sequential":
        return _open_sequential(layers, inputs[0], graph, depth, trainable=trainable)
    return _open_functional(config, layers, inputs[0], graph, depth, trainable=trainable)


def _open_sequential(
    layers: Sequence[Mapping[str, Any]], node: int, graph: _Graph, depth: int, *, trainable: bool
) -> int:
    for layer in layers:
        if layer.get("class_name") == "InputLayer":
            _note_input(layer, graph, depth)
        else:
            node = _apply(layer, [node], graph, depth, trainable=trainable)
    return node


def _open_functional(
    config: Mapping[str, Any],
    layers: Sequence[Mapping[str, Any]],
    node: int,
    graph: _Graph,
    depth: int,
    *,
    trainable: bool,
) -> int:
    entry = single(config.get("input_layers"), msg("the model has several inputs"))
    exit_ = single(config.get("output_layers"), msg("the model has several outputs"))
    tensors: dict[Key, int] = {}
    named: dict[str, Mapping[str, Any]] = {}
    for layer in layers:
        name = layer.get("name")
        if not isinstance(name, str):
            raise malformed()
        if layer.get("class_name") != "InputLayer":
            named[name] = layer
        elif name == entry[0]:
            _note_input(layer, graph, depth)
            tensors[name, 0, 0] = node
    calls = {(name, index): call for name, layer in named.items() for index, call in calls_of(layer)}
    wanted = [here for here in connected(layers, exit_) if here in calls]
    often = Counter(name for name, _ in wanted)
    for name, index in wanted:
        layer = named[name]
        if often[name] > 1 and layer.get("class_name") not in WEIGHTLESS:
            raise NotRebuildable(msg("the layer {layer} is used more than once", layer=name))
        sources = [tensors.get(key) for key in sources_of(calls[name, index])]
        known = [source for source in sources if source is not None]
        if len(known) != len(sources):
            raise NotRebuildable(msg("the layer {layer} takes an input from outside the model", layer=name))
        tensors[name, index, 0] = _apply(layer, known, graph, depth, trainable=trainable)
    if exit_ not in tensors:
        raise malformed()
    return tensors[exit_]


def _apply(layer: Mapping[str, Any], inputs: Sequence[int], graph: _Graph, depth: int, *, trainable: bool) -> int:
    kind, config = layer.get("class_name"), layer.get("config")
    if kind in ("Sequential", "Functional") and layer.get("module") in _MODEL_MODULES and isinstance(config, Mapping):
        return _open(config, str(kind), inputs, graph, depth + 1, trainable=trainable)
    return graph.add(layer, inputs, trainable)


def _layer(layer: Mapping[str, Any], trainable: bool) -> tuple[str, dict[str, Any]]:
    """Return a layer's kind and its canonical config."""
    kind, config = layer.get("class_name"), layer.get("config")
    if not isinstance(kind, str) or not isinstance(config, Mapping):
        raise malformed()
    if not is_keras_own(layer, "keras.layers"):
        raise NotRebuildable(msg("the layer {layer} is not one of Keras's own", layer=kind))
    if kind not in LAYERS:
        raise NotRebuildable(msg("the layer {layer} is not among those we rebuild", layer=kind))
    if not _is_float32(config.get("dtype", "float32")):
        raise NotRebuildable(msg("the layer {layer} computes in another number type than float32", layer=kind))
    try:
        found = settings(config, LAYERS[kind])
    except ValueError as wrong:
        setting = str(wrong.args[0])
        raise NotRebuildable(
            msg("{setting} of the layer {layer} has a value we do not rebuild", setting=setting, layer=kind)
        ) from None
    if not trainable or config.get("trainable") is False:
        found["trainable"] = False
    return kind, found


def _is_float32(dtype: Any) -> bool:
    if isinstance(dtype, Mapping):
        config = dtype.get("config")
        return (
            dtype.get("class_name") == "DTypePolicy" and isinstance(config, Mapping) and config.get("name") == "float32"
        )
    return dtype is None or dtype == "float32"


def _note_input(layer: Mapping[str, Any], graph: _Graph, depth: int) -> None:
    config = layer.get("config")
    if depth == 0 and isinstance(config, Mapping):
        graph.input_shape = _shape(config.get("batch_shape")) or graph.input_shape


def _build_shape(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    return _shape(config.get("build_input_shape"))


def _shape(value: Any) -> tuple[int | None, ...] | None:
    """Return the shape of a row from one with a batch axis in front; None when there is none."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 6:
        return None
    axes = value[1:]
    if not all(axis is None or (isinstance(axis, int) and not isinstance(axis, bool) and axis > 0) for axis in axes):
        raise malformed()
    return tuple(axes)


def _fit_shape(declared: tuple[int | None, ...] | None, sample: Shape) -> Shape:
    """Return the input's shape: as declared, open axes taken from the data."""
    if declared is None:
        return sample
    for data in (sample, (*sample, 1), sample[:-1] if sample[-1:] == (1,) else sample):
        if len(data) == len(declared) and all(a is None or a == b for a, b in zip(declared, data, strict=True)):
            return data
    raise NotRebuildable(
        msg(
            "the model takes rows of shape {expected}, and its training data has rows of shape {found}",
            expected=str(declared),
            found=str(sample),
        )
    )


def _canonical(graph: _Graph, output: int, shape: Shape) -> Network:
    """Number the nodes that feed the output by a walk from it, so that the order of definition does not matter."""
    numbers, names = {0: 0}, []
    nodes: list[Mapping[str, Any]] = [{"kind": "InputLayer", "config": {"shape": list(shape)}, "inputs": []}]
    waiting = [output]
    while waiting:
        here = waiting[-1]
        missing = [] if here in numbers else [node for node in graph.nodes[here][2] if node not in numbers]
        if missing:
            waiting.append(missing[0])
            continue
        waiting.pop()
        if here not in numbers:
            kind, config, inputs = graph.nodes[here]
            numbers[here] = len(nodes)
            names.append(graph.names[here])
            nodes.append({"kind": kind, "config": config, "inputs": [numbers[node] for node in inputs]})
    if len(nodes) > MOST_NODES:
        raise too_many()
    if output == 0:
        raise NotRebuildable(msg("the model has no layers"))
    return Network(nodes=tuple(nodes), shape=shape, names=tuple(names))
