"""Errors: a message in every one of them, said in both languages, whole on the other side of a process."""

from __future__ import annotations

import ast
import inspect
import pickle
from pathlib import Path

import pytest

from grader import errors
from grader.language import Language
from grader.records import Message, joined, msg

ROOT = Path(__file__).parents[1] / "grader"
KINDS = {name for name, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.GraderError)}


def called(node):
    """Return the name of what is called, without the module or object before it; nothing for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def values_of(name, scope):
    """Yield everything that a name is set to in a function, or in a file."""
    for node in ast.walk(scope):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.NamedExpr) and name in [getattr(one, "id", "") for one in targets]:
            yield node.value


def makers_of(tree):
    """Yield the functions of a file that give a message."""
    for node in ast.walk(tree):
        returns = getattr(node, "returns", None)
        if returns is not None and ast.unparse(returns) in ("Message", "Message | None"):
            yield node.name


def is_message(node, scopes, makers):
    """Tell whether an expression can only be a message, as far as the functions around it and its file tell."""
    match node:
        case ast.Call():
            return called(node) in makers
        case ast.IfExp(body=one, orelse=other):
            return is_message(one, scopes, makers) and is_message(other, scopes, makers)
        case ast.Attribute(attr=name):
            return name == "message"
        case ast.Name(id=name):
            found = next((values for scope in scopes if (values := list(values_of(name, scope)))), [])
            return bool(found) and all(is_message(value, scopes, makers) for value in found)
    return False


def sites(tree):
    """Yield the calls that make an error, and what is around each, the nearest function first."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        if called(node) in KINDS:
            around = [one for one in functions if one.lineno <= node.lineno <= one.end_lineno]
            yield node, [*sorted(around, key=lambda one: -one.lineno), tree]


def wrong_sites(source, name, makers):
    """Return where an error is made of something else than one message."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:80]}"
        for node, scopes in sites(ast.parse(source))
        if len(node.args) != 1 or node.keywords or not is_message(node.args[0], scopes, makers)
    ]


def test_every_error_is_made_of_a_message():
    """Whatever can stop the grader is said in both languages: no error is made of a plain text."""
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.rglob("*.py")}
    trees = [ast.parse(source) for source in sources.values()]
    assert sum(1 for tree in trees for _ in sites(tree)) > 100
    makers = {"msg", "joined", *(maker for tree in trees for maker in makers_of(tree))}
    wrong = [site for name, source in sources.items() for site in wrong_sites(source, name, makers)]
    assert not wrong, 'write msg("English with {places}", places=...):\n' + "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        'f"{path} is wrong"',
        '"plain"',
        '"\\n".join(lines)',
        "text",
        "str(fault)",
        'msg("a"), 1',
        "made()",
        "a if b else c",
    ],
)
def test_a_plain_text_is_noticed(text):
    """The walk finds texts put together in any way, and names set to one."""
    source = f'def f():\n    text = "plain"\n    raise UsageError({text})\n'
    assert len(wrong_sites(source, "a.py", {"msg"})) == 1


@pytest.mark.parametrize(
    "text", ['msg("a")', "joined(lines)", "text", "fault.message", "made()", 'text if b else msg("b")']
)
def test_a_message_passes(text):
    """However it comes about."""
    source = (
        f'text = ""\ndef f():\n    text = msg("a")\n    raise errors.UsageError({text})\ndef made() -> Message: ...\n'
    )
    assert wrong_sites(source, "a.py", {"msg", "joined", *makers_of(ast.parse(source))}) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_error_is_the_same_in_another_process(kind):
    """Its message comes whole through pickle, as Ray and pools of processes send it; its text is the English one."""
    inner = joined([msg("nobody yet"), "b"], "; ")
    error = getattr(errors, kind)(
        msg("{student}: no such student in this run; it has {known}", student="a", known=inner)
    )
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), there.message, str(there)) == (type(error), error.message, str(error))
    assert str(there) == "a: no such student in this run; it has nobody yet; b"
    assert Language("ru").say(there.message) == "a: в этом прогоне нет такого студента; есть пока никого; b"


def test_what_the_system_says_of_a_file_is_said_in_the_reader_s_language():
    """The reasons of OSError that users meet."""
    words = msg("{file}: this table cannot be read ({why}); give a CSV or XLSX file", file="a", why="Permission denied")
    assert isinstance(words, Message)
    assert "нет прав доступа" in Language("ru").say(words)
    assert "Permission denied" in Language("en").say(words)
