"""The translation catalogue: which sentences there are, and ``python -m grader.report.catalogue`` to add new ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from grader.language import paragraphs

_ROOT = Path(__file__).parents[2]
CATALOGUE = _ROOT / "reports" / "locale" / "ru.po"


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every English template of a checkout, and the file it stands in.

    They are ``msg(...)`` in code, ``_(...)`` in pages, and the help of commands and their options.

    Raises:
        ValueError: The text of a ``msg`` cannot be read off the code, so nobody could translate it.
    """
    for path in sorted((_ROOT / "grader").rglob("*.py")):
        for text in in_code(path.read_text("utf-8"), path.as_posix()):
            yield text, path.relative_to(_ROOT).as_posix()
    for path in sorted((_ROOT / "reports" / "templates").glob("*.j2")):
        for _line, words, _comments, _context in extract_from_file("jinja2", path, keywords={"_": None}):
            if isinstance(words, str):
                yield words, path.relative_to(_ROOT).as_posix()


def in_code(source: str, name: str) -> Iterator[str]:
    """Yield what is translated in Python code: texts of ``msg`` and ``language.t``, help of commands and options.

    Constants of the module and ``+`` are followed.

    Raises:
        ValueError: A ``msg`` has a text that is made up while the program runs.
    """
    tree = ast.parse(source)
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _help_of_command(node)
        elif isinstance(node, ast.Call):
            yield from (text for text in _help_of_option(node, constants) if text)
        if not isinstance(node, ast.Call) or not node.args:
            continue
        is_msg = isinstance(node.func, ast.Name) and node.func.id == "msg"
        if not is_msg and not (isinstance(node.func, ast.Attribute) and node.func.attr == "t"):
            continue
        texts = list(_texts(node.args[0], constants))
        if is_msg and None in texts:
            wrong = f"{name}:{node.lineno}: the text of msg(...) must be a literal, so that it can be translated"
            raise ValueError(wrong)
        yield from (text for text in texts if text)


def _help_of_command(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the paragraphs of a docstring that is a command's help: a decorator says that it is one."""
    made = [one.func for one in function.decorator_list if isinstance(one, ast.Call)]
    if any(ast.unparse(one).rpartition(".")[2] in ("command", "group") for one in made):
        yield from paragraphs(ast.get_docstring(function) or "")


def _help_of_option(call: ast.Call, constants: Mapping[str, ast.expr]) -> Iterator[str | None]:
    """Yield what an option is for, and a default that is said in words."""
    if ast.unparse(call.func) == "click.option":
        for keyword in call.keywords:
            if keyword.arg in ("help", "show_default"):
                yield from _texts(keyword.value, constants)


def _texts(node: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[str | None]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.BinOp(op=ast.Add()):
            for left in _texts(node.left, constants):
                for right in _texts(node.right, constants):
                    yield None if left is None or right is None else left + right
        case ast.IfExp():
            yield from _texts(node.body, constants)
            yield from _texts(node.orelse, constants)
        case ast.Name(id=name) if name in constants:
            yield from _texts(constants[name], {key: value for key, value in constants.items() if key != name})
        case _:
            yield None


def load() -> Catalog:
    """Return the Russian catalogue of a checkout."""
    with CATALOGUE.open("rb") as stream:
        return read_po(stream, locale="ru")


def update() -> tuple[int, int]:
    """Bring the catalogue in line with the sources: new sentences come in empty, unused ones go.

    Returns how many sentences there are, and how many wait for a translation.
    """
    known = {entry.id: entry.string for entry in load() if entry.id} if CATALOGUE.exists() else {}
    fresh = Catalog(
        locale="ru", header_comment="# What people read, in Russian. `make messages` adds new sentences.", fuzzy=False
    )
    places: dict[str, set[str]] = {}
    for text, place in sentences():
        places.setdefault(text, set()).add(place)
    for text in sorted(places, key=lambda text: (min(places[text]), text)):
        fresh.add(text, known.get(text, ""), locations=[(place, 0) for place in sorted(places[text])])
    part = CATALOGUE.with_suffix(".part")
    with part.open("wb") as stream:
        write_po(stream, fresh, width=120, omit_header=False, include_lineno=False)
    part.write_text(_without_dates(part.read_text("utf-8")), "utf-8")
    part.replace(CATALOGUE)
    return len(places), sum(1 for text in places if not known.get(text))


def _without_dates(text: str) -> str:
    """Drop the header's dates and tool names: they change with every call and say nothing."""
    dropped = (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Project-Id",
        "Generated-By",
    )
    return "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(tuple(f'"{name}' for name in dropped))
    )


if __name__ == "__main__":
    import click

    total, waiting = update()
    click.echo(f"{CATALOGUE}: sentences {total}, without translation {waiting}")
