"""What can be told before anything runs: which accuracies nothing recorded will decide."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from grader.batch.settings import Settings
from grader.datasets import DataStore
from grader.known import description_of
from grader.measure import Measurer, references_of
from grader.places import shipped
from grader.records import Message, joined, msg
from grader.reference import ReferenceRecord, place_of
from grader.workbook import Task


def uncalibrated(settings: Settings, measurer: Measurer) -> Message | None:
    """Return which tasks' accuracies will wait for a person, and what helps; None where all can be decided."""
    tasks = [task for task in settings.tasks if not _decided(task, measurer)]
    if not tasks:
        return None
    datasets = {task.dataset: measurer.datasets[task.dataset] for task in tasks}
    return msg(
        "No reference trainings are recorded for {tasks} with this profile ({profile}), these data ({data}) and this "
        "device ({device}): accuracies there will wait for a person. What helps: {commands}.",
        tasks=", ".join(task.id for task in tasks),
        profile=measurer.profile.name,
        data=", ".join(f"{name} {dataset.edition}" for name, dataset in datasets.items()),
        device=place_of(measurer.platform),
        commands=joined(_remedies(tasks, settings, measurer), ", "),
    )


def _decided(task: Task, measurer: Measurer) -> bool:
    return references_of(task) <= measurer.bands_for(task, ()).keys()


def _remedies(tasks: list[Task], settings: Settings, measurer: Measurer) -> Iterator[str | Message]:
    """Yield what would let some of the tasks be decided; recording comes last, as it always helps and takes longest."""
    cpu = replace(measurer, platform=replace(measurer.platform, device="cpu"))
    if measurer.platform.device != "cpu" and any(_decided(task, cpu) for task in tasks):
        yield "--device cpu"
    quick = settings.workbook.profiles["quick"]
    if measurer.profile != quick and any(_decided(task, replace(measurer, profile=quick)) for task in tasks):
        yield msg("{option} (a preview)", option="--profile quick")
    yield from dict.fromkeys(_of_other_data(tasks, settings, measurer))
    yield _recording(tasks, settings, measurer)


def _of_other_data(tasks: list[Task], settings: Settings, measurer: Measurer) -> Iterator[str]:
    """Yield how to come by the data sets that records for some of the tasks were made on."""
    store = DataStore()
    for task in tasks:
        if measurer.datasets[task.dataset].edition == "full":
            continue
        here = store.get(task.dataset, "full")
        print_ = here.fingerprint if here else description_of(task.dataset).fingerprint
        if references_of(task) <= {one.reference for one in _records("full", measurer) if one.fingerprint == print_}:
            if here is None:
                yield f"grader data fetch {task.dataset}"
            if settings.data == "sample":
                yield "--data auto"


def _recording(tasks: list[Task], settings: Settings, measurer: Measurer) -> str:
    """Return the call that records what is missing; records of other data in its place must be given up for that."""
    call = f"grader reference run --profile {measurer.profile.name}"
    if settings.workbook.folder != shipped("assignments"):
        call += f" --workbook {shlex.quote(str(settings.workbook.folder))}"
    for option, value, default in (
        ("--data", settings.data, "auto"),
        ("--backend", settings.backend, "tensorflow"),
        ("--device", settings.device, "auto"),
    ):
        call += f" {option} {value}" if value != default else ""
    missing = {name: measurer.datasets[task.dataset] for task in tasks for name in references_of(task)}
    call += f" --only {','.join(sorted(missing))}"
    others = (
        record.fingerprint != data.fingerprint
        for name, data in missing.items()
        for record in _records(data.edition, measurer)
        if record.reference == name
    )
    return f"{call} --restart" if any(others) else call


def _records(edition: str, measurer: Measurer) -> Iterator[ReferenceRecord]:
    wanted = (edition, measurer.profile.name, place_of(measurer.platform))
    return (record for record in measurer.bands.records if record.conditions == wanted)
