"""All submissions of a run: which are to be graded, by several threads, each recorded when it is done."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import hashlib
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.batch.observer import Observer
from grader.batch.preflight import uncalibrated
from grader.batch.settings import Settings, rubric_digest
from grader.batch.setup import grading_for
from grader.batch.versions import conditions_of, platform_versions, versions
from grader.collect import Submission
from grader.errors import ConditionsChangedError, GraderError
from grader.known import handed_out
from grader.ledger import Ledger, SubmissionInput, disk_full, is_full_disk, require_space
from grader.pipeline import Grading, failed_by_us, grade_submission
from grader.records import DataSet, RunFacts, SubmissionResult, Words, msg


def grade_cohort(
    submissions: Sequence[Submission],
    settings: Settings,
    out: Path,
    observer: Observer,
    *,
    request: Mapping[str, Any] | None = None,
) -> Ledger:
    """Grade every submission and record the results under ``out``; returns the ledger.

    A submission's own trouble is part of its result. Only what a person must mend (the machine, a file of the
    lecturer's) stops the run, and what was recorded until then stays.

    Args:
        submissions: Everybody of the run; who is not among them any more is left out of its results.
        settings: How to grade.
        out: The run's folder.
        observer: Follows.
        request: What was asked for in plain JSON, recorded for ``grader resume``.

    Raises:
        GraderError: Nothing can be graded like this.
    """
    ledger = Ledger(out)
    with ledger.opened():
        _require_meant(settings, ledger)
        if request is not None:
            ledger.write_request(request)
        with grading_for(settings, ledger, observer.say) as grading:
            _Run(settings, grading, observer).grade(submissions)
    return ledger


def _require_meant(settings: Settings, ledger: Ledger) -> None:
    """Make sure that nobody loses final grades to a preview by mistake.

    Raises:
        ConditionsChangedError: The run was graded in full, and the quick profile is asked for without a word on that.
    """
    if settings.profile != "quick" or settings.changed == "regrade":
        return
    try:
        before = ledger.run().profile
        stands = any(one.status is not None for one in ledger.standings())
    except GraderError:  # there is no run yet, or what is wrong with it is said where it is read
        return
    if stands and before != "quick":
        text = msg(
            "{run}: the grades here were made with the profile {before}, and --profile quick would replace them by a "
            "preview. Grade into a new folder, leave --profile quick out, or say --changed regrade",
            run=str(ledger.out),
            before=before,
        )
        raise ConditionsChangedError(text)


@dataclass(frozen=True)
class _Run:
    """One call of the grader at work."""

    settings: Settings
    grading: Grading
    observer: Observer

    def grade(self, submissions: Sequence[Submission]) -> None:
        """Record who is there, take what is done, grade the rest."""
        begun, facts, ledger = time.monotonic(), self._facts(), self.grading.ledger
        measurer = self.grading.measurer
        conditions = ledger.conditions.agree(
            conditions_of(measurer.datasets, facts.seal, measurer.platform), self.settings.changed
        )
        rubric = rubric_digest(self.settings, measurer.bands)
        digests = {one.student: _digest(rubric, one.digest) for one in submissions}
        ledger.collect(
            [
                SubmissionInput(student=one.student, files=one.digest, digest=digests[one.student], who=one.who)
                for one in submissions
            ]
        )
        left = [one for one in submissions if not self._is_done(one, digests[one.student])]
        if len(left) < len(submissions):
            count, total = len(submissions) - len(left), len(submissions)
            self.observer.say(msg("Already graded and unchanged: {count} of {total}", count=count, total=total))
        if not left:
            ledger.write_run(self._again(facts))
            return
        if waits := uncalibrated(self.settings, measurer):
            self.observer.say(waits)
        ledger.write_run(facts)
        self._grade_all(left, digests, conditions)
        trainings = self.grading.trainings
        ledger.write_run(
            replace(
                facts,
                seconds=round(time.monotonic() - begun, 1),
                trainings_run=trainings.run if trainings else 0,
                trainings_shared=trainings.shared if trainings else 0,
                warnings=(*facts.warnings, *self._mixed()),
            )
        )

    def _again(self, facts: RunFacts) -> RunFacts:
        """Return the facts of a call that had nothing to do: those of the call before, where both asked for the same.

        The call before may have asked for something else, and been interrupted before it graded anybody.
        """
        now = replace(facts, warnings=(*facts.warnings, *self._mixed()))
        try:
            before = self.grading.ledger.run()
        except GraderError:
            return now
        kept = replace(
            now,
            started=before.started,
            seconds=before.seconds,
            trainings_run=before.trainings_run,
            trainings_shared=before.trainings_shared,
        )
        return kept if kept == replace(before, language=now.language, warnings=now.warnings) else now

    def _facts(self) -> RunFacts:
        seal = "none" if self.grading.unsealed else "bubblewrap"
        return RunFacts(
            workbook=self.settings.workbook.title,
            tasks=tuple(task.id for task in self.settings.tasks),
            profile=self.settings.profile,
            datasets=self._datasets(),
            seal=seal,
            language=self.settings.language,
            versions=versions() | platform_versions(self.grading.measurer.platform),
            legacy=self.settings.workbook.legacy,
            started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            warnings=tuple(self._warnings(seal)),
        )

    def _datasets(self) -> tuple[DataSet, ...]:
        """Return the data sets of what is judged; notebooks have those of the other tasks too."""
        names = dict.fromkeys(task.dataset for task in self.settings.tasks)
        return tuple(self.grading.measurer.datasets[name] for name in names)

    def _warnings(self, seal: str) -> Iterator[Words]:
        if self.settings.profile == "quick":
            yield msg("A preview: the quick profile trains on a budget of steps, with bands of its own.")
        samples = [data.name for data in self._datasets() if data.edition == "sample" and handed_out(data.name)]
        if samples:
            yield msg(
                "Offline samples stand in for {names}: accuracies here are not those of the real data set.",
                names=", ".join(samples),
            )
        if seal == "none":
            yield msg("The notebooks ran unsealed: grade only notebooks you trust like this.")
        yield from self.settings.remarks

    def _mixed(self) -> Iterator[Words]:
        """Warn of grades that were made under different conditions."""
        values: dict[str, list[str]] = {}
        for conditions in self.grading.ledger.conditions.accepted():
            for name, value in conditions.items():
                if value not in values.setdefault(name, []):
                    values[name].append(value)
        several = [f"{name} {' / '.join(sorted(found))}" for name, found in values.items() if len(found) > 1]
        if several:
            yield msg(
                "Submissions of this run were graded under different conditions, so compare with care: {conditions}",
                conditions="; ".join(several),
            )

    def _is_done(self, submission: Submission, digest: str) -> bool:
        ledger = self.grading.ledger
        known = ledger.done(submission.student, digest)
        if known is None:
            return False
        named = replace(known, who=submission.who, delivery=submission.delivery)
        if named != known:  # another roster, or another name in the LMS
            ledger.rename(named)
        self.observer.done(ledger.with_decisions(named), reused=True)
        return True

    def _grade_all(self, submissions: Sequence[Submission], digests: Mapping[str, str], conditions: str) -> None:
        if self.grading.warm_pool is not None:
            self.grading.warm_pool.expect(sum(len(one.notebooks) for one in submissions))
        pool = concurrent.futures.ThreadPoolExecutor(self.grading.slots, "grader")
        futures = [pool.submit(self._grade_one, one, digests[one.student], conditions) for one in submissions]
        try:
            for future in concurrent.futures.as_completed(futures):
                future.result()
        except BaseException:  # also Ctrl-C: running notebooks end with this process, nobody waits for them
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()

    def _grade_one(self, submission: Submission, digest: str, conditions: str) -> None:
        ledger, begun = self.grading.ledger, time.monotonic()
        require_space(ledger.out)
        self.observer.started(submission.student)
        result = self._result_of(submission)
        if result.status.is_ours:
            require_space(ledger.out)  # a full disk is no fault of this submission's grading
        result = replace(
            result,
            digest=digest,
            seconds=round(time.monotonic() - begun, 1),
            who=submission.who,
            delivery=submission.delivery,
        )
        ledger.write(result, conditions)
        self.observer.done(ledger.with_decisions(result), reused=False)

    def _result_of(self, submission: Submission) -> SubmissionResult:
        try:
            return grade_submission(
                submission, self.grading, lambda what: self.observer.stage(submission.student, what)
            )
        except GraderError:
            raise
        except Exception as error:  # our fault must cost this student nothing, and the others no time
            if isinstance(error, OSError) and is_full_disk(error):
                raise disk_full(self.grading.ledger.out) from error
            return failed_by_us(submission, self.grading.tasks, traceback.format_exc(limit=-3))


def _digest(rubric: str, files: str) -> str:
    return hashlib.sha256(f"{rubric}\0{files}".encode()).hexdigest()
