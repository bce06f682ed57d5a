"""Models that never came to be: which layers stood when building, compiling or using one failed."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any

from .channel import shortened
from .describe import flat_layers, input_shape_of, is_keras, layer_facts, layers_before, plain_config
from .session import Session

_MISSING_ARGUMENT = re.compile(r"(\w+)\.__init__\(\)")


def send_failure(session: Session, stage: str, error: BaseException, model: Any = None) -> None:
    """Send what stood when ``error`` was raised, the failing layer last where one is known."""
    raised = session.watching.raised
    layer, args = (raised[1], raised[2]) if raised is not None else (None, ())
    layers: list[Any] = list(flat_layers(model)) if model is not None else []
    if layer is not None:
        own = next((at for at, one in enumerate(layers) if one is layer), None)
        layers = layers[: own + 1] if own is not None else [*layers_before(symbolic(args)), layer]
    known = session.snapshot(model) if model is not None and layers else None
    session.send(
        "failure",
        stage=stage,
        error=type(error).__name__,
        message=shortened(error),
        layers=[layer_facts(one) for one in layers],
        input_shape=input_shape_of(symbolic(args)),
        model=known.number if known else None,
    )
    session.watching.raised = None
    session.reported = id(error)


def layer_failed(session: Session, error: Exception, layer: Any, args: tuple[Any, ...]) -> None:
    """Note the innermost layer call that raised; report it when no other hook is around it.

    Keras itself catches NotImplementedError from symbolic calls and carries on.
    """
    from keras import Model

    watching = session.watching
    if watching.raised is None and not isinstance(layer, Model):
        watching.raised = (error, layer, args)
    if watching.depth or watching.calls > 1:
        return
    if isinstance(error, NotImplementedError) and symbolic(args):
        watching.raised = None
        return
    send_failure(session, "build", error, layer if isinstance(layer, Model) else None)


def symbolic(args: Any) -> list[Any]:
    """Return the symbolic tensors among a layer's arguments."""
    found: list[Any] = []
    for one in args if isinstance(args, (list, tuple)) else [args]:
        if hasattr(one, "_keras_history"):
            found.append(one)
        elif isinstance(one, (list, tuple)):
            found.extend(symbolic(one))
    return found


def cell_failed(session: Session, error: BaseException, cell: int) -> None:
    """Report a constructor of Keras's that raised: ``Dense(10, activation="sofmax")``, ``Model(x, unconnected)``.

    Such a layer never exists, so it is read off the traceback: its class and the arguments it got.
    """
    if session.reported == id(error):
        return
    layers = _constructed(error)
    if layers is not None:
        names = {"error": type(error).__name__, "message": shortened(error)}
        session.send("failure", stage="build", **names, layers=layers, model=None, cell=cell)


def _constructed(error: BaseException) -> list[dict[str, Any]] | None:
    from keras import Layer, Model, layers

    for frame in _frames(error.__traceback__):
        thing = frame.f_locals.get("self")
        if frame.f_code.co_name != "__init__" or not isinstance(thing, Layer):
            continue
        if isinstance(thing, Model):
            return [layer_facts(one) for one in layers_before(symbolic([frame.f_locals.get("outputs")]))]
        return [_unborn(type(thing), frame.f_locals)]
    missing = _MISSING_ARGUMENT.search(str(error)) if isinstance(error, TypeError) else None
    kind = getattr(layers, missing[1], None) if missing else None
    return [_unborn(kind, {})] if isinstance(kind, type) else None


def _unborn(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    settings = {**given, **(given.get("kwargs") or {})}
    config = plain_config({key: value for key, value in settings.items() if key not in {"self", "kwargs", "__class__"}})
    return {"kind": kind.__name__, "config": config, "custom": not is_keras(kind)}


def _frames(trace: types.TracebackType | None) -> Iterator[types.FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next
