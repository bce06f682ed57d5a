"""How the layers of a functional model's config are wired: which call of which layer takes which tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.recipe.refusal import NotRebuildable
from grader.records import Message, msg

MOST_NODES = 1_000
"""Most layers of a recipe."""

_QUIET_ARGUMENTS: Mapping[str, Sequence[Any]] = {"mask": (None,), "training": (None, False)}
"""Arguments of calls, and values of theirs that say nothing: ``fit`` says itself when it is training. Layers such as
Dropout are written with their own default, False."""

Key = tuple[str, int, int]
"""A tensor in a config: layer name, call, output."""


def single(value: Any, otherwise: Message) -> Key:
    """Read ``input_layers`` or ``output_layers`` that name one tensor, whichever way Keras wraps it.

    Raises:
        NotRebuildable: They name several or none; ``otherwise`` says so.
    """
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise NotRebuildable(otherwise)
    return _key(value)


def _key(value: Any) -> Key:
    if (
        isinstance(value, list | tuple)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(index, int) and not isinstance(index, bool) for index in value[1:])
    ):
        return value[0], value[1], value[2]
    raise malformed()


def calls_of(layer: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the calls of a layer with their numbers; a functional model's own construction counts as its call 0."""
    calls = layer.get("inbound_nodes")
    if not isinstance(calls, list) or not all(isinstance(call, Mapping) for call in calls):
        raise malformed()
    yield from enumerate(calls, start=1 if layer.get("class_name") == "Functional" else 0)


def sources_of(call: Mapping[str, Any]) -> list[Key]:
    """Read the tensors that a call takes."""
    arguments, options = call.get("args"), call.get("kwargs")
    if not isinstance(arguments, list) or not isinstance(options, Mapping):
        raise malformed()
    if any(value not in _QUIET_ARGUMENTS.get(name, ()) for name, value in options.items()):
        raise NotRebuildable(
            msg("a layer is called with further arguments: {names}", names=", ".join(map(str, options)))
        )
    if len(arguments) == 1 and isinstance(arguments[0], list):
        arguments = arguments[0]
    if len(arguments) > MOST_NODES:
        raise too_many()
    keys = []
    for argument in arguments:
        config = argument.get("config") if isinstance(argument, Mapping) else None
        if not isinstance(config, Mapping):
            raise NotRebuildable(msg("a layer is called with a value that is not a layer's output"))
        keys.append(_key(config.get("keras_history")))
    return keys


def connected(layers: Sequence[Mapping[str, Any]], exit_: Key) -> list[tuple[str, int]]:
    """Return the calls that the output depends on, each after those that it takes tensors of.

    Calls that depend on themselves stand in some order: whoever follows them meets a tensor that is not there.
    """
    calls = {(layer.get("name"), index): call for layer in layers for index, call in calls_of(layer)}
    found: dict[tuple[str, int], bool] = {}
    waiting = [exit_[:2]]
    while waiting:
        here = waiting[-1]
        if here not in found and here in calls:
            found[here] = False
            waiting += [key[:2] for key in sources_of(calls[here]) if key[:2] not in found]
            continue
        waiting.pop()
        if found.get(here) is False:
            del found[here]  # to come after what it takes
            found[here] = True
    return list(found)


def malformed() -> NotRebuildable:
    """Make the refusal of a config that Keras did not write."""
    return NotRebuildable(msg("the description of the model that came out of the notebook is not one of Keras's"))


def too_many() -> NotRebuildable:
    """Make the refusal of a model with too many layers."""
    return NotRebuildable(msg("the model has more layers than we rebuild: at most {most}", most=MOST_NODES))
