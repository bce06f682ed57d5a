"""The wheel: everything ships in it, and it works with the source gone."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built as a release would be."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, ROOT],
        check=True,
        timeout=300,
    )
    (one,) = out.glob("*.whl")
    return one


def test_the_wheel_carries_workbook_references_and_templates(wheel):
    """Assignments, demo, reference notebooks, their records, templates and translations; no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("assignments", "reference", "reports"):
        shipped = {
            f"grader/assets/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix in {".toml", ".ipynb", ".json", ".j2", ".po", ".css"}
        }
        assert shipped
        assert shipped <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_an_installed_copy_works_without_the_source(wheel, tmp_path):
    """In an environment that has only the wheel, commands find the workbook and the records."""
    venv.create(tmp_path / "env", symlinks=True)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # Third-party libraries come from this environment; the grader must not.
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries))
    code = (
        f"ROOT = {str(ROOT)!r}; import sys; sys.path = [p for p in sys.path if p != ROOT and '__editable__' not in p];"
        "import grader.cli as c; print(c.__file__); sys.argv = ['grader', *sys.argv[1:]]; c.main()"
    )
    env = {**os.environ, "GRADER_HOME": str(tmp_path / "home"), "COLUMNS": "200"}

    def run(*arguments):
        return subprocess.run(
            [tmp_path / "env" / "bin" / "python", "-c", code, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=env,
            timeout=300,
            check=True,
        ).stdout

    assert str(site) in run("--help")
    assert "(criteria: 11, points: 30)" in run("workbook", "check", "--lang", "en")
    assert "example1" in run("reference", "show")
