"""Answers the kernel of one notebook: request -> recipe -> training -> history, state of the model."""

from __future__ import annotations

import contextlib
import logging
import math
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.clock import Waiting
from grader.delegate.quota import Quota
from grader.delegate.wire import MalformedRequest, facts_of, receive, send
from grader.errors import GraderError
from grader.known import description_of
from grader.measure import SEEDS
from grader.recipe import NotRebuildable, named_recipe_of
from grader.records import DataSet, FitFacts, Profile, Recipe, TrainingOutcome
from grader.train import Trainer

_LEAST_TEST_ROWS = 1_000
"""Validation over fewer test rows could tell their labels one by one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Delegate:
    """Serves every notebook of a run."""

    trainer: Trainer
    datasets: Mapping[str, DataSet]
    profile: Profile
    quota: Callable[[], Quota] = Quota
    """Makes what one notebook may have."""

    def serve(self, link: socket.socket, waiting: Waiting = contextlib.nullcontext) -> list[str]:
        """Answer one kernel until its end; return the digests of the recipes it was given trainings of.

        A request that cannot be met gets a reason, after which the kernel trains by itself; a broken link, too many
        requests and a fault of ours end the service, and the link with it. None of these is ever an exception.
        Trainings are made in ``with waiting():``.
        """
        given: dict[int, Recipe] = {}
        told: dict[int, Recipe] = {}
        quota = self.quota()
        try:
            while (request := receive(link)) is not None:
                answer, state = self._answer(request, quota, given, told, waiting)
                send(link, answer, state)
                if quota.used_up:
                    break
        except (MalformedRequest, OSError) as end:
            _log.info("a kernel's link ended: %s", end)
        except Exception:  # noqa: BLE001 - a thread of ours that falls over would leave the notebook waiting
            _log.exception("a kernel could not be answered")
        finally:
            with contextlib.suppress(OSError):  # whoever waits for an answer shall not wait for ever
                link.shutdown(socket.SHUT_RDWR)
        return list(dict.fromkeys(recipe.digest for recipe in given.values()))

    def _answer(
        self, request: bytes, quota: Quota, given: dict[int, Recipe], told: dict[int, Recipe], waiting: Waiting
    ) -> tuple[Mapping[str, Any], bytes]:
        """Return an answer, and a state with it if there is one.

        To what is ``given``, and to what the kernel was ``told`` can be trained again, is added by number of the fit.
        """
        if refused := quota.ask():
            return {"why": refused}, b""
        try:
            fit, model = facts_of(request)
            if fit.in_kernel_because:  # it was trained already, and is only asked about
                before = None if fit.follows is None else (given | told).get(fit.follows)
                told[fit.fit] = named_recipe_of(fit, model, before)[0]
                return {"why": fit.in_kernel_because, "rebuildable": True}, b""
            if fit.follows is not None and fit.follows not in given:
                return {"why": "the training before was not done by the grader"}, b""
            recipe, names = named_recipe_of(fit, model, None if fit.follows is None else given[fit.follows])
            why = self._unfit(recipe, fit) or quota.take(steps=_steps(recipe, fit))
            if why:
                return {"why": why}, b""
            dataset = self.datasets[str(recipe.data["dataset"])]
            with waiting():
                training, state = self.trainer.train_with_state(recipe, dataset, self.profile, SEEDS[0])
        except MalformedRequest as garbage:
            quota.waste()
            return {"why": str(garbage)}, b""
        except NotRebuildable as refusal:
            return {"why": str(refusal)}, b""
        except GraderError as error:
            return {"why": f"the trainer does not work here: {type(error).__name__}"}, b""
        if training.outcome != TrainingOutcome.TRAINED or training.reason is not None:
            return {"why": f"the trainer made nothing of it: {training.outcome}"}, b""
        if not quota.hand_out(len(state)) or not state:
            return {"why": "the trained weights are too large to hand over"}, b""
        answer = {
            "history": dict(training.history),
            "kinds": [node["kind"] for node in recipe.layers[1:]],
            "names": names,
        }
        given[fit.fit] = recipe
        return answer, state

    def _unfit(self, recipe: Recipe, fit: FitFacts) -> str:
        """Return in English why a recipe is not for handing over, though it can be judged by; else an empty text."""
        validation = recipe.fit["validation"]
        if not description_of(recipe.data["dataset"]).images:  # our own numbers are others
            return "the notebook draws its data itself"
        if not all(part["dataset"] in self.datasets for part in (recipe.data, validation) if part):
            return "the data set is none of this run"
        if recipe.data["split"] != "train":
            return "it trains on test rows"
        if fit.validation_x is not None and validation is None:
            return "the validation data was not recognised"
        if validation and validation["dataset"] != recipe.data["dataset"]:
            return "validation is over another data set"
        few = validation and validation["split"] != "train" and validation["rows"]["count"] < _LEAST_TEST_ROWS
        return "validation is over few test rows" if few else ""


def _steps(recipe: Recipe, fit: FitFacts) -> int:
    rows = recipe.data["rows"]["count"]
    per_epoch = recipe.fit["steps_per_epoch"] or math.ceil(rows / recipe.fit["batch_size"])
    return int(fit.asked_epochs * per_epoch)
