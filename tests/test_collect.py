"""Finding submissions."""

from pathlib import Path

import pytest

from grader.collect import collect
from grader.errors import UsageError


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
    assert [path.name for path in first.notebooks[0].beside] == ["helper.py"]


def test_what_systems_leave_behind_is_ignored(tmp_path):
    """Checkpoints, macOS forks and office locks are no submissions."""
    put(tmp_path / "a" / "n.ipynb")
    put(tmp_path / "a" / ".ipynb_checkpoints" / "n-checkpoint.ipynb")
    put(tmp_path / "__MACOSX" / "._n.ipynb")
    put(tmp_path / "~$n.ipynb")
    assert [s.student for s in collect([tmp_path])] == ["a"]


def test_a_link_is_never_followed(tmp_path):
    """Neither a link to a notebook nor one to a folder brings anything in."""
    secret = put(tmp_path / "outside" / "secret.ipynb")
    put(tmp_path / "class" / "a" / "n.ipynb")
    (tmp_path / "class" / "a" / "link.ipynb").symlink_to(secret)
    (tmp_path / "class" / "linked").symlink_to(secret.parent)
    found = collect([tmp_path / "class"])
    assert [(s.student, len(s.notebooks)) for s in found] == [("a", 1)]


def test_equal_names_stay_apart(tmp_path):
    """Two notebooks called alike are two submissions with two names."""
    put(tmp_path / "x" / "task3.ipynb", "1")
    put(tmp_path / "y" / "task3.ipynb", "2")
    found = collect([tmp_path / "x" / "task3.ipynb", tmp_path / "y" / "task3.ipynb"])
    assert sorted(s.student for s in found) == ["task3", "task3-2"]


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
    assert [path.name for path in one.notebooks[0].beside] == ["helper.py"]


def test_a_folder_without_a_notebook_is_still_a_submission(tmp_path):
    """Somebody who handed in a PDF is named, not lost."""
    put(tmp_path / "a" / "report.pdf")
    (one,) = collect([tmp_path])
    assert (one.student, one.notebooks, one.others) == ("a", (), ("report.pdf",))


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing", "no such file"), ("a.txt", "expected a notebook"), ("empty", "no notebooks found")],
)
def test_unusable_paths_are_refused_with_a_reason(tmp_path, name, said):
    """A wrong path is the caller's mistake, said in one line."""
    put(tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=said):
        collect([tmp_path / name])
