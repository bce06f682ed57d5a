"""Put the probe's watches around Keras's own methods.

Methods are replaced in place, on the class that defines them, so every import path, subclass and alias is covered, and
Keras's own comparisons of methods (``compile_from_config``) still hold.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import weakref
from collections.abc import Callable
from typing import Any

from ..pipelines import end_at_once  # noqa: TID252 - the kernel imports this folder under another name
from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .calls import Compile, Evaluate, Fit, Predict, WatchedCall
from .failures import layer_failed, send_failure
from .session import Session

Method = Callable[..., Any]


def install_hooks(session: Session) -> None:
    """Hook Keras, which has just been imported."""
    import keras

    model = keras.Model
    for name, watch in (("compile", Compile), ("fit", Fit), ("evaluate", Evaluate), ("predict", Predict)):
        replace_method(model, name, functools.partial(_watched, session, watch))
    replace_method(keras.Sequential, "add", functools.partial(_building, session))
    replace_method(keras.Layer, "__call__", functools.partial(_layer_call, session))
    replace_method(model, "load_weights", functools.partial(_touching, session, Reason.WEIGHTS_LOADED))
    replace_method(keras.Layer, "set_weights", functools.partial(_touching, session, Reason.WEIGHTS_SET))
    replace_method(model, "train_on_batch", functools.partial(_touching, session, Reason.TRAINED_ON_BATCHES))
    replace_method(keras.optimizers.Optimizer, "apply", functools.partial(_applying, session))
    _hook_loading(session)
    if session.budget is not None:
        with contextlib.suppress(Exception):  # other versions of Keras may keep their adapters elsewhere
            end_at_once()


def replace_method(cls: type, name: str, wrap: Callable[[Method], Method]) -> None:
    """Replace a method on the class in ``cls``'s ancestry that defines it."""
    owner = next(one for one in cls.__mro__ if name in one.__dict__)
    original = owner.__dict__[name]
    wrapper = functools.wraps(original)(wrap(original))
    wrapper.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]  # Keras reads it unwrapped
    setattr(owner, name, wrapper)


def replace_function(original: Method, wrapper: Method) -> None:
    """Replace a function of Keras's under every name by which its modules have imported it."""
    functools.update_wrapper(wrapper, original)
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] == "keras":
            for name, value in list(vars(module).items()):
                if value is original:
                    setattr(module, name, wrapper)


def _watched(session: Session, kind: type[WatchedCall], original: Method) -> Method:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        watching = session.watching
        if watching.muted or watching.depth:
            return original(self, *args, **kwargs)
        watch = None
        with session.quietly(kind.stage):
            watching.raised = None
            attempt = kind(session, self, original, args, kwargs)
            if attempt.readable:
                attempt.begin()
                watch = attempt
        if watch is not None:
            args, kwargs = watch.args, watch.kwargs
        watching.depth += 1
        try:
            stand_in = watch.instead() if watch is not None else None
            if stand_in is not None:
                result = stand_in()
            else:
                result = _call_without_data_warning(session, original, (self, *args), kwargs)
        except BaseException as error:
            with session.quietly(kind.stage):
                if watch is not None:
                    watch.failed(error)
                elif isinstance(error, Exception):
                    send_failure(session, kind.stage, error, self)
            raise
        finally:
            watching.depth -= 1
        with session.quietly(kind.stage):
            if watch is not None:
                watch.done(result)
        return result

    return method


def _call_without_data_warning(
    session: Session, original: Method, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call Keras; under a budget without its advice about data that ran out, which the cut itself brings about."""
    __tracebackhide__ = True
    if session.budget is None:
        return original(*args, **kwargs)
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        return original(*args, **kwargs)


def _building(session: Session, original: Method) -> Method:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        watching = session.watching
        if watching.muted or watching.depth:
            return original(self, *args, **kwargs)
        watching.depth += 1
        watching.raised = None
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            with session.quietly():
                send_failure(session, "build", error, self)
            raise
        finally:
            watching.depth -= 1
            watching.raised = None

    return method


def _layer_call(session: Session, original: Method) -> Method:
    import keras

    watching, model = session.watching, keras.Model

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not watching.calls and not watching.depth and not watching.muted and isinstance(self, model):
            watching.called = weakref.ref(self)
        watching.calls += 1
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            if not watching.muted:
                with session.quietly():
                    layer_failed(session, error, self, args)
            raise
        finally:
            watching.calls -= 1

    return method


def _applying(session: Session, original: Method) -> Method:
    """Say once a cell that weights were changed outside ``fit``, and of which model: a loop of the student's own."""
    said: set[tuple[int, int]] = set()

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not session.watching.depth and not session.watching.muted:
            with session.quietly():
                called = session.watching.called
                model = called() if called is not None else None
                loop = (session.cell(), id(model))
                if loop not in said:
                    said.add(loop)
                    session.note("custom-training")
                    if model is not None:
                        session.snapshot(model)
        return original(self, *args, **kwargs)

    return method


def _touching(session: Session, why: str, original: Method) -> Method:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        result = original(self, *args, **kwargs)
        if not session.watching.muted:
            with session.quietly():
                session.touch(self, why)
        return result

    return method


def _hook_loading(session: Session) -> None:
    """Models that come from a file are not fresh."""
    import keras

    original = keras.saving.load_model

    def load_model(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        model = original(*args, **kwargs)
        with session.quietly():
            session.touch(model, Reason.FROM_FILE)
            session.known(model).not_fresh = Reason.FROM_FILE
        return model

    replace_function(original, load_model)
