"""Train what is to be recorded with many seeds, and write down every training as it comes."""

from __future__ import annotations

import itertools
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from grader.calibrate.clock import Clock
from grader.calibrate.plan import PlannedRecord, RecordingRequest, planned_records
from grader.calibrate.progress import RecordingProgress, TrainingProgress, TrainingsUnderWay
from grader.errors import MachineError, WorkbookError
from grader.places import cache_home
from grader.records import Message, Platform, Profile, Training, joined, msg
from grader.reference import (
    ReferenceRecord,
    add_training,
    load_record,
    record_path,
    refused,
    unlike,
)
from grader.train import TrainerPool, hardware_of, require_backend, side_by_side

_EVERY_SECONDS = 60.0
"""How often a long training says how far it is."""


def calibrate(
    request: RecordingRequest,
    *,
    say: Callable[[Message], None],
    tell: Callable[[RecordingProgress | TrainingProgress], None],
) -> None:
    """Bring every record that is asked for to its number of trainings.

    Seeds count from 1; a student's model is trained with others, so that no training is held against itself. Each
    training is on disk before the next one is reported: called again, the recording goes on. On a GPU several seeds
    are trained side by side.

    Args:
        request: What to record.
        say: Is told in words what happens.
        tell: Is told of every training that is recorded, and every minute how far one is.

    Raises:
        GraderError: What is asked for does not exist or cannot be trained here, or a record was made of another
            recipe, other data or another Keras.
    """
    require_backend(request.backend)
    items = planned_records(request, say)
    trained_on = {item.dataset.folder: item.dataset for item in items}.values()
    hardware = hardware_of(request.device, request.backend)
    at_once, going = side_by_side(hardware), TrainingsUnderWay()
    with TrainerPool(
        bounds=request.workbook.training,
        cache=cache_home() / "trainings",
        workers=at_once,
        datasets=trained_on,
        unsealed=request.unsealed,
        hardware=hardware,
        on_epoch=going.note,
    ) as pool:
        platforms = {item.dataset.name: pool.platform_for(item.dataset) for item in items}
        paths = {
            record_path(item.folder, item.name, item.source, request.profile, platforms[item.dataset.name]): item
            for item in items
        }
        records = _known(paths, request.profile, platforms, restart=request.restart)
        _record_all(request, paths, records, pool, at_once, going, tell)
    for path, record in records.items():
        if record is not None and _missing(record, request.seeds) == []:
            say(msg("{record}: {count} trainings are on record", record=path.stem, count=len(record.trainings)))


def _known(
    paths: Mapping[Path, PlannedRecord], profile: Profile, platforms: Mapping[str, Platform], *, restart: bool
) -> dict[Path, ReferenceRecord | None]:
    """Return what is on record already; with ``restart``, without what was made of something else.

    Raises:
        WorkbookError: Some of it was made of something else. Nothing is trained then, and nothing overwritten.
        MachineError: Records cannot be written.
    """
    known: dict[Path, ReferenceRecord | None] = {}
    changes = []
    for folder in {path.parent for path in paths}:
        _require_writable(folder)
    for path, item in paths.items():
        record = load_record(path) if path.is_file() else None
        what = record and unlike(
            record,
            digest=item.recipe.digest,
            fingerprint=item.source.fingerprint,
            steps=profile.steps,
            keras=platforms[item.dataset.name].keras,
        )
        if what and not restart:
            changes.append(joined([str(path), what], ": "))
        known[path] = None if what else record
    if changes:
        raise refused(changes)
    return known


def _require_writable(folder: Path) -> None:
    """See that a folder takes files, before hours are spent on what goes there.

    Raises:
        MachineError: It does not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = msg(
            "{folder}: records cannot be written there ({why}). Copy the workbook's folder, with reference/ in it, to "
            "a place of yours and name it with --workbook",
            folder=str(folder),
            why=error.strerror or type(error).__name__,
        )
        raise MachineError(text) from error


def _missing(record: ReferenceRecord | None, seeds: int) -> list[int]:
    return [seed for seed in range(1, seeds + 1) if record is None or seed not in record.seeds]


def _record_all(
    request: RecordingRequest,
    paths: Mapping[Path, PlannedRecord],
    records: dict[Path, ReferenceRecord | None],
    pool: TrainerPool,
    at_once: int,
    going: TrainingsUnderWay,
    tell: Callable[[RecordingProgress | TrainingProgress], None],
) -> None:
    clock = Clock(
        {path.stem: len(_missing(records[path], request.seeds)) for path in paths},
        {path.stem: [one.seconds for one in record.trainings] for path, record in records.items() if record},
        at_once,
    )
    for path, item in paths.items():
        seeds, name = _missing(records[path], request.seeds), path.stem
        for training in _trainings(pool, item, request.profile, seeds, at_once, going):
            if training is None:
                if (epoch := going.first) is not None:
                    left = clock.left({name: going.shares})
                    tell(TrainingProgress(record=name, epoch=epoch, left=left))
                continue
            record = add_training(path, _new(item, training, request.profile), anew=request.restart)
            clock.done(name, training.seconds)
            left, have = clock.left({name: going.shares}), len(record.trainings)
            tell(RecordingProgress(record=name, training=training, have=have, want=max(have, request.seeds), left=left))


def _trainings(
    pool: TrainerPool,
    item: PlannedRecord,
    profile: Profile,
    seeds: Sequence[int],
    at_once: int,
    going: TrainingsUnderWay,
) -> Iterator[Training | None]:
    """Yield a training for each seed, in their order, with so many under way; and None every minute in between."""
    threads = ThreadPoolExecutor(at_once, "grader-seeds")

    def train(seed: int) -> Training:
        with going.counted(seed):
            return pool.train(item.recipe, item.dataset, profile, seed)

    coming: deque[Future[Training]] = deque()
    left = iter(seeds)
    try:
        coming.extend(threads.submit(train, seed) for seed in itertools.islice(left, at_once))
        while coming:
            while not wait((coming[0],), _EVERY_SECONDS).done:
                yield None
            yield coming.popleft().result()
            coming.extend(threads.submit(train, seed) for seed in itertools.islice(left, 1))
    except BaseException:  # also Ctrl-C: nobody waits for the trainings under way
        pool.close()
        raise
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _new(item: PlannedRecord, training: Training, profile: Profile) -> ReferenceRecord:
    """Return a training as a record of its own, to be added to what is there.

    Raises:
        WorkbookError: It could not be trained.
    """
    if not training.is_finished:
        text = msg(
            "{name}, seed {seed}: {why}; [training] in workbook.toml says what a training may cost",
            name=item.name,
            seed=training.seed,
            why=training.reason or training.outcome,
        )
        raise WorkbookError(text)
    return ReferenceRecord(
        reference=item.reference,
        edition=item.source.edition,
        source=item.source.source,
        recipe=item.recipe,
        trainings=(replace(training, fingerprint=item.source.fingerprint, cached=False),),
        steps=profile.steps,
        spoiled=item.spoiled,
    )
