"""Rosters: who there is, by whatever columns a table has."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.collect import gather, read_roster
from grader.errors import UsageError
from grader.records import Person
from tests.exchange import archives
from tests.exchange.archives import NOTEBOOK, folder, packed

WORKSHEET = (
    'Идентификатор,"Полное имя","Адрес электронной почты",Статус,Группы,Оценка\r\n'
    'Участник318,"Иванова Анна",anna@example.edu,x,ИВТ-1,\r\n'
    'Участник319,<span class="usersuspended">Ким Олег</span>,kim@example.edu,x,ИВТ-2,\r\n'
    "Участник321,'=Фёдоров Пётр,fedorov@example.edu,x,ИВТ-2,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_worksheet_is_a_roster_in_whatever_encoding(encoding, separator, tmp_path):
    """As Moodle writes it, as Russian Excel saves it, with ids, without the LMS's marks around names."""
    rows = list(csv.reader(io.StringIO(WORKSHEET)))
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator).writerows(rows)
    path = tmp_path / "worksheet.csv"
    path.write_bytes(("sep=;\r\n" * (separator == ";") + stream.getvalue()).encode(encoding))
    assert read_roster(path) == (
        Person(id="318", name="Иванова Анна", email="anna@example.edu", group="ИВТ-1"),
        Person(id="319", name="Ким Олег", email="kim@example.edu", group="ИВТ-2"),
        Person(id="321", name="=Фёдоров Пётр", email="fedorov@example.edu", group="ИВТ-2"),
    )


def test_canvas_gradebook_is_a_roster(tmp_path):
    """Its rows that are no students are passed over; all its ids find the student."""
    path = tmp_path / "gradebook.csv"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,MNIST lab (555)\n    Points Possible,,,,,10.00\n"
        '"Ivanova, Anna",4021,S-17,aivanova,ML-1,8.5\n"Student, Test",9,,,ML-1,\n'
    )
    ivanova = Person(id="4021", name="Ivanova, Anna", group="ML-1", other_ids=("S-17", "aivanova"))
    assert read_roster(path) == (ivanova,)


def test_a_spreadsheet_is_a_roster(tmp_path):
    """Excel's numbers are ids, without a decimal point; empty rows are none."""
    book = openpyxl.Workbook()
    for row in (["ID", "Фамилия", "Имя", "Отчество", "Группа"], [4021.0, "Ким", "Олег", None, "1"], [None] * 5):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert read_roster(tmp_path / "list.xlsx") == (Person(id="4021", name="Ким Олег", group="1"),)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"x,y\n1,2\n", "found: x, y; expected some of"),
        ("a.csv", b"", "found: nothing"),
        ("a.csv", b"\x98\xff\x98", "expected a CSV file"),
        ("a.xlsx", b"no", "no XLSX file"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_what_is_no_roster_is_refused_in_one_line(name, content, said, tmp_path):
    """The lecturer learns which columns are looked for."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_roster(tmp_path / name)


def roster(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def gathered(files, text, tmp_path):
    path = tmp_path / "download.zip"
    path.write_bytes(packed(files))
    intake = gather([path], roster=roster(tmp_path, text), into=tmp_path)
    return {one.student: one for one in intake.submissions}, intake


def test_a_roster_joins_by_id_and_shows_who_handed_in_nothing(tmp_path):
    """Names, e-mails and groups come from it; whoever is missing is there, and a stranger is named."""
    found, intake = gathered(archives.MOODLE_FOLDERS, WORKSHEET, tmp_path)
    assert (found["318"].who.email, found["318"].who.group) == ("anna@example.edu", "ИВТ-1")
    assert (found["321"].absent, found["321"].notebooks, found["321"].delivery.source) == (True, (), "moodle")
    assert [student for student, one in found.items() if one.absent] == ["321"]
    assert intake.strangers == ("Ким Олег",)
    assert found["320"].who.group == "", "a namesake is not taken for another"


def test_an_id_of_another_system_finds_the_student_too(tmp_path):
    """Canvas's number, the login or the e-mail: whichever the roster has."""
    text = "SIS Login ID,Name,ID\naivanova,Ivanova,4021\nokim,Kim,4022\n"
    found, _ = gathered(archives.CANVAS, text, tmp_path)
    assert found["4021"].who.name == "Ivanova"
    assert found["4021"].who.other_ids == ("aivanova",)


def test_a_plain_folder_is_found_by_a_name_that_one_person_has(tmp_path):
    """Where there is no id, a name decides if it is unique, however it is spelled; namesakes are not guessed."""
    root = folder(
        {"иванова  анна/a.ipynb": NOTEBOOK, "Ким Олег/a.ipynb": NOTEBOOK, "p.petrov/a.ipynb": NOTEBOOK}, tmp_path / "c"
    )
    text = "Логин,ФИО\naivanova,Иванова Анна\nokim,Ким Олег\nokim2,Ким Олег\np.petrov,Петров Пётр\n"
    intake = gather([root], roster=roster(tmp_path, text))
    found = {one.student: one for one in intake.submissions}
    assert {student: one.who.id for student, one in found.items() if not one.absent} == {
        "Ким Олег": "",
        "p.petrov": "p.petrov",
        "иванова  анна": "aivanova",
    }
    assert intake.strangers == ("Ким Олег",)
    assert sorted(student for student, one in found.items() if one.absent) == ["okim", "okim2"]


def test_several_submissions_of_one_person_are_told(tmp_path):
    """One folder goes by the login and one by the name: whoever grades must know before grades are handed back."""
    root = folder(
        {"aivanova/a.ipynb": NOTEBOOK, "Иванова Анна/b.ipynb": NOTEBOOK, "petrov@example.edu/a.ipynb": NOTEBOOK},
        tmp_path / "c",
    )
    text = "Логин,ФИО,Почта\naivanova,Иванова Анна,\np.petrov,Петров Пётр,petrov@example.edu\nokim,Ким Олег,\n"
    intake = gather([root], roster=roster(tmp_path, text))
    (told,) = intake.doubled
    assert (told.values["person"], told.values["names"]) == ("Иванова Анна", "aivanova, Иванова Анна")
    assert gather([root]).doubled == ()


def test_a_single_submission_is_joined_too(tmp_path):
    """With ``--single`` the folder's name is what a roster may know."""
    root = folder({"a.ipynb": NOTEBOOK}, tmp_path / "okim")
    intake = gather([root], single=True, roster=roster(tmp_path, "Login,Name\nokim,Kim\n"))
    assert [(one.student, one.who.name, one.absent) for one in intake.submissions] == [("okim", "Kim", False)]


def test_a_team_stands_for_all_its_members(tmp_path):
    """Moodle's archive has the group's number, the worksheet the members': nobody of the team handed in nothing."""
    text = "Идентификатор,Полное имя,Группы\nУчастник41,Ким,Команда Б\nУчастник2,Ли,Команда А\nУчастник3,Цой,Команда А\nУчастник4,Юн,Команда В\n"
    found, _ = gathered(archives.MOODLE_TEAMS, text, tmp_path)
    assert [student for student, one in found.items() if one.absent] == ["4"]
    assert {student: one.who.group for student, one in found.items() if not one.absent} == {
        "41": "Команда А",
        "42": "Команда Б",
        "Группа по умолчанию": "",
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=5))
def test_any_cells_make_a_roster(rows):
    """Whatever stands in a table, reading it ends in people and never in a fault."""
    import tempfile
    from pathlib import Path

    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["ID", "Name", "Email"], *rows])
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "r.csv"
        path.write_bytes(stream.getvalue().encode("utf-8", "replace"))
        for person in read_roster(path):
            assert person.id
