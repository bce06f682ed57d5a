"""Finding submissions."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.collect import collect, collect_one, gather
from grader.errors import UsageError
from grader.language import Language


def said(message):
    return Language("en").say(message)


def put(path: Path, content: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_folder_is_one_student_and_a_notebook_outside_folders_another(tmp_path):
    """Sub-folders hold one student's notebooks; loose notebooks are submissions of their own."""
    put(tmp_path / "ivanov" / "task1.ipynb")
    put(tmp_path / "ivanov" / "task2.ipynb")
    put(tmp_path / "petrov.ipynb")
    found = collect([tmp_path])
    assert [(s.student, [n.name for n in s.notebooks]) for s in found] == [
        ("ivanov", ["task1.ipynb", "task2.ipynb"]),
        ("petrov", ["petrov.ipynb"]),
    ]


def test_files_beside_a_notebook_go_with_it_and_only_those(tmp_path):
    """A helper in the same folder is handed in; one in another student's folder is not."""
    put(tmp_path / "a" / "n.ipynb")
    put(tmp_path / "a" / "helper.py")
    put(tmp_path / "b" / "n.ipynb")
    put(tmp_path / "b" / "other.py")
    first = collect([tmp_path])[0]
    assert first.notebooks[0].beside == (("helper.py", tmp_path / "a" / "helper.py"),)


def test_what_systems_leave_behind_is_ignored(tmp_path):
    """Checkpoints, macOS forks and office locks are no submissions."""
    put(tmp_path / "a" / "n.ipynb")
    put(tmp_path / "a" / ".ipynb_checkpoints" / "n-checkpoint.ipynb")
    put(tmp_path / "__MACOSX" / "._n.ipynb")
    put(tmp_path / "~$n.ipynb")
    assert [s.student for s in collect([tmp_path])] == ["a"]


def test_a_link_is_never_followed(tmp_path):
    """Neither a link to a notebook nor one to a folder brings anything in; a linked notebook is named."""
    secret = put(tmp_path / "outside" / "secret.ipynb")
    put(tmp_path / "class" / "a" / "n.ipynb")
    (tmp_path / "class" / "a" / "link.ipynb").symlink_to(secret)
    (tmp_path / "class" / "linked").symlink_to(secret.parent)
    found = collect([tmp_path / "class"])
    assert [(s.student, len(s.notebooks), s.others) for s in found] == [("a", 1, ("link.ipynb (a link)",))]


def test_a_linked_notebook_outside_folders_is_named(tmp_path):
    """Its student is told that a link came in, and not passed over; its target may even be missing."""
    put(tmp_path / "a.ipynb")
    (tmp_path / "b.ipynb").symlink_to(tmp_path / "a.ipynb")
    (tmp_path / "c.ipynb").symlink_to(tmp_path / "missing.ipynb")
    assert [(s.student, len(s.notebooks), s.others) for s in collect([tmp_path])] == [
        ("a", 1, ()),
        ("b", 0, ("b.ipynb (a link)",)),
        ("c", 0, ("c.ipynb (a link)",)),
    ]


def test_equal_names_stay_apart(tmp_path):
    """Two notebooks called alike are two submissions with two names."""
    put(tmp_path / "x" / "task3.ipynb", "1")
    put(tmp_path / "y" / "task3.ipynb", "2")
    found = collect([tmp_path / "x" / "task3.ipynb", tmp_path / "y" / "task3.ipynb"])
    assert sorted(s.student for s in found) == ["task3", "task3-2"]


def test_a_second_name_says_whose_it_is(tmp_path):
    """Otherwise a grade may go to the wrong person; whoever is alone of a name is not told of."""
    for place in ("x/ivanov/a.ipynb", "x/petrov/a.ipynb", "y/ivanov/a.ipynb"):
        put(tmp_path / place, place)
    found = gather([tmp_path / "x", tmp_path / "y"])
    assert [str(one.values["place"]) for one in found.renamed] == [str(tmp_path / "y" / "ivanov")]
    assert found.renamed[0].values["student"] == "ivanov-2"
    assert {one.student: one.notebooks[0].path.parent.parent.name for one in found.submissions} == {
        "ivanov": "x",
        "petrov": "x",
        "ivanov-2": "y",
    }


def test_the_digest_follows_the_content(tmp_path):
    """The same files give the same digest, a changed byte another."""
    put(tmp_path / "a" / "n.ipynb", "1")
    put(tmp_path / "b" / "n.ipynb", "1")
    put(tmp_path / "c" / "n.ipynb", "2")
    a, b, c = (s.digest for s in collect([tmp_path]))
    assert a == b != c


def test_single_takes_everything_as_one_submission(tmp_path):
    """With ``single`` a student's own folder of notebooks is one submission."""
    put(tmp_path / "me" / "task1.ipynb")
    put(tmp_path / "me" / "task2.ipynb")
    put(tmp_path / "me" / "helper.py")
    (one,) = collect([tmp_path / "me"], single=True)
    assert (one.student, len(one.notebooks)) == ("me", 2)
    assert [place for place, _ in one.notebooks[0].beside] == ["helper.py"]


def test_a_folder_without_a_notebook_is_still_a_submission(tmp_path):
    """Somebody who handed in a PDF is named, not lost."""
    put(tmp_path / "a" / "report.pdf")
    (one,) = collect([tmp_path])
    assert (one.student, one.notebooks, one.others) == ("a", (), ("report.pdf",))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "no such file"),
        ("a.txt/x", "no such file"),
        ("x" * 300, "cannot be read"),
        ("a.txt", "expected a notebook"),
        ("empty", "no notebooks found"),
    ],
)
def test_unusable_paths_are_refused_with_a_reason(tmp_path, name, said):
    """A wrong path is the caller's mistake, said in one line."""
    put(tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=said):
        collect([tmp_path / name])


def test_files_below_the_notebook_keep_their_place_and_those_above_stay_behind(tmp_path):
    """A file's place is relative to the notebook's own folder."""
    put(tmp_path / "me" / "part" / "task.ipynb")
    for name in ("above.py", "part/parts/helper.py", "part/data/x.csv", "elsewhere/y.csv"):
        put(tmp_path / "me" / name)
    (one,) = collect([tmp_path])
    (notebook,) = one.notebooks
    assert [place for place, _ in notebook.beside] == ["data/x.csv", "parts/helper.py"]
    assert all(path == tmp_path / "me" / "part" / place for place, path in notebook.beside)


def test_files_that_do_not_fit_are_named(tmp_path):
    """Small files go along, what is beyond 64 MB stays behind and is told."""
    put(tmp_path / "me" / "task.ipynb")
    put(tmp_path / "me" / "small.csv")
    put(tmp_path / "me" / "data" / "large.bin")
    os.truncate(tmp_path / "me" / "data" / "large.bin", 64 << 20)
    (one,) = collect([tmp_path])
    assert [place for place, _ in one.notebooks[0].beside] == ["small.csv"]
    assert one.others == ("small.csv", "data/large.bin (too large)")


def test_many_files_do_not_hide_a_notebook(tmp_path):
    """Pictures may be cut, notebooks not, however they are sorted; that something was cut is told."""
    for number in range(250):
        put(tmp_path / "me" / "pictures" / f"{number}.png")
    put(tmp_path / "me" / "task3.ipynb")
    put(tmp_path / "me" / "zzz" / "helper.py")
    put(tmp_path / "me" / "1" / "2" / "3" / "4" / "5" / "6" / "deep.ipynb")
    (one,) = collect([tmp_path])
    assert [notebook.name for notebook in one.notebooks] == ["task3.ipynb", "1/2/3/4/5/6/deep.ipynb"]
    assert (len(one.others), one.cut, one.unseen) == (200, {"files"}, ())
    assert [said(remark) for remark in one.delivery.remarks] == [
        "Files beside the notebooks were left out: 200 at most are kept"
    ]


@pytest.mark.parametrize(
    ("names", "kept", "cut"),
    [
        ([f"{number}.ipynb" for number in range(50)], 50, set()),
        ([f"{number}.ipynb" for number in range(51)], 50, {"notebooks"}),
        (["a.ipynb", "/".join("12345678") + "/n.ipynb"], 1, {"notebooks"}),
        (["a.ipynb", "/".join("12345678") + "/9/n.ipynb"], 1, {"notebooks"}),
        (["a.ipynb", "/".join("12345678") + "/n.py"], 1, {"files"}),
    ],
)
def test_what_is_beyond_the_bounds_is_told(tmp_path, names, kept, cut):
    """Fifty notebooks and eight levels of folders are looked at; a library that lies deeper leaves no answer unseen."""
    for name in names:
        put(tmp_path / "me" / name)
    (one,) = collect([tmp_path])
    assert (len(one.notebooks), one.cut, len(one.delivery.remarks)) == (kept, cut, len(cut))
    assert bool(one.unseen) == ("notebooks" in cut)


def test_a_notebook_that_lies_too_deep_alone_is_told(tmp_path):
    """Not that nothing was handed in."""
    put(tmp_path / "me" / "/".join("12345678") / "n.ipynb")
    (one,) = collect([tmp_path])
    assert one.notebooks == ()
    assert "none below 8 levels" in said(one.instead)


def test_a_notebook_that_is_not_taken_is_told_and_leaves_its_answers_open(tmp_path):
    """A link beside a notebook; what a data file too large for the sandbox leaves open is nothing of the kind."""
    put(tmp_path / "me" / "a.ipynb")
    put(tmp_path / "me" / "large.bin")
    os.truncate(tmp_path / "me" / "large.bin", (64 << 20) + 1)
    (one,) = collect([tmp_path])
    assert one.unseen == ()
    (tmp_path / "me" / "b.ipynb").symlink_to(tmp_path / "me" / "a.ipynb")
    for (two,) in (collect([tmp_path]), collect([tmp_path / "me", tmp_path / "me" / "a.ipynb"], single=True)):
        assert [said(remark) for remark in two.unseen] == [
            "Part of what was handed in could not be taken, and an answer may lie in it: b.ipynb (a link)"
        ]
        assert [said(remark) for remark in two.delivery.remarks] == [
            said(two.unseen[0]),
            "Files beside the notebooks were left out: large.bin (too large)",
        ]


def test_names_that_are_no_utf_8_can_be_written(tmp_path):
    """Cyrillic names in bytes of cp1251 become readable, stay apart, and the files can still be opened."""
    folder = tmp_path / os.fsdecode("иванов".encode("cp1251"))
    for name in ("задание.ipynb", "решение.ipynb", "данные.csv"):
        put(folder / os.fsdecode(name.encode("cp1251")))
    (one,) = collect([tmp_path])
    shown = [one.student, *one.others, *(notebook.name for notebook in one.notebooks)]
    json.dumps(shown, ensure_ascii=False).encode()
    assert len({notebook.name for notebook in one.notebooks}) == 2
    assert [path.read_text() for notebook in one.notebooks for path in (notebook.path, notebook.beside[0][1])]


def test_one_notebook_alone_brings_what_its_folder_would(tmp_path, monkeypatch):
    """A check of one's own notebook has the same files beside it as grading the folder, bounded in the same way."""
    put(tmp_path / "me" / "task3.ipynb")
    put(tmp_path / "me" / "other.ipynb")
    for name in ("helper.py", "data/x.csv"):
        path = tmp_path / "me" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1")
    (tmp_path / "me" / "film.mkv").touch()
    os.truncate(tmp_path / "me" / "film.mkv", (64 << 20) + 1)
    monkeypatch.chdir(tmp_path / "me")
    one = collect_one(Path("task3.ipynb"))
    assert (one.student, [notebook.name for notebook in one.notebooks]) == ("task3", ["task3.ipynb"])
    (graded,) = collect([tmp_path / "me"], single=True)
    assert one.notebooks[0].beside == graded.notebooks[1].beside
    assert [place for place, _ in one.notebooks[0].beside] == ["data/x.csv", "helper.py"]
    (tmp_path / "me" / "cells.py").write_text("# %%\nimport helper\n# %%\nhelper.x\n")
    assert [place for place, _ in collect_one(Path("cells.py")).notebooks[0].beside] == ["data/x.csv", "helper.py"]


@pytest.mark.parametrize("given", [("x", "y"), ("x/task.ipynb", "y/task.ipynb")])
def test_single_keeps_equal_names_apart(tmp_path, given):
    """Two notebooks called alike in one submission can be told apart."""
    put(tmp_path / "x" / "task.ipynb", "1")
    put(tmp_path / "y" / "task.ipynb", "2")
    (one,) = collect([tmp_path / name for name in given], single=True)
    assert [(notebook.name, notebook.path.read_text()) for notebook in one.notebooks] == [
        ("task.ipynb", "1"),
        ("y/task.ipynb", "2"),
    ]


def test_single_has_a_digest_over_all_files(tmp_path):
    """A changed helper is another submission."""
    put(tmp_path / "x" / "task.ipynb")
    put(tmp_path / "y" / "task.ipynb")
    digests = []
    for content in ("1", "2"):
        put(tmp_path / "y" / "helper.py", content)
        digests += [collect([tmp_path / "x", tmp_path / "y"], single=True)[0].digest]
        digests += [collect([tmp_path / "y"], single=True)[0].digest]
    assert len(set(digests)) == 4


def test_the_suffix_of_a_notebook_may_be_in_capitals(tmp_path):
    """Some systems write A.IPYNB."""
    put(tmp_path / "A.IPYNB")
    put(tmp_path / "b" / "B.Ipynb")
    assert [(s.student, len(s.notebooks)) for s in collect([tmp_path])] == [("A", 1), ("b", 1)]
    assert len(collect([tmp_path / "A.IPYNB"])[0].notebooks) == 1


def test_a_stray_file_is_a_submission_without_notebooks(tmp_path):
    """Whoever handed in an archive or a script is named; what lecturers keep there is not."""
    for name in ("c.zip", "d.py", "e.doc", "e.ipynb", "README", "readme.rst", "list.csv", "Points.XLSX", "a.txt"):
        put(tmp_path / name)
    for name in ("b.md", "workbook.toml", "x.json"):
        put(tmp_path / name)
    assert [(s.student, len(s.notebooks), s.others) for s in collect([tmp_path])] == [
        ("c", 0, ("c.zip (refused)",)),
        ("d", 0, ("d.py",)),
        ("e", 1, ()),
        ("e-2", 0, ("e.doc",)),
    ]


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root reads everything")
def test_what_cannot_be_read_costs_nobody_else(tmp_path):
    """A locked file or folder is named; given itself, it is refused with the reason."""
    for name in ("a/n.ipynb", "b/n.ipynb", "b/helper.py", "c/n.ipynb", "c/sub/n.ipynb", "d/n.ipynb", "e.ipynb"):
        put(tmp_path / name)
    locked = [tmp_path / name for name in ("b/n.ipynb", "b/helper.py", "c/sub", "d", "e.ipynb")]
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(Path(tempfile.gettempdir())) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    for path in locked:
        path.chmod(0)
    code = (
        "import json, pathlib, sys; from grader.collect import collect; from grader.errors import UsageError\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "print(json.dumps([[s.student, len(s.notebooks), s.others, len(s.unseen)] for s in collect([root])]))\n"
        "for name in ('d', 'd/n.ipynb', 'e.ipynb'):\n"
        "    try: collect([root / name])\n"
        "    except UsageError as error: print(error)\n"
    )
    nobody = ["setpriv", "--reuid=4999", "--clear-groups"] if os.geteuid() == 0 else []
    try:
        told = subprocess.run(
            [*nobody, sys.executable, "-B", "-c", code, tmp_path],
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        ).stdout.splitlines()
    finally:
        for path in locked:
            path.chmod(0o755)
    assert json.loads(told[0]) == [
        ["a", 1, [], 0],
        ["b", 0, ["n.ipynb (cannot be read)", "helper.py (cannot be read)"], 1],
        ["c", 1, ["sub (cannot be read)"], 1],
        ["d", 0, ["d (cannot be read)"], 1],
        ["e", 0, ["e.ipynb (cannot be read)"], 1],
    ]
    assert len(told) == 4
    assert all("cannot be read (Permission denied)" in line for line in told[1:])
