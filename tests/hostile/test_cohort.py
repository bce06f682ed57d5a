"""Hostile submissions beside an honest one: the honest student's grades are what they are alone."""

import dataclasses
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.batch import Settings, grade_cohort, tasks_of
from grader.collect import collect
from grader.workbook import load_workbook
from tests.hostile.attacks import ATTACKS
from tests.hostile.host import planted
from tests.lessons import FOLDER
from tests.test_sandbox import needs_seal

HONEST = "task1-one-unit-softmax"
BESIDE = (
    "changes-the-grades",
    "reads-another-submission",
    "kills-all-it-can",
    "kills-itself",
    "makes-files-without-end",
    "prints-for-ever",
    "forks-without-end",
    "writes-our-files",
)
STATUS = {
    "kills-all-it-can": "other_workbook",
    "kills-itself": "kernel_died",
    "makes-files-without-end": "output_limit",
    "prints-for-ever": "output_limit",
}


class Silent:
    """Follows a run and says nothing."""

    def __getattr__(self, name):
        return lambda *_, **__: None


def graded(folder, out):
    """Grade a folder on the first task, quickly; gives what each student got, without what differs between runs."""
    workbook = load_workbook()
    limits = replace(
        workbook.limits, memory_mb=1500, scratch_files=5_000, cell_output_mb=4, processes=80, scratch_mb=32
    )
    workbook = replace(workbook, limits=limits)
    settings = Settings(workbook=workbook, tasks=tasks_of(workbook, ["task1"]), profile="quick", data="sample",
                        jobs=2, language="en")  # fmt: skip
    submissions = collect([folder])
    ledger = grade_cohort(submissions, settings, out, Silent())
    results = ledger.results(tuple(one.student for one in submissions))
    return {one.student: (str(one.status), one.tasks) for one in results}


def points(tasks):
    """What a student got: verdict and words of every criterion, and the points."""
    return [(task.earned, task.in_review, [(str(f.verdict), f.points, dataclasses.asdict(f)["found"]) for f in task.findings])
            for task in tasks]  # fmt: skip


@needs_seal
@pytest.mark.slow
def test_an_honest_submission_is_graded_among_attackers_as_it_is_alone(tmp_path):
    """Status, verdicts, what was found and points are the same; the attackers get their endings, the host is untouched."""
    lesson = next((FOLDER / HONEST).glob("*.ipynb"))
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        (folder / "honest").mkdir(parents=True)
        (folder / "honest" / lesson.name).write_bytes(lesson.read_bytes())
    with planted() as host:
        for attack in ATTACKS:
            if attack.name in BESIDE:
                (together / attack.name).mkdir()
                notebook = new_notebook(cells=[new_code_cell(host.fill(code)) for code in attack.cells])
                nbformat.write(notebook, together / attack.name / "work.ipynb")
        first = graded(alone, tmp_path / "run-alone")
        all_of_them = graded(together, tmp_path / "run-together")
        assert host.damage() == []
    assert len(all_of_them) == len(BESIDE) + 1
    assert all_of_them["honest"][0] == first["honest"][0]
    assert points(all_of_them["honest"][1]) == points(first["honest"][1])
    assert {name: all_of_them[name][0] for name in STATUS} == STATUS
    assert not any(task.earned for name in BESIDE for task in all_of_them[name][1])
