"""What a running notebook has shown of its models so far: printed as soon as the probe tells, long before the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import click

from grader.language import Language, unlabelled
from grader.records import Execution, Finding, Message, SubmissionResult, Verdict, msg
from grader.workbook import Task

_PERIOD_SECONDS = 0.5
_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.REVIEW: "magenta"}
_SIGNS = {Verdict.PASSED: "✓", Verdict.FAILED: "✕", Verdict.REVIEW: "…"}


class TraceMonitor:
    """Reads the growing traces in a submission's folder; an observer of the run and a context manager."""

    def __init__(self, folder: Path, tasks: Sequence[Task], language: Language) -> None:
        """Look into ``folder``, which the run makes, for answers to ``tasks``."""
        self._folder, self._tasks, self._language = folder, tasks, language
        self._told: dict[str, str] = {}
        self._sizes = -1
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._done.set()
        self._thread.join()

    def say(self, what: Message) -> None:
        """Print what concerns the whole run."""
        click.echo(self._language.say(what))

    def started(self, student: str) -> None:
        """Nothing: there is one student."""

    def stage(self, student: str, what: Message) -> None:  # noqa: ARG002 - as every observer
        """Print where the run is."""
        click.secho(f"… {self._language.say(what)}", dim=True)

    def done(self, result: SubmissionResult, *, reused: bool) -> None:
        """Nothing: the result is printed whole."""

    def _follow(self) -> None:
        while not self._done.wait(_PERIOD_SECONDS):
            self._look()

    def _look(self) -> None:
        from grader.trace import read_trace

        files = sorted(self._folder.glob("*/trace.jsonl"))
        sizes = sum(file.stat().st_size for file in files if file.exists())
        if sizes == self._sizes:
            return
        self._sizes = sizes
        from grader.records import Ending

        executions = [
            # Its last line may be only half written yet, and nothing is lost by that.
            Execution(notebook=file.parent.name, ending=Ending.COMPLETED, trace=replace(read_trace(file), lost=()))
            for file in files
        ]
        for task in self._tasks:
            self._tell(task, executions)

    def _tell(self, task: Task, executions: Sequence[Execution]) -> None:
        from grader.grade import task_result
        from grader.match import match_task
        from grader.records import Profile

        match = match_task(task, executions)
        if match.candidate is None:
            return
        result = task_result(task, match, profile=Profile(name="quick"), bands={})
        seen = [
            finding
            for criterion, finding in zip(task.criteria, result.findings, strict=True)
            if criterion.show == "always" and criterion.judges == "structure" and criterion.needs_answer
            if match.candidate.fit is not None or not criterion.needs_fit  # what only a training shows comes later
        ]
        text = "\n".join(map(self._line, seen))
        if text and self._told.get(task.id) != text:
            self._told[task.id] = text
            cell = match.candidate.cell
            head = msg("{task}, model in cell {cell}, so far:", task=task.id, cell=cell)
            click.echo(f"{self._language.say(head)}\n{text}")

    def _line(self, finding: Finding) -> str:
        title = self._language.say(finding.title)
        found = unlabelled(self._language.say(finding.found), title)
        line = f"  {_SIGNS[finding.verdict]} {title[:1].upper()}{title[1:]}"
        if finding.verdict is not Verdict.PASSED:
            line += f" – {self._language.say(msg('found: {found}', found=found))}"
        return click.style(line, fg=_COLOURS[finding.verdict])
