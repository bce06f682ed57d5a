"""What all submissions of a run share: data sets, bands, trainers, the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from grader.batch.settings import Settings
from grader.batch.versions import decisive_versions, version_of
from grader.datasets import DataStore
from grader.delegate import Delegate
from grader.engine import Engine, EngineConfig, local_engine
from grader.known import KNOWN
from grader.ledger import Ledger
from grader.measure import Measurer
from grader.pipeline import Grading
from grader.places import cache_home, shipped
from grader.recorded import RecordedTrainings
from grader.records import DataSet, Message, msg
from grader.reference import Bands
from grader.sandbox import find_seal
from grader.train import require_backend
from grader.workbook import Workbook


@contextlib.contextmanager
def grading_for(settings: Settings, ledger: Ledger, say: Callable[[Message], None]) -> Iterator[Grading]:
    """Yield what all submissions of a run share; trainers run until the block ends.

    Raises:
        GraderError: Nothing can be graded like this.
    """
    if settings.engine == "local":  # a cluster's trainers have an environment of their own
        require_backend(settings.backend)
    unsealed = find_seal(allow_unsealed=settings.unsealed).name == "none"
    datasets, workbook = _datasets(settings, say), settings.workbook
    config = EngineConfig(
        bounds=workbook.training,
        cache=cache_home() / "trainings",
        shared_cache=settings.shared_cache,
        datasets=tuple(datasets.values()),
        backend=settings.backend,
        device=settings.device,
        keras=version_of("keras"),
        unsealed=unsealed,
        keeps_states=not settings.train_in_kernel,
        jobs=settings.jobs,
    )
    with _engine(settings, config) as engine:
        trainings = RecordedTrainings(
            ledger=ledger, trainer=engine.trainer, limits=workbook.training, platform=engine.platform
        )
        profile = workbook.profiles[settings.profile]
        delegate = Delegate(trainer=trainings, datasets=datasets, profile=profile)
        yield Grading(
            workbook=workbook,
            tasks=settings.tasks,
            measurer=Measurer(
                trainer=trainings,
                bands=bands_of(workbook),
                datasets=datasets,
                profile=profile,
                platform=engine.platform,
            ),
            ledger=ledger,
            trainings=trainings,
            versions=decisive_versions(),
            unsealed=unsealed,
            helper=None if settings.train_in_kernel else delegate,
            warm_pool=engine.warm_pool,
            kernels_see_gpu=settings.kernel_device == "gpu",
            run_notebook=engine.run,
            slots=engine.slots,
        )


def _engine(settings: Settings, config: EngineConfig) -> AbstractContextManager[Engine]:
    if settings.engine == "local":
        return local_engine(config)
    from grader.engine.cluster import ray_engine

    return ray_engine(config, settings.address)


def bands_of(workbook: Workbook) -> Bands:
    """Return the workbook's recorded reference trainings, with the error rate its cohort asks for."""
    cohort = workbook.cohort
    return Bands(reference_folder(workbook), risk=cohort.not_passed / cohort.students)


def reference_folder(workbook: Workbook) -> Path:
    """Return where a workbook's reference notebooks and records are: beside its files, or ours."""
    own = workbook.folder / "reference"
    return own if own.is_dir() else shipped("reference")


def _datasets(settings: Settings, say: Callable[[Message], None]) -> dict[str, DataSet]:
    """Return the data set of every task of the workbook, by name; samples are drawn on first use.

    A notebook finds them all, whichever tasks are judged. Only what is judged must be there in full when that is asked.
    """
    judged = {task.dataset for task in settings.tasks}
    store, datasets = DataStore(), {}
    for name in dict.fromkeys(task.dataset for task in settings.workbook.tasks):
        wanted = "auto" if settings.data == "full" and name not in judged else settings.data
        if wanted != "full" and KNOWN[name].sample and not (store.get(name, "sample") or store.get(name, "full")):
            say(msg("Drawing the offline sample of {name}: once, up to half a minute ...", name=name))
        datasets[name] = store.choose(name, wanted)
    return datasets
