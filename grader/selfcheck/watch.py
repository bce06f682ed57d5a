"""Sees what the notebook does from the import on, through the grader's own probe; everything stays in memory."""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from grader.inside.facts import DataFacts
from grader.inside.probe.channel import Channel, wire
from grader.inside.probe.identity import ByIdentity
from grader.inside.probe.imports import when_imported
from grader.inside.probe.recognise import Recogniser
from grader.inside.probe.session import Session
from grader.inside.reasons import Reason
from grader.known import KNOWN
from grader.selfcheck.stored import cached_dataset, dataset_from

_MOST_EVENTS = 5_000
_KERAS = 3


class MemoryChannel(Channel):
    """Keeps events instead of writing them, as the lines they would be."""

    def __init__(self) -> None:
        super().__init__(None)
        self.lines: list[bytes] = []

    def send(self, event: str, **fields: Any) -> None:
        """Keep one event; beyond a few thousand the oldest go, so that a long session stays light."""
        self.lines.append(json.dumps({"event": event, **wire(fields)}, allow_nan=False).encode())
        del self.lines[:-_MOST_EVENTS]


class _Nothing(dict[int, Any]):
    """The probe keeps some trained models to ask them again; here it must not keep any alive."""

    def __setitem__(self, key: int, value: Any) -> None:
        """Forget it at once."""


@dataclass
class _Lazy(Recogniser):
    """Looks rows up in the data sets that this session has loaded, or that Keras has on this machine."""

    tried: set[str] = field(default_factory=set)

    def recognise(self, x: Any) -> Any:
        """Return what an array is; a data set is read when an array of its size comes along."""
        size = x[0].size if x.ndim > 1 and len(x) else 0
        fitting = [one for one in KNOWN.values() if one.images and math.prod(one.item) == size]
        for one in fitting:
            if one.name not in self.stored_datasets and one.name not in self.tried:
                self.tried.add(one.name)
                stored = cached_dataset(one)
                if stored is not None:
                    self.stored_datasets = {**self.stored_datasets, one.name: stored}
        found = super().recognise(x)
        if not fitting or any(one.name in self.stored_datasets for one in fitting):
            return found
        return replace(found, facts={**found.facts, "why": Reason.NOT_LOADED})


class ObservingSession(Session):
    """The probe's memory of this session."""

    def __init__(self) -> None:
        told = [DataFacts(**one.for_kernel()) for one in KNOWN.values()]
        super().__init__(fd=None, data=None, quick_steps=None, datasets=told)
        self.channel: MemoryChannel = MemoryChannel()
        self.kept = _Nothing()
        self.recogniser = _Lazy(self.stored_datasets, self.recogniser.drawn)
        self.told: ByIdentity[int] = ByIdentity()
        """Histories of trainings that ran unseen and were taken in afterwards."""
        self.hooked = False


_observed: ObservingSession | None = None


def observed() -> ObservingSession:
    """Return the memory of this session."""
    global _observed  # noqa: PLW0603 - one process, one memory
    if _observed is None:
        _observed = ObservingSession()
    return _observed


def begin() -> ObservingSession:
    """Begin to see: at once when Keras is there, else as soon as it is imported. Called again it does nothing."""
    session = observed()
    if not session.hooked:
        session.hooked = True
        when_imported("keras", lambda: _hook(session))
    return session


def _hook(session: ObservingSession) -> None:
    with session.quietly():
        import keras

        if int(keras.__version__.partition(".")[0]) < _KERAS:
            return
        from grader.inside.probe.hooks import install_hooks

        install_hooks(session)
        for one in KNOWN.values():
            module = getattr(keras.datasets, one.name, None)
            if one.images and module is not None:
                _remember_data(session, one.name, module)


def _remember_data(session: ObservingSession, name: str, module: Any) -> None:
    from grader.inside.probe.hooks import replace_function

    original = module.load_data

    @functools.wraps(original)
    def load_data(*args: Any, **kwargs: Any) -> Any:
        loaded = original(*args, **kwargs)
        with session.quietly():
            session.recogniser.stored_datasets = {
                **session.recogniser.stored_datasets,
                name: dataset_from(name, loaded),
            }
        return loaded

    replace_function(original, load_data)
    module.load_data = load_data


def live_models() -> Iterator[Any]:
    """Yield every model of this session that is not part of another, oldest first."""
    if "keras" not in sys.modules:
        return
    import gc

    import keras

    found = [one for one in gc.get_objects() if issubclass(type(one), keras.Model)]
    inner = {id(part) for one in found for part in _parts(one)}
    yield from (one for one in found if id(one) not in inner)


def _parts(model: Any) -> Iterator[Any]:
    """Yield what Keras lists inside a model, and the functional model that a Sequential keeps of itself."""
    try:
        yield from model.layers
    except Exception:  # noqa: BLE001 - a student's own class may raise anything
        return
    functional = getattr(model, "_functional", None)
    if functional is not None:
        yield functional
