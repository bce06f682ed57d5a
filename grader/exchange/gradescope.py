"""Gradescope: ``results.json`` for one submission, as an autograder leaves it.

A test for each criterion. Gradescope has no word for "in review": such a test has no score, its output says that it
waits, and the total at the top is what is decided. A submission of which nothing could be seen has no result at all:
Gradescope then calls the autograder failed and shows it to the instructors, where a zero would pass for a grade.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grader.errors import UsageError
from grader.exchange.account import Account, Outcome, SkipReason
from grader.exchange.comments import plain
from grader.exchange.grades import Grade
from grader.language import Language, printable, unlabelled
from grader.records import Finding, SubmissionResult, TaskResult, Verdict, goes_by, msg
from grader.sheets import scaled

_DECIMALS = 2


def export(grades: Sequence[Grade], language: Language, *, student: str | None, maximum: Decimal | None) -> Outcome:
    """Return ``results.json`` of one submission; points scaled to ``maximum``, as they are by default.

    Raises:
        UsageError: The run holds several and none was named, or nothing of the submission could be graded.
    """
    grade = _one(grades, student)
    result = grade.result
    seen = any(task.max > task.in_review for task in result.tasks)
    if result.status.is_ours or not result.tasks or (not seen and result.status.value != "unreadable"):
        why = msg(
            "{student}: nothing of it could be graded ({why}); there is no result to hand back; run the autograder "
            "again, or grade by hand",
            student=grade.student,
            why=language.say(result.reason) or language.status(result.status),
        )
        raise UsageError(why)
    ratio = Fraction(maximum or grade.most) / grade.most
    earned, waiting = sum(task.earned for task in result.tasks), sum(task.in_review for task in result.tasks)
    output = language.say(result.reason) + "\n" if result.reason else ""
    if waiting:
        text = language.t("Points that wait for the lecturer and are in no score yet: {points}", points=waiting)
        output += text + "\n"
    content = {
        "score": _points(earned, ratio),
        "output": output + plain(grade, language),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(result.seconds, 1),
        "tests": list(_tests(result, ratio, language)),
    }
    account = Account()
    account.give(result.label, zero=not earned)
    if waiting:
        account.leave(result.label, SkipReason.IN_REVIEW)
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return Outcome(files={"results.json": text.encode("utf-8", "replace")}, account=account)


def _one(grades: Sequence[Grade], student: str | None) -> Grade:
    exact = [grade for grade in grades if grade.student == student]
    fits = exact or [
        grade for grade in grades if student is None or student.casefold() in goes_by(grade.student, grade.result.who)
    ]
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(grade.result.label for grade in (fits or grades)[:20])
    text = msg(
        "results.json is for one submission, and {count} fit; name one with --student; the run has {names}",
        count=len(fits),
        names=names,
    )
    raise UsageError(text)


def _tests(result: SubmissionResult, ratio: Fraction, language: Language) -> Iterator[dict[str, Any]]:
    for number, task in enumerate(result.tasks, start=1):
        for place, finding in enumerate(task.findings, start=1):
            yield _test(f"{number}.{place}", task, finding, ratio, language)


def _test(number: str, task: TaskResult, finding: Finding, ratio: Fraction, language: Language) -> dict[str, Any]:
    earned = None if finding.verdict is Verdict.REVIEW else finding.earned
    lines = [
        language.t("Expected: {what}", what=language.say(finding.expected)),
        language.t("Found: {what}", what=unlabelled(language.say(finding.found), language.say(finding.title))),
        language.say(finding.advice),
    ]
    if earned is None:
        lines.insert(0, language.t("This waits for the lecturer and costs no points."))
    test: dict[str, Any] = {
        "number": number,
        "name": printable(f"{language.say(task.title)}: {language.say(finding.title)}"),
        "name_format": "text",
        "output": "\n".join(line for line in lines if line),
        "output_format": "text",
        "visibility": "visible",
    }
    if earned is not None:
        scores = {"score": _points(earned, ratio), "max_score": _points(finding.points, ratio)}
        test |= scores | {"status": "passed" if earned == finding.points else "failed"}
    return test


def _points(points: int, ratio: Fraction) -> int | float:
    value = scaled(points * ratio, 1, Decimal(1), _DECIMALS)
    return int(value) if value == int(value) else float(value)
