"""Archives and folders of LMSs → submissions."""

from __future__ import annotations

import io
import itertools
import os
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.collect import archive, gather
from grader.drive.notebook import code_cells, read_notebook
from grader.errors import UsageError
from grader.language import Language
from tests.exchange import archives
from tests.exchange.archives import NOTEBOOK, folder, packed


def given_as(way, files, tmp_path, name="download"):
    """The files as an archive, an unpacked folder, or an archive with a folder around everything."""
    if way == "folder":
        return folder(files, tmp_path / name)
    wrapped = {f"lab 1-318/{one}": content for one, content in files.items()} if way == "wrapped" else files
    path = tmp_path / f"{name}.zip"
    path.write_bytes(packed(wrapped))
    return path


def told(submissions):
    return {one.student: [notebook.name for notebook in one.notebooks] for one in submissions}


def said(message):
    return Language("en").say(message)


EXPECTED = {
    "moodle-folders": ("moodle", {"318": ["lab1.ipynb"], "319": ["lab1.ipynb"], "320": []}),
    "moodle-old": ("moodle", {"318": ["lab1.ipynb"], "319": ["lab1.ipynb"], "320": []}),
    "moodle-flat": ("moodle", {"318": ["lab1.ipynb"], "319": ["lab1.ipynb"], "320": []}),
    "moodle-blind": ("moodle", {"318": ["lab1.ipynb"], "319": ["lab1.ipynb"]}),
    "moodle-english": ("moodle", {"5": ["lab1.ipynb"], "6": ["lab_1_2.ipynb"]}),
    "moodle-teams": ("moodle", {"41": ["lab1.ipynb"], "42": ["lab1.ipynb"], "Группа по умолчанию": ["lab1.ipynb"]}),
    "canvas": (
        "canvas",
        {
            "4021": ["lab1.ipynb", "part2.ipynb"],
            "4022": ["lab1-1.ipynb"],
            "4023": ["lab1.ipynb"],
            "4025": [],
            "anon-aB3xQ": ["lab1.ipynb"],
        },
    ),
    "gradescope": ("gradescope", {"901": ["lab1.ipynb"]}),
    "gradescope-export": ("gradescope", {"11": ["lab1.ipynb"], "12": ["lab1.ipynb"]}),
    "nbgrader": ("nbgrader", {"aivanova": ["lab1.ipynb"], "okim": ["lab1.ipynb"]}),
    "nbgrader-inbound": ("nbgrader", {"aivanova": ["lab1.ipynb"]}),
}


@pytest.mark.parametrize("way", ["archive", "folder", "wrapped"])
@pytest.mark.parametrize("layout", EXPECTED)
def test_a_layout_is_told_by_its_names(layout, way, tmp_path):
    """Packed, unpacked, or packed again with a folder around it: the same students with the same notebooks."""
    source, expected = EXPECTED[layout]
    intake = gather([given_as(way, archives.LAYOUTS[layout], tmp_path)], into=tmp_path)
    assert told(intake.submissions) == expected
    assert intake.sources == (source,)
    forced = gather([given_as(way, archives.LAYOUTS[layout], tmp_path, "again")], source=source, into=tmp_path)
    assert told(forced.submissions) == expected
    assert [one.digest for one in forced.submissions] == [one.digest for one in intake.submissions]


@pytest.mark.parametrize("way", ["archive", "folder"])
def test_a_plain_class_is_told_by_its_folders(way, tmp_path):
    """What packing ``class/`` gives is the class, and what systems leave behind is nobody's."""
    files = archives.LAYOUTS["class"]
    path = given_as(way, files, tmp_path, "class")
    intake = gather([path / "class" if way == "folder" else path], into=tmp_path)
    assert told(intake.submissions) == {"ivanova": ["task1.ipynb", "task2.ipynb"], "kim": ["kim.ipynb"]}


def test_a_forced_layout_that_is_not_there_is_refused(tmp_path):
    """The lecturer learns that the option does not fit, and loses nothing."""
    with pytest.raises(UsageError, match="--from canvas"):
        gather([given_as("archive", archives.MOODLE_FLAT, tmp_path)], source="canvas", into=tmp_path)


def test_a_file_of_somebodys_between_those_of_canvas_changes_nothing(tmp_path):
    """A lecturer's list is passed over; whatever else was put there is named."""
    files = {"4021_ivanova.docx": "x", "list.csv": "x"} | archives.CANVAS
    found = told(gather([folder(files, tmp_path / "class")]).submissions)
    assert set(found) == {*EXPECTED["canvas"][1], "4021_ivanova"}


def test_a_folder_that_only_looks_like_canvas_is_a_folder(tmp_path):
    """One notebook that no LMS named makes all of them ordinary files."""
    root = folder({"task_1_2_final.ipynb": NOTEBOOK, "other.ipynb": NOTEBOOK}, tmp_path / "class")
    assert list(told(gather([root]).submissions)) == ["other", "task_1_2_final"]


def by_student(intake):
    return {one.student: one for one in intake.submissions}


def test_moodle_gives_names_that_two_people_may_share(tmp_path):
    """Identity is the number; homonyms stay apart, and files of all kinds of answers belong to the submission."""
    found = by_student(gather([given_as("archive", archives.MOODLE_FLAT, tmp_path)], into=tmp_path))
    assert [found[one].who.name for one in ("318", "319", "320")] == ["Иванова Анна", "Ким Олег", "Ким Олег"]
    assert [found[one].who.id for one in found] == ["318", "319", "320"]
    assert found["318"].others == ("my_own_data.csv", "onlinetext.html")
    assert "отчёт.pdf" in said(found["320"].instead)


def test_blind_marking_gives_no_names(tmp_path):
    """The word that stands for every name is none, in whatever language; alone it is known from a list."""
    files = archives.MOODLE_BLIND
    alone = dict(itertools.islice(files.items(), 1))
    foreign = {name.replace("Участник", "Deltagare"): content for name, content in files.items()}
    for number, one in enumerate((files, alone, foreign)):
        intake = gather([given_as("archive", one, tmp_path, str(number))], into=tmp_path)
        assert {submission.who.name for submission in intake.submissions} == {""}


def test_canvas_carries_late_flags_and_hidden_names(tmp_path):
    """LATE is a flag and no name; anonymous users have an id only; a link is answered with what to hand in."""
    found = by_student(gather([given_as("archive", archives.CANVAS, tmp_path)], into=tmp_path))
    assert {student: one.delivery.late for student, one in found.items()} == {
        "4021": False,
        "4022": True,
        "4023": False,
        "4025": False,
        "anon-aB3xQ": True,
    }
    assert [found[one].who.name for one in ("4021", "4023", "anon-aB3xQ")] == ["ивановаанна", "late", ""]
    assert "link" in said(found["4025"].instead)


def test_gradescope_is_late_by_its_own_times(tmp_path):
    """The moment of handing in is held against the due date, never the clock of this machine."""
    (one,) = gather([given_as("folder", archives.GRADESCOPE, tmp_path)]).submissions
    assert (one.who.name, one.who.email, one.delivery.late) == ("Anna Ivanova", "anna@example.edu", True)
    assert one.delivery.earlier == ("2026-03-01T10:00:00.000000-05:00",)


@pytest.mark.parametrize(
    "metadata", ["", "[]", '{"users": 3}', '{"users": [{"id": {}}], "created_at": "x"}', "[" * 9999]
)
def test_broken_metadata_of_gradescope_cost_nothing(metadata, tmp_path):
    """The notebook is graded whatever stands in the file beside it."""
    folder({"submission/lab.ipynb": NOTEBOOK, "submission_metadata.json": metadata}, tmp_path)
    (one,) = gather([tmp_path], source="gradescope").submissions
    assert (len(one.notebooks), one.delivery.late) == (1, None)


def test_nbgrader_keeps_its_own_files_and_its_times(tmp_path):
    """The secret is not handed to the notebook; the time is the submission's."""
    found = by_student(gather([given_as("folder", archives.NBGRADER, tmp_path)]))
    assert found["aivanova"].others == ()
    assert found["aivanova"].delivery.received == "2026-03-03T11:05:07.120000+00:00"
    assert found["okim"].delivery.received == ""


def test_of_several_assignments_one_must_be_named(tmp_path):
    """Grading all of them against one workbook would be nonsense."""
    root = folder(archives.NBGRADER | {"submitted/okim/other/x.ipynb": NOTEBOOK}, tmp_path)
    with pytest.raises(UsageError, match="mnist_lab, other"):
        gather([root])
    with pytest.raises(UsageError, match="--assignment nonsense"):
        gather([root], assignment="nonsense")
    assert told(gather([root], assignment="other").submissions) == {"okim": ["x.ipynb"]}


def test_of_several_attempts_the_latest_counts(tmp_path):
    """By the exchange's own times; the earlier one is named."""
    (one,) = gather([given_as("folder", archives.NBGRADER_INBOUND, tmp_path)]).submissions
    assert one.notebooks[0].path.read_text() == NOTEBOOK + "   "
    assert one.delivery.earlier == ("2026-03-01T11:05:07.120000+00:00",)


def test_a_second_download_is_another_attempt(tmp_path):
    """The same number in two archives is one student; the newer files count, in whatever order they are given."""
    paths = []
    for day, name in ((9, "new"), (2, "old")):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packing:
            info = zipfile.ZipInfo("Ким Олег_319_assignsubmission_file/lab.ipynb", (2026, 3, day, 12, 0, 0))
            packing.writestr(info, NOTEBOOK + name)
        paths.append(tmp_path / f"{name}.zip")
        paths[-1].write_bytes(stream.getvalue())
    for order in (paths, paths[::-1]):
        (one,) = gather(order, into=tmp_path).submissions
        assert one.notebooks[0].path.read_text().endswith("new")
        assert one.delivery.earlier == ("old.zip",)


def test_a_copy_a_browser_numbered_replaces_what_it_copies(tmp_path):
    """``lab (1).ipynb`` beside ``lab.ipynb`` is the later save; other notebooks stay."""
    names = (
        "lab.ipynb",
        "lab (1).ipynb",
        "lab (2).ipynb",
        "other.ipynb",
        "alone (1).ipynb",
        "task-1.ipynb",
        "task-2.ipynb",
    )
    (one,) = gather([folder({f"kim/{name}": NOTEBOOK for name in names}, tmp_path)]).submissions
    assert [notebook.name for notebook in one.notebooks] == [
        "alone (1).ipynb",
        "lab (2).ipynb",
        "other.ipynb",
        "task-1.ipynb",
        "task-2.ipynb",
    ]
    assert one.delivery.earlier == ("lab (1).ipynb", "lab.ipynb")
    (remark,) = one.delivery.remarks
    assert "Older copies were set aside" in said(remark)
    assert said(remark).endswith(": lab (1).ipynb, lab.ipynb")


def test_numbers_of_a_students_own_are_no_copies(tmp_path):
    """Where no ``lab.ipynb`` lies beside them, ``lab (0).ipynb`` to ``lab (2).ipynb`` are three tasks."""
    names = [f"Задание ({number}).ipynb" for number in (0, 1, 2)]
    (one,) = gather([folder({f"kim/{name}": NOTEBOOK for name in names}, tmp_path)]).submissions
    assert [notebook.name for notebook in one.notebooks] == names
    assert (one.delivery.earlier, one.delivery.remarks) == ((), ())


def test_a_students_own_archive_is_opened_to_two_levels(tmp_path):
    """An archive in the LMS's is opened, one in that is not, and the student learns it."""
    third = packed({"deep.ipynb": NOTEBOOK})
    second = packed({"solution/lab.ipynb": NOTEBOOK, "solution/data.csv": "1", "more.zip": third})
    files: archives.Files = {"Ким Олег_319_assignsubmission_file/my.zip": second}
    (one,) = gather([given_as("archive", files, tmp_path)], into=tmp_path).submissions
    assert [notebook.name for notebook in one.notebooks] == ["my/solution/lab.ipynb"]
    assert [name for name, _ in one.notebooks[0].beside] == ["data.csv"]
    assert one.others == ("my/more.zip", "my/solution/data.csv", "my/more.zip (refused)")
    assert "Pack once" in said(one.delivery.remarks[0])


def test_an_archive_beside_a_notebook_may_be_its_data(tmp_path):
    """It goes along as it is, and notebooks in it are found; one level deeper it is data and nothing to refuse."""
    data = packed({"x.csv": "1", "part2.ipynb": NOTEBOOK, "deep.zip": packed({"y.csv": "2"})})
    (one,) = gather([folder({"kim/lab.ipynb": NOTEBOOK, "kim/data.zip": data}, tmp_path)]).submissions
    assert [notebook.name for notebook in one.notebooks] == ["lab.ipynb", "data/part2.ipynb"]
    assert [name for name, _ in one.notebooks[0].beside] == [
        "data.zip",
        "data/deep.zip",
        "data/deep/y.csv",
        "data/x.csv",
    ]
    assert one.delivery.remarks == ()


def test_all_archives_of_a_student_share_one_room(tmp_path, monkeypatch):
    """Many archives, each just below the limit, are no way to fill a disk."""
    monkeypatch.setattr("grader.collect.opening.STUDENT", archive.Bounds(members=100, bytes=3 << 20))
    parts = {f"kim/{number}.zip": packed({"x.bin": os.urandom(1 << 20)}) for number in range(5)}
    (one,) = gather([folder({**parts, "kim/lab.ipynb": NOTEBOOK}, tmp_path / "class")], into=tmp_path).submissions
    assert len(one.delivery.remarks) == 2
    assert "larger than 0 MiB" in said(one.delivery.remarks[0])


def test_a_link_is_told_to_whoever_handed_it_in(tmp_path):
    """Not only that nothing is there: what it was that was not taken."""
    folder({"kim/a.ipynb": NOTEBOOK}, tmp_path)
    (tmp_path / "li.ipynb").symlink_to(tmp_path / "kim" / "a.ipynb")
    assert "could not be taken: li.ipynb (a link)" in said(by_student(gather([tmp_path]))["li"].instead)


def test_a_zip_in_a_class_folder_is_one_student(tmp_path):
    """Students' archives lie beside folders and notebooks."""
    root = folder(
        {"kim.zip": packed({"a/lab.ipynb": NOTEBOOK, "b/lab.ipynb": NOTEBOOK}), "ivanova.ipynb": NOTEBOOK}, tmp_path
    )
    assert told(gather([root]).submissions) == {
        "ivanova": ["ivanova.ipynb"],
        "kim": ["kim/a/lab.ipynb", "kim/b/lab.ipynb"],
    }


def test_single_takes_an_archive_as_one_submission(tmp_path):
    """A student's own archive, checked alone."""
    path = given_as("archive", {"a.ipynb": NOTEBOOK, "b/c.ipynb": NOTEBOOK}, tmp_path, "me")
    (one,) = gather([path], single=True, into=tmp_path).submissions
    assert (one.student, len(one.notebooks)) == ("me", 2)


# -- hostile archives ---------------------------------------------------------------------------------------------


def test_nothing_leaves_the_archives_own_folder(tmp_path):
    """Absolute names, ``..``, links, devices, bombs and encrypted members are refused with a reason, and recorded."""
    room = tmp_path / "a" / "b" / "room"
    room.mkdir(parents=True)
    (tmp_path / "h.zip").write_bytes(archives.hostile())
    before = {path for path in tmp_path.rglob("*") if room not in path.parents}
    intake = gather([tmp_path / "h.zip"], into=room)
    assert {path for path in tmp_path.rglob("*") if room not in path.parents} == before
    assert not any(path.is_symlink() for path in room.rglob("*"))
    found = by_student(intake)
    assert {student: len(one.notebooks) for student, one in found.items()} == {
        "_con": 1,
        "bomb": 0,
        "clash": 0,
        "device": 0,
        "good": 1,
        "linked": 0,
        "lzma": 0,
        "secret": 0,
        "twice": 2,
    }
    reasons = {student: said(one.instead) for student, one in found.items() if not one.notebooks}
    for student, words in {
        "bomb": "bomb",
        "device": "device",
        "linked": "a link",
        "lzma": "method 14",
        "secret": "without a password",
    }.items():
        assert words in reasons[student], reasons[student]
    outside = " ".join(map(said, intake.remarks))
    for words in ("../escape/lab.ipynb: its name leads out", "/etc/absolute", "C:/windows", "back.ipynb", "same name"):
        assert words in outside, outside


def test_a_bomb_of_many_members_is_refused_whole(tmp_path):
    """A student's archive with too many files, or too large in all, is not taken at all; the others are graded."""
    many = packed({f"{number}.txt": "" for number in range(archive.STUDENT.members + 1)})
    root = folder(
        {"many.zip": many, "ok.ipynb": NOTEBOOK, "no.zip": "PK\3\4 no archive", "cut.zip": many[:-30]}, tmp_path
    )
    found = by_student(gather([root]))
    assert "may hold 2,000" in said(found["many"].instead)
    assert "no ZIP archive" in said(found["no"].instead)
    assert "no ZIP archive" in said(found["cut"].instead)
    assert found["ok"].notebooks


def test_what_unpacks_beyond_the_total_is_refused_whole_and_removed(tmp_path):
    """Sizes are counted as they come, whatever the headers say, and nothing stays on the disk."""
    path = tmp_path / "large.zip"
    path.write_bytes(packed({f"{number}.bin": os.urandom(1 << 20) for number in range(4)}))
    room = tmp_path / "room"
    room.mkdir()
    with pytest.raises(archive.RefusedError, match="larger"):
        archive.unpack(path, room, archive.Bounds(members=10, bytes=3 << 20))
    assert list(room.iterdir()) == []


def test_a_class_archive_that_is_none_is_the_lecturers_to_mend(tmp_path, monkeypatch):
    """One line that names the file."""
    (tmp_path / "x.zip").write_text("not an archive")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rf"^in {tmp_path}: x\.zip: it is no ZIP archive, or a damaged one"):
        gather([Path("x.zip")])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 10_000))
def test_damaged_archives_never_raise_anything_else(junk, cut):
    """Whatever a file holds, it is opened or refused."""
    whole = archives.hostile() if cut % 7 == 0 else packed(archives.CLASS)
    at = cut % len(whole)
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "x.zip"
        path.write_bytes(whole[:at] + junk + whole[at + len(junk) // 2 :])
        try:
            unpacked = archive.unpack(path, Path(room), archive.STUDENT)
        except archive.RefusedError:
            return
        assert all(one.resolve().is_relative_to(unpacked.folder) for one in unpacked.folder.rglob("*"))


# -- names --------------------------------------------------------------------------------------------------------

FIRST = ("Анна", "Олег", "Ёлка", "Жанна", "Фёдор", "Щорс", "Юлия", "Эрик")
LAST = ("Иванова", "Ким", "Щукин", "Объедкова", "Цой", "Хъуламыш", "Дьяченко", "Ля")


def names_in(content):
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "x.zip"
        path.write_bytes(content)
        root = archive.unpack(path, Path(room), archive.STUDENT).folder
        return {one.relative_to(root).as_posix() for one in root.rglob("*") if one.is_file()}


@settings(max_examples=80, deadline=None)
@given(
    st.sets(st.tuples(st.sampled_from(LAST), st.sampled_from(FIRST)), min_size=1, max_size=5),
    st.sampled_from(["cp866", "cp1251", "utf-8"]),
    st.sampled_from(["лаба {}.ipynb", "Lab{}.ipynb", "РТ7-{}.ipynb", "задание{}.IPYNB"]),
)
def test_russian_names_come_out_right_in_whatever_encoding(people, encoding, pattern):
    """cp866 as Windows packs, cp1251 as some tools do, UTF-8 without its flag: decided by the letters."""
    files: archives.Files = {
        f"{last} {first}_{number}/{pattern.format(number)}": NOTEBOOK
        for number, (last, first) in enumerate(sorted(people))
    }
    assert names_in(archives.with_raw_names(files, encoding)) == set(files)


def test_names_of_macos_are_composed():
    """Decomposed letters without the UTF-8 flag become the usual ones; so do those of unpacked folders."""
    files: archives.Files = {"Йод Фёдор/лабораторная.ipynb": NOTEBOOK}
    assert names_in(archives.with_raw_names(files, "utf-8", form="NFD")) == set(files)


def test_an_unpacked_folder_with_decomposed_names_is_the_same_student(tmp_path):
    """A folder from macOS and one from Windows give one label."""
    root = folder({unicodedata.normalize("NFD", "Фёдор й/лаба.ipynb"): NOTEBOOK}, tmp_path)
    assert [one.student for one in gather([root]).submissions] == ["Фёдор й"]


def test_the_unicode_path_field_wins():
    """Info-ZIP's extra field holds the name that the old one could not."""
    files: archives.Files = {"Иванова Анна/日本.ipynb": NOTEBOOK}
    assert names_in(archives.with_raw_names(files, "ascii", extra=True)) == set(files)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), min_size=1, max_size=6, unique=True
    )
)
def test_any_name_stays_inside_and_costs_nobody_else(names):
    """Whatever members are called, they lie inside the folder or are refused, and the ordinary one is there."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packing:
        for name in ["fine/lab.ipynb", *names]:
            packing.writestr(zipfile.ZipInfo(name), NOTEBOOK)
    found = names_in(stream.getvalue())
    assert "fine/lab.ipynb" in found
    assert not any(part in ("..", "") for name in found for part in name.split("/"))


# -- not a notebook -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.pdf": "%PDF"}, "copy for reading"),
        ({"a.docx": "x", "a.html": "<html>"}, "copy for reading"),
        ({"a.rar": "Rar!"}, "archive was handed in that cannot be opened"),
        ({"a.7z": "7z"}, "archive was handed in that cannot be opened"),
        ({"a.py": "print(1)"}, "without the cells"),
        ({"a.docx": ""}, "is empty"),
        ({"onlinetext.html": '<a href="https://colab.research.google.com/drive/1x">x</a>'}, "A link was handed in"),
        ({"a.bin": "x"}, "No notebook was handed in"),
    ],
)
def test_whatever_is_no_notebook_is_answered_with_what_to_hand_in(files, words, tmp_path):
    """The reason names what came, and says how to get the right file."""
    (one,) = gather([folder({f"kim/{name}": content for name, content in files.items()}, tmp_path)]).submissions
    assert not one.notebooks
    assert words in said(one.instead)
    assert ".ipynb" in said(one.instead)


def test_an_empty_folder_of_a_student_is_told(tmp_path):
    """Somebody whose folder holds nothing is named too."""
    folder({"kim/a.ipynb": NOTEBOOK}, tmp_path)
    (tmp_path / "ivanova").mkdir()
    assert "Nothing lies" in said(by_student(gather([tmp_path]))["ivanova"].instead)


@pytest.mark.parametrize("packed_up", [False, True])
def test_a_student_who_handed_in_only_a_checkpoint_is_told(packed_up, tmp_path):
    """It is an old copy in a hidden folder: nobody's work, but worth a word where there is no other notebook."""
    files: archives.Files = {"lab/.ipynb_checkpoints/lab-checkpoint.ipynb": NOTEBOOK, "lab/data.csv": "1"}
    given_: archives.Files = (
        {"kim.zip": packed(files)} if packed_up else {f"kim/{name}": one for name, one in files.items()}
    )
    (one,) = gather([folder(given_, tmp_path)]).submissions
    assert not one.notebooks
    assert "makes by itself was handed in (.ipynb_checkpoints): lab-checkpoint.ipynb" in said(one.instead)


COLAB = '''# -*- coding: utf-8 -*-
"""lab7.ipynb

Automatically generated by Colab.

Original file is located at
    https://colab.research.google.com/drive/1AbC
"""

# Commented out IPython magic to ensure Python compatibility.
# %matplotlib inline
import keras

"""# Task 1"""

model = keras.Sequential()

model.summary()
'''


@pytest.mark.parametrize(
    ("program", "cells"),
    [
        ("# %%\nx = 1\n# %% [markdown]\n# words\n# %%\ny = x\n", ["x = 1", "y = x"]),
        ("#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\nx = 1\n\n\n# In[2]:\n\n\ny = x\n", None),
        (COLAB, None),
    ],
)
def test_a_program_with_cells_is_a_notebook(program, cells, tmp_path):
    """Colab's export, ``# %%`` and nbconvert's marks are graded as the notebook they were; twice to the same bytes."""
    root = folder({"kim/lab.py": program.replace("\n", "\r\n")}, tmp_path / "class")
    first, second = (gather([root], into=tmp_path).submissions[0] for _ in range(2))
    (notebook,) = first.notebooks
    assert notebook.name == "lab.py"
    assert first.digest == second.digest
    sources = [source for _, source in code_cells(read_notebook(notebook.path))]
    assert cells is None or sources == cells
    compile("\n".join(sources).replace("%matplotlib inline", ""), "lab", "exec")
    assert any("x = 1" in source or "keras.Sequential()" in source for source in sources)


def test_a_program_beside_a_notebook_is_a_helper(tmp_path):
    """Marks of cells in it change nothing where there is a notebook."""
    (one,) = gather([folder({"kim/lab.ipynb": NOTEBOOK, "kim/help.py": "# %%\nx = 1"}, tmp_path)]).submissions
    assert ([notebook.name for notebook in one.notebooks], one.others) == (["lab.ipynb"], ("help.py",))


def test_a_notebook_with_the_ending_of_a_browser_is_a_notebook(tmp_path):
    """``lab.ipynb.txt`` is what some browsers save."""
    root = folder({"kim.ipynb.txt": NOTEBOOK, "list.txt": "kim"}, tmp_path)
    assert told(gather([root]).submissions) == {"kim": ["kim.ipynb.txt"]}
