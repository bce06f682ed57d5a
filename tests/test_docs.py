"""The documents against the code: what they name exists, and what exists is named."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest

import tests.test_criteria
from grader import criteria, errors
from grader.cli import group
from grader.complaints import read
from grader.criteria import KINDS, Criterion
from grader.records import CallbackFacts, Evidence, Status, Verdict

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.ru.md")
DOCUMENTS = (*READMES, "CONTRIBUTING.md", "ARCHITECTURE.md")
COMMON = {field.name for field in fields(Criterion)}
TEXT = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
INVENTED = {
    "assignments/task5.toml",
    "grader/criteria/callbacks.py",
    "grader/known/fashion_mnist.py",
    "grader/exchange/",
    "grader/assets/",
}
"""What somebody is told to make, or is only there elsewhere."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LANGUAGE = re.compile(r""" --lang (en|ru)\b|(?<=--because ")[^"]*|<[^>\n]*>""")
"""What is each document's own: the option (Russian is what one gets without it), reasons, placeholders."""


def blocks(name):
    """Fenced blocks of a document, as (language, text)."""
    return _FENCE.findall(TEXT[name])


def spans(name):
    """Everything between backticks outside the fenced blocks."""
    return _SPAN.findall(_FENCE.sub("", TEXT[name]))


def commands(name, program):
    """Calls of a program in shell blocks and between backticks, without comments and the path of the environment."""
    lines = [line for language, text in blocks(name) if language == "sh" for line in text.splitlines()]
    bare = (line.partition("  #")[0].strip().removeprefix(".venv/bin/") for line in (*lines, *spans(name)))
    return [line for line in bare if line.split(" ")[0] == program and " " in line]


def section(name, title):
    """The text under a heading, up to the next one of any level."""
    return re.split(rf"^#+ {re.escape(title)}$", TEXT[name], flags=re.MULTILINE)[1].partition("\n#")[0]


def first_cells(text):
    """What stands between backticks in the first column of tables."""
    rows = re.findall(r"^\| (?!-)([^|]*) \|", text, re.MULTILINE)
    return {span for row in rows for span in _SPAN.findall(row)}


def wrong_in(line):
    """What the real command line would not take of a call; paths and names may be placeholders."""
    command, words = group, shlex.split(line)[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"there is no command {words[0]}"
        command = command.commands[words.pop(0)]
    options = {opt: one for one in command.params if isinstance(one, click.Option) for opt in one.opts}
    places = [one.nargs for one in command.params if isinstance(one, click.Argument)]
    given = 0
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            given += 1
        elif word not in options and word not in ("-h", "--help", "--version"):
            return f"there is no option {word}"
        elif word in options and not options[word].is_flag:
            value = words.pop(0) if words else ""
            kind = options[word].type
            if isinstance(kind, click.Choice) and value not in kind.choices:
                return f"{word} takes no {value!r}"
    return f"{given} arguments are too many" if -1 not in places and given > sum(places) else ""


def every_option(command=group):
    """All options of all commands."""
    found = {opt for one in command.params if isinstance(one, click.Option) for opt in one.opts}
    return found.union(*map(every_option, command.commands.values())) if isinstance(command, click.Group) else found


# -- commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_a_document_is_one_the_command_line_takes(name):
    """Commands, options and choices exist; so does every option that is named alone."""
    assert {line: wrong for line in commands(name, "grader") if (wrong := wrong_in(line))} == {}
    alone = {span.split()[0] for span in spans(name) if span.startswith("--")}
    assert alone - every_option() == set()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("grader grad class/", "no command grad"),
        ("grader grade class/ --fast", "no option --fast"),
        ("grader grade class/ --profile slow", "takes no 'slow'"),
        ("grader show run/ student more", "too many"),
        ("grader data fetch mnist", ""),
    ],
)
def test_a_wrong_command_would_be_noticed(line, wrong):
    """The check above sees what it is there to see."""
    assert wrong in wrong_in(line)
    assert bool(wrong) == bool(wrong_in(line))


@pytest.mark.parametrize("name", READMES)
def test_a_readme_explains_every_option_of_grade_and_every_command(name):
    """Nothing of the command line stays untold."""
    told = {" ".join(line.split()[1:3]) for line in commands(name, "grader")}
    missing = [
        command
        for command in group.commands
        if not any(one == command or one.startswith(f"{command} ") for one in told)
    ]
    assert missing in ([], ["demo"])  # that one is called by `make demo`
    options = {opt for one in group.commands["grade"].params if isinstance(one, click.Option) for opt in one.opts}
    assert options <= first_cells(TEXT[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_in_a_document_exists(name):
    """`make demo` and the others are in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {line.split()[1] for line in commands(name, "make")} <= targets


def test_the_two_readmes_hold_the_same_commands_and_blocks():
    """Who reads Russian misses nothing: same blocks in the same order, same commands, same links."""
    english, russian = READMES
    assert [language for language, _ in blocks(english)] == [language for language, _ in blocks(russian)]
    for (language, ours), (_, theirs) in zip(blocks(english), blocks(russian), strict=True):
        assert language in {"sh", "text"}
        if language == "sh":
            assert _LANGUAGE.sub("", ours) == _LANGUAGE.sub("", theirs)
    for program in ("grader", "make"):
        calls = [{_LANGUAGE.sub("", line) for line in commands(name, program)} for name in READMES]
        assert calls[0] == calls[1]
    assert [TEXT[name].count("\n## ") for name in READMES] == [TEXT[english].count("\n## ")] * 2
    assert TEXT[english].startswith("[Русская версия](README.ru.md)\n")
    assert TEXT[russian].startswith("[English version](README.md)\n")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_paths_of_the_repository_lead_somewhere(name):
    """A file that a document names is there."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT[name])
    paths = [
        span for span in spans(name) if re.fullmatch(r"(tests|reports|assignments|reference|grader)/[\w./-]+", span)
    ]
    real = (one for one in (*links, *paths) if one not in INVENTED and "NAME" not in one)
    assert [one for one in real if not (ROOT / one).exists()] == []


def test_files_named_in_the_code_are_there():
    """A docstring or comment that sends its reader to a file of the project names one that exists."""
    named = {
        (str(path.relative_to(ROOT)), span)
        for folder in ("grader", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for span in re.findall(
            r"``((?:tests|reports|assignments|reference|grader)/[\w./-]+)``", path.read_text("utf-8")
        )
    }
    assert len(named) > 5
    assert sorted((path, span) for path, span in named if "ID" not in span and not (ROOT / span).exists()) == []


# -- closed lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READMES)
def test_a_readme_explains_every_status_verdict_evidence_and_exit_code(name):
    """No value of a closed list reaches a user unexplained, and none is explained that does not exist."""
    table = next(part for part in TEXT[name].split("\n\n") if "| `graded` |" in part)
    assert first_cells(table) == {status.value for status in Status}
    assert {verdict.value for verdict in Verdict} | {kind.value for kind in Evidence} <= set(spans(name))
    kinds = (one for _, one in inspect.getmembers(errors, inspect.isclass))
    codes = {str(one.exit_code) for one in kinds if issubclass(one, errors.GraderError)} | {"0", "130"}
    assert set(re.findall(r"^\| (\d+) \|", TEXT[name], re.MULTILINE)) == codes


def kinds_table():
    """The list of criteria in CONTRIBUTING.md; after a change paste it from the failing test."""
    lines = ["| kind | what it asks | settings |", "| --- | --- | --- |"]
    for kind, cls in KINDS.items():
        asks = inspect.getdoc(cls).splitlines()[0].replace("``", "`")
        settings = ", ".join(f"`{field.name}`" for field in fields(cls) if field.name not in COMMON)
        lines.append(f"| `{kind}` | {asks} | {settings} |")
    return "\n".join(lines)


def test_contributing_lists_every_kind_of_criterion():
    """The list is that of the code, with each kind's own first sentence."""
    assert kinds_table() in TEXT["CONTRIBUTING.md"], kinds_table()


# -- architecture -------------------------------------------------------------------------------------------------


def test_the_table_of_modules_is_that_of_the_package():
    """Every module and package of grader/ has its line, and every line its module."""
    folder = ROOT / "grader"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    assert first_cells(section("ARCHITECTURE.md", "Modules")) == modules | packages


def test_the_names_in_the_table_of_modules_exist():
    """A main name is found in its module, or in one of its package's."""
    for row in section("ARCHITECTURE.md", "Modules").splitlines():
        cells = [_SPAN.findall(cell) for cell in row.split("|")[1:-1]]
        if len(cells) == 3 and cells[0]:
            place = ROOT / "grader" / cells[0][0]
            sources = [path.read_text("utf-8") for path in place.glob("*.py")] or [
                place.with_suffix(".py").read_text("utf-8")
            ]
            for name in cells[2]:
                assert any(re.search(rf"\b{name}\b", source) for source in sources), f"{name} is not in {place}"


def test_every_dependency_has_its_reason():
    """Each dependency and extra of pyproject.toml has a line, and no line is left of one that is gone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.match(r"[\w.-]+", one)[0] for one in wanted}
    lines = re.findall(r"^- `([\w.-]+)`: (.+)$", section("ARCHITECTURE.md", "Dependencies"), re.MULTILINE)
    assert {name for name, _ in lines} == names
    assert all(len(reason) > 5 for _, reason in lines)
    assert len(lines) == len(names)


# -- the example of a criterion -----------------------------------------------------------------------------------


def example(language, start):
    """The one block of CONTRIBUTING.md that begins like this."""
    (text,) = (text for kind, text in blocks("CONTRIBUTING.md") if kind == language and text.startswith(start))
    return text


@pytest.fixture
def new_kind(tmp_path, monkeypatch):
    """The criterion of CONTRIBUTING.md, saved as a module and entered in KINDS."""
    path = tmp_path / "callbacks.py"
    path.write_text(example("python", '"""Callbacks'), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("grader.criteria.callbacks", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(criteria.KINDS, module.Callback.kind, module.Callback)
    return module.Callback


def test_the_example_of_a_criterion_reads_its_toml(new_kind):
    """The class takes the settings the document writes, and complains about wrong ones."""
    (table,) = tomllib.loads(example("toml", "[[criteria]]"))["criteria"]
    made, complaints = read(KINDS[table.pop("kind")], table)
    assert (made, complaints) == (new_kind(id="stops-early", points=2, name="EarlyStopping"), [])
    assert made.mistakes() == ()
    assert new_kind(name="Early stopping").mistakes() != ()


def test_the_example_of_a_criterion_passes_its_own_tests(new_kind):
    """The lines for the table of tests come out as they say, by the test they are meant for."""
    names = vars(tests.test_criteria) | {"CallbackFacts": CallbackFacts, "TABLE": []}
    exec(example("python", "TABLE"), names)
    table = names["TABLE"]
    assert [expected for *_, expected in table] == ["passed", "failed"]
    for kind, settings, case, expected in table:
        tests.test_criteria.test_a_criterion_reaches_the_verdict_written_beside_it(kind, settings, case, expected)
