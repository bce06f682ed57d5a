"""The lesson corpus: notebooks with what a grader must make of them, one folder each."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.collect import collect
from grader.records import SubmissionResult
from grader.report.teaching import lessons_of

FOLDER = Path(__file__).parent / "submissions"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lesson:
    """One folder of ``tests/submissions``."""

    name: str
    story: str
    status: str
    or_status: str
    """Another end that is as fair, where the accuracy lies on the edge and the processor decides."""
    tasks: tuple[str, ...]
    limits: Mapping[str, int]
    legacy: str
    """How old spellings are met, as in ``workbook.toml``."""
    learns: tuple[str, ...]
    """Lessons of ``reports/feedback.toml`` that the page must show."""
    expected: Mapping[str, Mapping[str, Any]]
    """Per task: ``verdicts`` by criterion, ``earned``."""

    @property
    def submission(self):
        """The lesson's files as one student's submission."""
        (one,) = collect([FOLDER / self.name], single=True)
        files = tuple(
            dataclasses.replace(notebook, beside=tuple(pair for pair in notebook.beside if pair[0] != "expect.toml"))
            for notebook in one.notebooks
        )
        return dataclasses.replace(one, notebooks=files)

    def differences(self, result: SubmissionResult) -> list[str]:
        """Return what came out otherwise than the lesson says, a line each."""
        fair = result.status in {self.status, self.or_status}
        out = [] if fair else [f"status: expected {self.status}, found {result.status}"]
        found = {task.task: task for task in result.tasks}
        for task, wanted in self.expected.items():
            verdicts = {finding.id: finding for finding in found[task].findings}
            for criterion, verdict in wanted.get("verdicts", {}).items():
                finding = verdicts[criterion]
                if finding.verdict != verdict:
                    out.append(f"{task} {criterion}: expected {verdict}, found {finding.verdict}: {finding.found}")
            if "earned" in wanted and found[task].earned != wanted["earned"]:
                out.append(f"{task}: expected {wanted['earned']} points, found {found[task].earned}")
        shown = {one.id for one in lessons_of(result)}
        return out + [
            f"the page does not teach {name}, only {sorted(shown)}" for name in self.learns if name not in shown
        ]


def load(folder: Path) -> Lesson:
    """Read one lesson; an unknown key is a mistake of ours."""
    table = tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8"))
    lesson = Lesson(
        name=folder.name,
        story=table.pop("story"),
        status=table.pop("status"),
        or_status=table.pop("or_status", ""),
        tasks=tuple(table.pop("tasks")),
        limits=table.pop("limits", {}),
        legacy=table.pop("legacy", "run"),
        learns=tuple(table.pop("learns", ())),
        expected=table,
    )
    unknown = set(lesson.expected) - set(lesson.tasks)
    assert not unknown, f"{folder.name}: {unknown} are not among the lesson's tasks"
    return lesson


LESSONS = tuple(load(path.parent) for path in sorted(FOLDER.glob("*/expect.toml")))
