"""What the probe remembers of one kernel: numbers of models and fits, what changed since, and who is being watched."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..facts import DataFacts  # noqa: TID252 - the kernel imports this folder under another name
from ..reasons import Reason  # noqa: TID252 - the kernel imports this folder under another name
from .channel import Channel, shortened, wire
from .delegate import Link
from .describe import flat_layers, model_facts
from .following import ModelDigest
from .identity import ByIdentity
from .recognise import Recogniser
from .stored import stored_datasets


@dataclass
class KnownModel:
    """What is known of one model object."""

    number: int
    snapshot: int = -1
    signature: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    """The latest event ``model``."""
    metrics: list[str] = field(default_factory=list)
    figures: list[str] | None = None
    """Which accuracies it was compiled to measure, None where it measures anything else; see ``delegate``."""
    last_fit: int | None = None
    left: ModelDigest | None = None
    """What its latest fit left in it."""
    not_fresh: str = ""
    row: tuple[int, ...] | None = None
    """Shape of one row of what it was trained on last."""
    preprocessing: dict[str, Any] | None = None
    """``records.ArrayFacts`` of the latest recognised inputs."""


class ThreadState(threading.local):
    """Where a thread stands among the hooks."""

    depth: int = 0
    """Calls of fit, evaluate, ... inside each other; only the outermost is reported."""
    calls: int = 0
    """Layer calls inside each other."""
    muted: bool = False
    """The probe itself is at work."""
    called: weakref.ref[Any] | None = None
    """The model that was called last, outside of Keras's own methods."""
    raised: tuple[BaseException, Any, tuple[Any, ...]] | None = None
    """The innermost layer call that failed: the exception, the layer, its arguments."""


class Session:
    """The probe's memory, and its way out."""

    def __init__(
        self,
        *,
        fd: int | None,
        data: Path | None,
        quick_steps: int | None,
        link_fd: int | None = None,
        datasets: Sequence[DataFacts] = (),
    ) -> None:
        self.channel = Channel(fd)
        self.link = Link(link_fd)
        self.stored_datasets: dict[str, Any] = {}
        self.recogniser = Recogniser(self.stored_datasets, [one for one in datasets if one.drawn])
        self.budget = quick_steps
        self.watching = ThreadState()
        self.models: ByIdentity[KnownModel] = ByIdentity()
        self.touched: ByIdentity[str] = ByIdentity()
        """Layers whose weights are not as initialised, and why."""
        self.kept: dict[int, Any] = {}
        """Trained models nobody else can rebuild, by number: asked for predictions at the end."""
        self.fits = 0
        self.reported = 0
        """Identity of the exception reported last: the end of the cell must not report it again."""
        self._models = 0
        self._snapshots = 0
        with self.quietly():
            self.stored_datasets.update(stored_datasets(data, datasets))

    def cell(self) -> int:
        """Return the execution count of the running cell, 0 without IPython."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        # The shell's own counter is raised before the cell in some releases and after it in others.
        running = getattr(getattr(shell, "displayhook", None), "exec_result", None)
        count = getattr(running, "execution_count", None) or getattr(shell, "execution_count", 0)
        return int(count or 0)

    def send(self, event: str, **fields: Any) -> None:
        """Send an event with the cell's number."""
        self.channel.send(event, **{"cell": self.cell(), **fields})

    def note(self, what: str, detail: str = "") -> None:
        """Send a note."""
        with self.quietly():
            self.send("note", what=what, detail=shortened(detail))

    @contextlib.contextmanager
    def quietly(self, losing: str = "") -> Iterator[None]:
        """Do the probe's own work: the hooks sleep, and a fault is a note, never the notebook's trouble.

        ``losing`` is the event that is not written when this fails; whoever judges must know that it is missing.
        """
        before, self.watching.muted = self.watching.muted, True
        try:
            yield
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            with contextlib.suppress(Exception):
                if losing:
                    self.send("note", what="lost-event", detail=shortened(f"{losing}: {text}"))
                else:
                    self.send("note", what="probe-fault", detail=shortened(text))
        finally:
            self.watching.muted = before

    def known(self, model: Any) -> KnownModel:
        """Return what is known of a model, giving it a number when it is new."""
        known = self.models.get(model)
        if known is None:
            known = KnownModel(number=self._models)
            self._models += 1
            self.models.set(model, known)
        return known

    def snapshot(self, model: Any) -> KnownModel:
        """Send what a model looks like if that changed since the last time."""
        known = self.known(model)
        facts = wire(model_facts(model, known.row))
        signature = repr(facts)
        if signature != known.signature:
            known.signature, known.snapshot = signature, self._snapshots
            self._snapshots += 1
            known.event = {"snapshot": known.snapshot, "model": known.number, **facts}
            self.send("model", **known.event)
        return known

    def touch(self, model: Any, why: str) -> None:
        """Remember that a model's or a layer's weights are no longer as initialised."""
        known = self.models.get(model)
        if known is not None:
            known.not_fresh = why
        for layer in [model, *flat_layers(model)]:
            if getattr(layer, "weights", None):
                self.touched.set(layer, why)

    def not_fresh_because(self, model: Any) -> str:
        """Return why a model's weights are not as initialised, or an empty text."""
        known = self.known(model)
        reasons = (self.touched.get(layer) for layer in [model, *flat_layers(model)])
        why = known.not_fresh or next((reason for reason in reasons if reason), "")
        return why or (Reason.OPTIMIZER_HAS_RUN if iterations(model) else "")


def iterations(model: Any) -> int | None:
    """Return how many steps a model's optimizer has taken, None when it has none."""
    optimizer = getattr(model, "optimizer", None)
    try:
        return int(optimizer.iterations.numpy()) if optimizer is not None else None
    except Exception:
        return None
