"""A run's grades → what LMSs read."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.cli import group
from grader.errors import GraderError, UsageError
from grader.exchange import ExportOptions, SkipReason, canvas, grades_of, gradescope, moodle, tables
from grader.language import Language
from grader.ledger import Ledger, SubmissionInput
from grader.records import Delivery, Override, Person, Status, Text, Verdict
from grader.report import render_run
from grader.sheets import NumberFormat, number_of, parse, scaled, shown_safely, written
from tests.exchange.importers import canvas_gradebook, moodle_feedback, moodle_worksheet
from tests.sample_results import run, submission, task1, task2, task3

FACTS = run()
ENGLISH, RUSSIAN = Language("en"), Language("ru")


def student(number, points=70, *, waiting=0, name="", **who):
    """A submission with so many of 70 points."""
    first, second = min(points, 20), min(max(points - 20, 0), 20)
    tasks = (
        replace(task1(), earned=first, in_review=0),
        replace(task2(), earned=second, in_review=0),
        replace(task3(), earned=points - first - second, in_review=waiting, max=30),
    )
    person = Person(id=str(number), name=name, **who)
    status = Status.REVIEW if waiting else Status.GRADED
    return submission(str(number), status=status, tasks=tasks, who=person, delivery=Delivery(source="moodle"))


def absent(number, **who):
    return submission(
        str(number), status=Status.NOT_HANDED_IN, tasks=(), notebooks=(), who=Person(id=str(number), **who)
    )


def unseen(number):
    """A submission the grader failed on."""
    return replace(student(number, 0), status=Status.INTERNAL_ERROR, tasks=())


HEAD = (
    'Идентификатор,"Полное имя",Статус,Оценка,"Максимальная оценка","Оценка может быть изменена",'
    '"Последнее изменение (ответ)","Последнее изменение (оценка)","Отзыв в виде комментария"\r\n'
)
DATE = '"Вторник, 3 марта 2026, 14:05"'
WORKSHEET = (
    HEAD
    + f'Участник318,"Иванова Анна","Отправлено для оценивания",,"100,00",Да,{DATE},-,\r\n'
    f'Участник319,"Ким Олег","Отправлено",\'71,43,"100,00",Да,{DATE},{DATE},"Хорошо, ""да"""\r\n'.replace(
        "'71,43", '"71,43"'
    )
    + 'Участник320,"Ким Олег","Ответ не представлен",,"100,00",Да,-,-,\r\n'
    f'Участник321,<span class="usersuspended">Цой</span>,Отправлено,,"100,00",Нет,{DATE},-,\r\n'
    f'Участник322,\'=Ли,Отправлено,,"100,00",Да,{DATE},-,\r\n'
)
PEOPLE = (
    student(318, 47, name="Иванова Анна"),
    student(319, 50),
    student(321, 70),
    student(322, 18, waiting=6),
    absent(320),
)


def filled(worksheet=WORKSHEET, people=PEOPLE, *, language=RUSSIAN, include_review=False, pages=None, **terms):
    grades = grades_of(FACTS, people, include_review=include_review)
    content = worksheet if isinstance(worksheet, bytes) else worksheet.encode()
    return moodle.export(content, "w.csv", grades, ExportOptions(**terms), language, pages)


def rows_of(content, encoding="utf-8"):
    return list(csv.reader(io.StringIO(content.decode(encoding).removeprefix("\ufeff"), newline="")))


def test_what_is_handed_back_is_decided_in_one_place():
    """All decided: the total. Anything in review: nothing, unless the lecturer says so, and never for what is unseen."""
    people = (student(1, 47), student(2, 18, waiting=6), absent(3), unseen(4), submission("5", tasks=(task1(),)))
    grades = grades_of(FACTS, people)
    assert [grade.points for grade in grades] == [47, None, None, None, None]
    assert [grade.why_not for grade in grades] == [
        None,
        SkipReason.IN_REVIEW,
        SkipReason.NOTHING,
        SkipReason.NOT_GRADED,
        SkipReason.NOT_GRADED,
    ]
    assert {grade.most for grade in grades} == {70}
    whole = student(6, 0)
    whole = replace(whole, tasks=tuple(replace(task, earned=0, in_review=task.max) for task in whole.tasks))
    grades = grades_of(FACTS, (*people, whole), include_review=True)
    assert [grade.points for grade in grades] == [47, 18, None, None, None, None]


# -- Moodle -------------------------------------------------------------------------------------------------------


def test_a_worksheet_is_the_same_but_for_grades_and_comments():
    """Byte for byte: header, separators, quotes, dates and foreign cells, also those Excel would calculate."""
    outcome = filled()
    (content,) = outcome.files.values()
    bare = content.decode().replace('"67,14"', "").replace("67,14", "")
    bare = re.sub(r'"?<p class=""?workbook-grader""?>.*?</p>"?', "", bare)
    assert bare == WORKSHEET
    rows = rows_of(content)
    assert rows[1][3] == "67,14", "47 of 70 scaled to 100,00, half up, with a comma"
    assert rows[2][3] == "71,43", "unchanged"
    assert rows[3][3] == rows[4][3] == rows[5][3] == ""
    account = outcome.account
    assert account.set == ["Иванова Анна (318)"]
    assert account.unchanged == ["Ким Олег (319)"]
    assert account.left == {
        SkipReason.NOTHING: ["Ким Олег (320)"],
        SkipReason.LOCKED: ["Цой (321)"],
        SkipReason.IN_REVIEW: ["'=Ли (322)"],
    }
    assert not account.partial


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_worksheet_stays_in_its_encoding_and_separators(encoding, delimiter, end):
    """As Moodle writes it, and as Russian Excel saves it; without grades not one byte changes."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(rows_of(WORKSHEET.encode()))
    before = ("sep=;" + end if delimiter == ";" else "") + stream.getvalue()
    content = before.encode(encoding)
    (same,) = filled(content, [absent(320), *(student(n, 1, waiting=6) for n in (318, 319, 321, 322))]).files.values()
    assert same == content
    (changed,) = filled(content).files.values()
    text = changed.decode(encoding)
    assert "67,14" in text
    assert text.startswith(before[:20])


def test_moodle_reads_back_the_same_grades():
    """What its importer writes is what was decided, for the same people; the expected counts are told."""
    outcome = filled()
    written_ = moodle_worksheet(outcome.files["w.csv"], language="ru", stored={"319": Decimal("71.43")})
    assert {number: grade for number, (grade, _) in written_.items() if grade is not None} == {"318": Decimal("67.14")}
    assert "Задание 1" in written_["318"][1]
    assert written_["319"][1] == 'Хорошо, "да"', "a comment of the lecturer's stays"
    told = [ENGLISH.say(line) for line in outcome.account.lines()]
    assert "Moodle must report after the import: grades 1, comments 1" in told


def test_an_english_worksheet_gets_points_and_not_commas():
    """Moodle in English would make 8 of 8,5."""
    worksheet = (
        "Identifier,Full name,Email address,Grade,Maximum grade,Last modified (submission),Last modified (grade),Feedback comments\n"
        "Participant 318,Anna,anna@example.edu,,10.00,-,-,\nParticipant 9,Kim,kim@example.edu,,10.00,-,-,\n"
    )
    people = (student(318, 59), student("okim", 70, email="kim@example.edu"))
    outcome = filled(worksheet, people, language=ENGLISH)
    read = moodle_worksheet(outcome.files["w.csv"], language="en")
    assert {number: grade for number, (grade, _) in read.items()} == {"318": Decimal("8.43"), "9": Decimal("10.00")}


@pytest.mark.parametrize(
    ("heads", "limit"),
    [
        ("ID,Vollständiger Name,Bewertung,Bestwertung,Zuletzt geändert (Bewertung),Feedback als Kommentar", '"10,00"'),
        ("Identifiant,Nom,Note,Note maximale,Dernière modification (note),Feedback par commentaires", '"10,00"'),
        ("Ідентифікатор,Ім'я,Оцінка,Максимум,Востаннє змінювалося (оцінка),Відгук - коментарем", '"10,00"'),
    ],
)
def test_worksheets_of_other_languages_are_known(heads, limit):
    """The maximum stands beside the grade, whatever it is called."""
    outcome = filled(f"{heads}\r\nTeilnehmer/in318,Anna,,{limit},-,\r\n", [student(318, 35)])
    assert rows_of(outcome.files["w.csv"])[1][2] == "5,00"


def test_nothing_handed_in_is_no_zero_unless_said():
    """With the option it is one, named; what Moodle has a submission of is never one, nor is a grade overwritten."""
    worksheet = HEAD + (
        'Участник1,A,x,,"100,00",Да,-,-,\r\n'
        f'Участник2,B,x,,"100,00",Да,{DATE},-,\r\n'
        'Участник3,C,x,"50,00","100,00",Да,-,-,\r\n'
    )
    people = [absent(1), absent(3), student(4)]
    assert filled(worksheet, people[:2]).account.left == {
        SkipReason.NOTHING: ["A (1)", "C (3)"],
        SkipReason.NOT_IN_RUN: ["B (2)"],
    }
    outcome = filled(worksheet, people, missing_as_zero=True)
    assert [row[3] for row in rows_of(outcome.files["w.csv"])[1:]] == ["0,00", "", "50,00"]
    assert outcome.account.zeros == ["A (1)"]
    assert outcome.account.left == {
        SkipReason.NOT_IN_RUN: ["B (2)"],
        SkipReason.NOTHING: ["C (3)"],
        SkipReason.NOT_IN_TABLE: ["4"],
    }
    assert outcome.account.partial
    assert any("enter these by hand" in ENGLISH.say(line) for line in outcome.account.lines())


def test_review_is_handed_back_only_when_the_lecturer_says_so():
    """What is decided goes along then; the rest stays a note in the comment."""
    outcome = filled(include_review=True, language=ENGLISH)
    row = rows_of(outcome.files["w.csv"])[5]
    assert row[3] == "25,71"
    assert "for the lecturer to decide: 6" in row[8]


def test_an_override_is_what_counts():
    """The lecturer's points go out, and nothing waits any more."""
    last = replace(task3(), in_review=0, earned=24 + 3)
    decided_ = replace(student(318), tasks=(task1(), task2(), last))
    assert grades_of(FACTS, [decided_])[0].points == 47


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["", "50,00", "0,00"]), st.booleans(), st.booleans()), max_size=8
)
RESULTS = st.dictionaries(
    st.integers(1, 9), st.sampled_from(["graded", "zero", "review", "absent", "unseen"]), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(ROWS, RESULTS, st.booleans(), st.booleans())
def test_nobody_is_lost_in_the_account(rows, results, missing_as_zero, include_review):
    """Every row, and everybody handed in who has none, is set, unchanged or left for one reason; no more cells change."""
    make = {
        "graded": lambda number: student(number, 35),
        "zero": lambda number: student(number, 0),
        "review": lambda number: student(number, 18, waiting=6),
        "absent": absent,
        "unseen": unseen,
    }
    worksheet = HEAD + "".join(
        f'Участник{number},A,x,"{cell}","100,00",{"Да" if free else "Нет"},{DATE if sent else "-"},-,\r\n'
        for number, cell, free, sent in rows
    )
    people = [make[kind](number) for number, kind in results.items()]
    outcome = filled(worksheet, people, include_review=include_review, missing_as_zero=missing_as_zero, feedback=False)
    account = outcome.account
    told = len(account.set) + len(account.unchanged) + sum(map(len, account.left.values()))
    numbers = {number for number, *_ in rows}
    assert told == len(rows) + sum(kind != "absent" and number not in numbers for number, kind in results.items())
    after = [row[3] for row in rows_of(outcome.files["w.csv"])[1:]]
    changed = [row for row, cell in zip(rows, after, strict=True) if row[1] != cell]
    assert len(changed) == len(account.set)
    for number, _, free, _ in changed:
        assert free
        assert results.get(number, "absent") in (
            "graded",
            "zero",
            *(["review"] * include_review),
            *(["absent"] * missing_as_zero),
        )


def test_the_same_number_in_other_words_is_no_change():
    """A cell that says the same stays as somebody wrote it."""
    row = f'Участник318,A,x,"50,0","100,00",Да,{DATE},{DATE},"word"\r\n'
    outcome = filled(HEAD + row, [student(318, 35)])
    assert outcome.files["w.csv"] == (HEAD + row).encode()
    assert outcome.account.unchanged == ["A (318)"]


def test_what_moodle_does_without_a_word_is_said():
    """Grades that were there before, and somebody who stands twice in the worksheet."""
    row = f'Участник318,A,x,"10,00","100,00",Да,{DATE},{DATE},\r\n'
    lines = [ENGLISH.say(line) for line in filled(HEAD + row + row, PEOPLE[:1]).account.lines()]
    assert any("Grades that were in Moodle before: 2" in line for line in lines)
    assert any("names somebody twice" in line for line in lines)
    once = [ENGLISH.say(line) for line in filled(HEAD + row.replace(f"{DATE},\r", "-,\r"), PEOPLE[:1]).account.lines()]
    assert not any("before" in line or "twice" in line for line in once)


def test_a_team_is_joined_by_its_groups_name():
    """The download has the group's number, the worksheet its members; a namesake number of a member is no trap."""
    worksheet = HEAD.replace("Статус,", "Статус,Группы,") + (
        f'Участник41,A,x,"Команда Б",,"100,00",Да,{DATE},-,\r\n'
        f'Участник7,B,x,"Команда ""А""",,"100,00",Да,{DATE},-,\r\n'
        f'Участник8,C,x,"Команда ""А""",,"100,00",Да,{DATE},-,\r\n'
        'Участник42,D,x,,,"100,00",Да,-,-,\r\n'
    )
    people = (student(41, 70, name="Команда А"), student(42, 35, name="Команда Б"))
    outcome = filled(worksheet, people, pages={"41": b"a", "42": b"b"})
    assert [row[4] for row in rows_of(outcome.files["w.csv"])[1:]] == ["50,00", "100,00", "100,00", ""]
    assert moodle_feedback(outcome.files["moodle-feedback.zip"], {"41", "42"}) == {
        "41": {"feedback.html": b"a"},
        "42": {"feedback.html": b"b"},
    }
    assert not outcome.account.partial


def test_feedback_files_reach_the_right_person():
    """By the number, for those alone whose grade is handed back; the same export gives the same bytes."""
    pages = {str(number): f"page of {number}".encode() for number in (318, 319, 321, 322)}
    archives = [filled(pages=pages).files["moodle-feedback.zip"] for _ in range(2)]
    assert archives[0] == archives[1]
    assert moodle_feedback(archives[0], {"318", "319", "320", "321", "322"}) == {
        "318": {"feedback.html": b"page of 318"},
        "319": {"feedback.html": b"page of 319"},
    }


@pytest.mark.parametrize(
    ("worksheet", "said"),
    [
        ("a,b,c\n1,2,3\n", "no grading worksheet"),
        ("", "no grading worksheet"),
        (WORKSHEET + "Участник9,x\r\n", "row 7 has 2 cells"),
        (WORKSHEET.replace("Участник318", "nobody"), "row 2 of the worksheet has no identifier"),
        (WORKSHEET.replace('"100,00"', "", 1), "no maximum grade"),
        (HEAD.replace("Максимальная оценка", "Шкала") + "Участник1,a,x,,Хорошо,Да,-,-,\r\n", "graded with a scale"),
        (b"\xff\x98\x00", "expected a CSV file"),
    ],
)
def test_what_moodle_would_not_import_is_refused(worksheet, said):
    """It would say nothing, or "no modified grades found"; we say what is wrong."""
    with pytest.raises(UsageError, match=said):
        filled(worksheet)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=12), st.integers(0, 70)), min_size=1, max_size=6),
    st.sampled_from([100, 10, 5, 33]),
)
@example([('=HYPERLINK("x")', 3), ('<b>\\"', 70), ("a\nb,c;d", 0)], 100)
def test_any_names_survive_and_every_grade_is_exact(people, maximum):
    """Names are Moodle's cells and stay; grades come back as the exact share of the maximum, rounded once."""
    results, lines = (
        [],
        [["Идентификатор", "Полное имя", "Оценка", "Максимальная оценка", "Последнее изменение (оценка)"]],
    )
    for number, (name, points) in enumerate(people, start=1):
        results.append(student(number, points))
        lines.append([f"Участник{number}", name.replace("\0", ""), "", f"{maximum},00", "-"])
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(lines)
    content = stream.getvalue().encode("utf-8", "replace")
    (filled_,) = filled(content, results).files.values()
    before, after = rows_of(content), rows_of(filled_)
    assert [[*row[:2], *row[3:]] for row in before] == [[*row[:2], *row[3:]] for row in after]
    for row, (_, points) in zip(after[1:], people, strict=True):
        exact = Fraction(points * maximum, 70)
        assert abs(Fraction(row[2].replace(",", ".")) - exact) <= Fraction(1, 200)
        assert re.fullmatch(r"\d+,\d\d", row[2])


def test_a_comment_is_harmless_wherever_it_is_read():
    """No formula, no markup of a student's, no line end, no backslash before a quote."""
    hostile = '=cmd|"/c calc"!A1\n<script>alert(1)</script>\x1b[31m \\" end'
    finding = replace(task3().findings[1], advice=Text(ru=hostile, en=hostile), title=Text(ru=hostile, en=hostile))
    bad = replace(student(318, 47), tasks=(task1(), task2(), replace(task3(), findings=(finding,), in_review=0)))
    row = rows_of(filled(people=(bad, *PEOPLE[1:])).files["w.csv"])[1]
    assert row[8].startswith("<p")
    assert not set(row[8]) & set("\n\r\x1b\\")
    assert "<script" not in row[8]
    assert moodle_worksheet(filled(people=(bad, *PEOPLE[1:])).files["w.csv"], language="ru")["318"][1] == row[8]


# -- Canvas -------------------------------------------------------------------------------------------------------

GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,MNIST lab (555),CIFAR (556),Final Score\r\n"
    "    Points Possible,,,,,10.00,5,(read only)\r\n"
    '"Ivanova, Anna",4021,S-17,aivanova,ML-1,8.5,,91\r\n'
    "=Kim,4022,S-18,okim,ML-1,,,1\r\n"
    "Tsoi,4023,S-19,ctsoi,ML-1,EX,,1\r\n"
    "Li,4024,S-20,li,ML-1,,,1\r\n"
    '"Student, Test",4099,,,ML-1,,,\r\n'
)


def gradebook(people, content=GRADEBOOK, column="555", **terms):
    return canvas.export(content.encode(), "g.csv", grades_of(FACTS, people), ExportOptions(**terms), column)


def test_a_gradebook_is_the_same_but_for_the_assignment():
    """All columns stay; ids join, also the school's; excused and missing students are not touched."""
    people = (student(4021, 35), student("okim", 7), student(4023, 70), absent(4024))
    outcome = gradebook(people)
    content = outcome.files["g.csv"].decode()
    assert content == GRADEBOOK.replace("ML-1,8.5", "ML-1,5.00").replace("okim,ML-1,,", "okim,ML-1,1.00,")
    assert canvas_gradebook(outcome.files["g.csv"], "MNIST lab (555)") == {
        "4021": Decimal("5.00"),
        "4022": Decimal("1.00"),
        "4023": "EX",
        "4024": None,
        "4099": None,
    }
    assert outcome.account.left == {SkipReason.EXCUSED: ["Tsoi (4023)"], SkipReason.NOTHING: ["Li (4024)"]}


def test_a_gradebook_says_whom_the_run_does_not_know():
    """Whether they handed in, only a roster at grading time says."""
    outcome = gradebook((student(4021, 35), student(9, 70)))
    assert outcome.account.left == {
        SkipReason.UNKNOWN: ["=Kim (4022)", "Li (4024)"],
        SkipReason.EXCUSED: ["Tsoi (4023)"],
        SkipReason.NOT_IN_TABLE: ["9"],
    }
    assert outcome.account.partial


def test_a_localised_gradebook_keeps_its_commas():
    """Semicolons between cells, commas in numbers; Canvas reads the same scores back."""
    content = GRADEBOOK.replace('"Ivanova, Anna"', "Ivanova").replace('"Student, Test"', "Student").replace(",", ";")
    content = content.replace("10.00", "10,00").replace("8.5", "8,5")
    outcome = gradebook((student(4021, 35), student(4022, 7)), content)
    assert "5,00" in outcome.files["g.csv"].decode()
    assert canvas_gradebook(outcome.files["g.csv"], "MNIST lab (555)")["4021"] == Decimal("5.00")


@pytest.mark.parametrize(
    ("content", "column", "said"),
    [
        (GRADEBOOK, None, "which assignment"),
        (GRADEBOOK, "999", "fits 0 of its assignments"),
        (GRADEBOOK.replace("10.00", "(read only)"), "555", "no maximum"),
        ("a,b\n1,2\n", None, "no gradebook"),
    ],
)
def test_a_gradebook_that_is_not_clear_is_refused(content, column, said):
    """The lecturer learns which columns there are."""
    with pytest.raises(UsageError, match=said):
        gradebook((), content, column)


# -- Gradescope ---------------------------------------------------------------------------------------------------

_KEYS = {
    "top": {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "tests"},
    "test": {"number", "name", "name_format", "score", "max_score", "status", "output", "output_format", "visibility"},
}


def results_of(result, **options):
    outcome = gradescope.export(grades_of(FACTS, [result]), ENGLISH, **{"student": None, "maximum": None} | options)
    return json.loads(outcome.files["results.json"])


def test_gradescope_gets_a_test_for_each_criterion():
    """Only keys it knows; what waits for the lecturer has no score and says so; the total is what is decided."""
    content = results_of(submission("901"))
    assert set(content) <= _KEYS["top"]
    assert all(set(test) <= _KEYS["test"] for test in content["tests"])
    assert content["score"] == 38
    waits = [test for test in content["tests"] if "score" not in test]
    assert len(waits) == 1
    assert "waits for the lecturer" in waits[0]["output"]
    assert "wait for the lecturer" in content["output"]
    assert {test["status"] for test in content["tests"] if "score" in test} == {"passed", "failed"}


def test_gradescope_points_are_scaled_exactly():
    """The assignment's own maximum, rounded half up, as plain numbers."""
    content = results_of(student(1, 70), maximum=Decimal(10))
    assert content["score"] == 10
    assert content["tests"][0]["max_score"] == 1.71


def test_gradescope_gets_an_overridden_criterion_as_decided():
    """The lecturer's points, not the grader's."""
    task = task3()
    word = Override(
        task="task3",
        criterion="accuracy",
        verdict=Verdict.PASSED,
        points=3,
        because="x",
        author="y",
        at="2026-03-06T00:00:00Z",
    )
    last = replace(task.findings[-1], verdict=Verdict.PASSED, override=word)
    task = replace(task, findings=(*task.findings[:-1], last), in_review=0, earned=task.earned + 3)
    content = results_of(submission("1", tasks=(task1(), task2(), task)))
    assert content["tests"][-1]["score"] == 3


@pytest.mark.parametrize("people", [[], [student(1), student(2)], [unseen(1)]])
def test_gradescope_never_gets_a_zero_for_what_was_not_seen(people):
    """Without exactly one graded submission there is no result, and Gradescope calls the autograder failed."""
    with pytest.raises(UsageError):
        gradescope.export(grades_of(FACTS, people), ENGLISH, student=None, maximum=None)


# -- LTI, nbgrader, tables ----------------------------------------------------------------------------------------


def test_lti_scores_are_bodies_of_score_calls():
    """As AGS 2.0 wants them, the time that of the grading; nothing for those in review or without an id."""
    people = (student(5, 47), student(6, 18, waiting=6), absent(7), replace(student(8), who=Person()))
    outcome = tables.lti_scores(FACTS, grades_of(FACTS, people), ExportOptions(feedback=False), ENGLISH)
    assert json.loads(outcome.files["lti-scores.json"]) == [
        {
            "userId": "5",
            "scoreGiven": 47,
            "scoreMaximum": 70,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-03-06T17:00:33.400+00:00",
        }
    ]
    assert outcome.account.left == {SkipReason.IN_REVIEW: ["6"], SkipReason.NOTHING: ["7"], SkipReason.NO_ID: ["8"]}


def test_nbgraders_table_is_read_without_quotes():
    """Commas in names become blanks, so that eleven fields stay eleven; pages lie where its feedback does."""
    person = student("aivanova", 47, name='Ivanova, "Anna", =1')
    person = replace(person, delivery=Delivery(assignment="mnist_lab", received="2026-03-03T11:05:07.120000+00:00"))
    people = (person, student("okim", 18, waiting=6))
    outcome = tables.nbgrader_table(grades_of(FACTS, people), ExportOptions(), {"aivanova": b"page", "okim": b"page"})
    lines = [line.split(",") for line in outcome.files["grades.csv"].decode().splitlines()]
    assert {len(line) for line in lines} == {11}
    assert lines[1][:5] == ["mnist_lab", "", "2026-03-03 11:05:07.120000", "aivanova", "Ivanova"]
    assert lines[1][7:] == ["47", "0", "47", "70"]
    assert lines[2][7:] == ["", "", "", "70"]
    assert set(outcome.files) == {"grades.csv", "feedback/aivanova/mnist_lab/workbook.html"}


FORMULAS = ("=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "＝1")


def test_tables_for_people_calculate_nothing():
    """Names that begin like formulas are shown in CSV and spreadsheet alike; numbers stay numbers."""
    people = [student(number, 47, name=name, group=name) for number, name in enumerate(FORMULAS)]
    grades = grades_of(FACTS, people)
    rows = rows_of(tables.csv_table(FACTS, grades, ExportOptions()).files["grades.csv"])
    assert {row[2][0] for row in rows[1:]} == {row[4][0] for row in rows[1:]} == {"'"}
    book = openpyxl.load_workbook(io.BytesIO(tables.xlsx_table(FACTS, grades, ExportOptions()).files["grades.xlsx"]))
    sheet = list(book.active.iter_rows(min_row=2))
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "inlineStr", "n"}
    assert [row[-2].value for row in sheet] == [47] * len(people)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_name_can_be_written_to_every_table(names):
    """Control characters, halves of pairs, quotes: nothing raises, and CSV rows stay rows."""
    grades = grades_of(FACTS, [student(number, 47, name=name) for number, name in enumerate(names)])
    rows = rows_of(tables.csv_table(FACTS, grades, ExportOptions()).files["grades.csv"])
    assert [row[2] for row in rows[1:]] == [shown_safely(name) for name in names]
    assert tables.xlsx_table(FACTS, grades, ExportOptions()).files
    assert tables.nbgrader_table(grades, ExportOptions(), {}).files


# -- numbers and cells --------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 1000), st.decimals(0, 1000, places=2), st.integers(0, 4))
def test_scaling_is_exact_and_rounded_once_half_up(points, of, to, decimals):
    """Never further than half a step from the exact share, and up when just between."""
    found = scaled(points, of, to, decimals)
    off = Fraction(found) - Fraction(points) * Fraction(to) / of
    assert -Fraction(1, 2 * 10**decimals) < off <= Fraction(1, 2 * 10**decimals)


@settings(deadline=None)
@given(st.decimals(0, 10**9, places=3), st.integers(0, 3), st.sampled_from([".", ","]))
def test_a_written_number_reads_back(value, decimals, separator):
    """In whatever style, without exponents or thousands."""
    value = value.quantize(Decimal(1).scaleb(-decimals))
    text = written(value, NumberFormat(decimals=decimals, separator=separator))
    assert number_of(text) == value
    assert not set(text) - set("0123456789.,")


def test_a_changed_cell_keeps_its_quotes():
    """Where a file quotes, the new text is quoted, also when it need not be."""
    table = parse('a,"b"\r\n1,"2"\r\n', lambda heads: heads == ["a", "b"])
    assert table is not None
    assert table.changed({(1, 0): "3", (1, 1): "4"}) == 'a,"b"\r\n3,"4"\r\n'


CELLS = st.text(
    st.sampled_from(',;\t"\r\n =ab') | st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=4), st.sampled_from(",;\t"), st.data())
def test_a_changed_cell_changes_nothing_else(rows, delimiter, data):
    """The table reads as Python's own reader reads it, before and after, and nothing but the cell differs."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    text = stream.getvalue()
    table = parse(text, lambda heads: heads == rows[0])
    assert table is not None
    assert table.rows == list(csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter))
    assert table.changed({}) == text
    at = (data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 1)))
    new = data.draw(CELLS)
    after = parse(table.changed({at: new}), lambda heads: len(heads) == len(rows[0]))
    assert after is not None
    expected = [list(row) for row in rows]
    expected[at[0]][at[1]] = new
    assert list(csv.reader(io.StringIO(table.changed({at: new}), newline=""), delimiter=table.delimiter)) == expected


# -- the command --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run on disk with its pages, as ``grader grade`` leaves it."""
    folder = tmp_path_factory.mktemp("recorded")
    ledger = Ledger(folder / "run")
    with ledger.opened():
        ledger.write_run(FACTS)
        for result in PEOPLE:
            ledger.write(result)
    render_run(FACTS, ledger.results(), folder / "run", language="ru")
    (folder / "worksheet.csv").write_bytes(WORKSHEET.encode())
    (folder / "gradebook.csv").write_bytes(GRADEBOOK.encode())
    return folder


@dataclass
class Done:
    """What a call of the command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def grader(recorded, monkeypatch, capsys):
    """The real command line, in this process: starting one takes seconds."""

    def call(*arguments):
        monkeypatch.chdir(recorded)
        code, said = 0, ""
        try:
            group([*map(str, arguments)], standalone_mode=False)
        except GraderError as error:
            code, said = error.exit_code, str(error)
        out, err = capsys.readouterr()
        return Done(code, out, err + said)

    return call


def test_the_command_fills_the_worksheet_and_gives_the_account(recorded, grader):
    """The worksheet that was given is not touched; the result, the feedback and the account are beside the run."""
    done = grader(
        "export",
        "run",
        "--to",
        "moodle",
        "--worksheet",
        "worksheet.csv",
        "--feedback-zip",
        "--lang",
        "en",
    )
    assert done.returncode == 0, done.stderr
    assert "Grades to set: 1" in done.stdout
    assert (recorded / "worksheet.csv").read_bytes() == WORKSHEET.encode()
    assert "Warning" not in done.stdout
    made = recorded / "run" / "export" / "moodle"
    assert (made / "worksheet.csv").read_bytes() == filled(language=ENGLISH).files["w.csv"]
    files = moodle_feedback((made / "moodle-feedback.zip").read_bytes(), {"318", "319"})
    assert b"<html" in files["318"]["feedback.html"]


def test_partial_coverage_writes_nothing_unless_allowed(recorded, grader):
    """The account is given, the exit code is that of a wrong call, and no file appears."""
    call = ["export", "run", "--to", "canvas", "--gradebook", "gradebook.csv", "--column", "555", "-o", "out"]
    done = grader(*call)
    assert (done.returncode, (recorded / "out").exists()) == (64, False)
    assert "--allow-partial" in done.stderr
    assert "4021" in done.stderr
    assert grader(*call, "--allow-partial").returncode == 0
    assert (recorded / "out" / "gradebook.csv").read_bytes() == GRADEBOOK.encode()


def test_a_run_that_is_not_finished_is_handed_back_only_if_asked_for(recorded, grader):
    """Nothing is written, the message says how many are missing; with --allow-partial the account names them."""
    shutil.copytree(recorded / "run", recorded / "half")
    ledger = Ledger(recorded / "half")
    standings = [SubmissionInput(student=one.student, files="f", digest="", who=one.who) for one in ledger.standings()]
    ledger.collect([*standings, SubmissionInput(student="17", files="f", digest="d", who=Person(name="Новая Анна"))])
    call = ["export", "half", "--to", "csv", "-o", "half-out"]
    done = grader(*call)
    assert (done.returncode, (recorded / "half-out").exists()) == (64, False)
    assert "not graded yet are 1 of 6 submissions" in done.stderr
    assert "`grader resume half`" in done.stderr
    done = grader(*call, "--allow-partial", "--lang", "en")
    assert (done.returncode, (recorded / "half-out" / "grades.csv").exists()) == (0, True), done.stderr
    assert "Not graded yet and left out: 1 (Новая Анна (17))" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "moodle"], "--worksheet"),
        (["--to", "canvas"], "--gradebook"),
        (["--to", "gradescope"], "--student"),
        (["--to", "moodle", "--worksheet", "worksheet.csv", "-o", "."], "the file that was given"),
        (["--to", "csv", "--feedback-zip", "--column", "5"], "--to csv makes no use of --column, --feedback-zip"),
        (["--to", "csv", "--maximum", "10"], "--to csv makes no use of --maximum"),
        (["--to", "gradescope", "--student", "318", "--worksheet", "worksheet.csv"], "no use of --worksheet"),
    ],
)
def test_a_wrong_call_is_answered_in_one_line(arguments, said, recorded, grader):
    """What is missing is named, and nothing is overwritten."""
    done = grader("export", "run", *arguments)
    assert done.returncode == 64
    assert said in done.stderr
    assert (recorded / "worksheet.csv").read_bytes() == WORKSHEET.encode()


def test_scores_without_an_id_are_left_out_only_if_asked_for(recorded, grader):
    """An empty list would look like an export that worked."""
    shutil.copytree(recorded / "run", recorded / "plain")
    ledger = Ledger(recorded / "plain")
    for result in ledger.results():
        ledger.rename(replace(result, who=Person()))
    call = ["export", "plain", "--to", "lti-scores", "-o", "lti-out"]
    done = grader(*call)
    assert (done.returncode, (recorded / "lti-out").exists()) == (64, False)
    assert "--roster" in done.stderr
    assert grader(*call, "--allow-partial").returncode == 0


def test_every_other_format_is_one_call(recorded, grader):
    """CSV, spreadsheet, LTI, nbgrader and one submission's results.json."""
    for system, name in {"csv": "grades.csv", "xlsx": "grades.xlsx", "lti-scores": "lti-scores.json"}.items():
        done = grader("export", "run", "--to", system, "-o", f"{system}-out")
        assert (done.returncode, (recorded / f"{system}-out" / name).is_file()) == (0, True), done.stderr
    assert grader("export", "run", "--to", "nbgrader", "-o", "nb").returncode == 0
    done = grader("export", "run", "--to", "gradescope", "--student", "318", "-o", "deep/results.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((recorded / "deep" / "results.json").read_text())["score"] == 47
    for name in ("Иванова Анна", "Иванова Анна (318)"):
        done = grader("export", "run", "--to", "gradescope", "--student", name, "-o", "named/results.json")
        assert done.returncode == 0, done.stderr


def test_no_export_writes_over_another(recorded, grader):
    """Each has a folder of its own, and so has each student's results.json."""
    calls = [["--to", "csv"], ["--to", "nbgrader"], ["--to", "gradescope", "--student", "318"]]
    calls += [["--to", "gradescope", "--student", "319"]]
    places = [grader("export", "run", *call).stdout.splitlines()[-1] for call in calls]
    assert len({(recorded / place).read_bytes() for place in places}) == len(set(places)) == 4


# -- previews -----------------------------------------------------------------------------------------------------

PREVIEW = replace(FACTS, profile="quick")
ON_SAMPLES = replace(FACTS, datasets=tuple(replace(one, edition="sample") for one in FACTS.datasets))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (PREVIEW, "A preview: the grade is decided by a run with the full profile."),
        (ON_SAMPLES, "Offline samples stand in for: mnist."),
        (FACTS, None),
    ],
)
def test_a_comment_says_that_a_grade_is_a_preview(facts, said):
    """First of all, in every format that has comments; LTI platforms are told that the grade is pending."""
    (grade,) = grades_of(facts, [student(318, 47)])
    moodles = moodle.export(WORKSHEET.encode(), "w.csv", [grade], ExportOptions(), ENGLISH).files["w.csv"].decode()
    scopes = json.loads(gradescope.export([grade], ENGLISH, student=None, maximum=None).files["results.json"])
    outcome = tables.lti_scores(facts, [grade], ExportOptions(), ENGLISH)
    (score,) = json.loads(outcome.files["lti-scores.json"])
    first = (re.search(r"<p class=.*?>(.*?)<br>", moodles)[1], scopes["output"].splitlines()[0])
    first += (score["comment"].splitlines()[0],)
    assert set(first) == {said or "Task 1. A binary classifier of 20 features: 20 of 20"}
    assert score["gradingProgress"] == ("Pending" if said else "FullyGraded")
    assert any("pending" in ENGLISH.say(line) for line in outcome.account.lines()) == bool(said)


@pytest.mark.parametrize("system", ["csv", "xlsx", "lti-scores", "nbgrader"])
def test_every_account_warns_of_a_preview(system, recorded, grader):
    """Nobody hands back grades of a trial run without having been told."""
    ledger = Ledger(recorded / "run")
    ledger.write_run(replace(PREVIEW, datasets=ON_SAMPLES.datasets))
    try:
        said = grader("export", "run", "--to", system, "--lang", "en").stdout
    finally:
        ledger.write_run(FACTS)
    assert "Warning: these are grades of a preview" in said
    assert "Warning: these are grades on offline samples, which stood in for: mnist." in said
