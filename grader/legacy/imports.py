"""Names that moved or went: in imports, and where the imported modules are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.legacy.model import Name, OldCall
from grader.legacy.names import Names, below
from grader.legacy.source import Edit, place_of

Found = tuple[OldCall, ast.expr | ast.stmt, Sequence[Edit]]

_TENSORFLOWS = ("tensorflow.keras", "tensorflow.compat.v2.keras")


def old_of(names: Sequence[OldCall], dotted: str) -> tuple[OldCall, str] | None:
    """Return the old call that a dotted name is, and the name as it is written today (empty: by hand)."""
    plain, prefix = dotted, ""
    for tensorflow in _TENSORFLOWS:
        if below(dotted, tensorflow):
            plain, prefix = "keras" + dotted.removeprefix(tensorflow), tensorflow.removesuffix("keras")
    for old in names:
        pattern = old.pattern
        assert isinstance(pattern, Name)
        if below(plain, pattern.old) and not (prefix and pattern.only_plain_keras):
            rest = plain.removeprefix(pattern.old)
            return old, f"{'' if pattern.only_plain_keras else prefix}{pattern.new}{rest}" if pattern.new else ""
    return None


def imports_in(names: Sequence[OldCall], tree: ast.Module) -> Iterator[Found]:
    """Yield the imports of old names."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield from _import(names, node, alias)
            case ast.ImportFrom(module=str(module), level=0):
                yield from _import_from(names, node, module)
            case _:
                pass


def _import(names: Sequence[OldCall], node: ast.Import, alias: ast.alias) -> Iterator[Found]:
    found = old_of(names, alias.name)
    if found is not None:
        old, new = found
        # Without `as`, the old path is written out wherever the module is used; those places are mended one by one.
        start, end = place_of(alias)
        text = f"{new} as {alias.asname}" if alias.asname else new
        yield old, node, [Edit(start=start, end=end, text=text)] if new else []


def _import_from(names: Sequence[OldCall], node: ast.ImportFrom, module: str) -> Iterator[Found]:
    olds = {alias: old_of(names, f"{module}.{alias.name}") for alias in node.names}
    if not any(olds.values()):
        return
    start, end = place_of(node)
    lines = []
    for alias, found in olds.items():
        if found is None:
            lines.append(_line(f"{module}.{alias.name}", alias.asname))
        elif _is_module(found[0], f"{module}.{alias.name}"):
            lines.append(_import_module(found[1], alias))
        else:
            lines.append(_line(found[1], alias.asname or alias.name) if found[1] else "")
    text = ("\n" + " " * node.col_offset).join(_joined(lines))
    whole = all(found is None or found[1] for found in olds.values())
    first = True
    for found in olds.values():
        if found is not None:
            yield found[0], node, [Edit(start=start, end=end, text=text)] if whole and first else []
            first = False


def _is_module(old: OldCall, dotted: str) -> bool:
    """Tell whether the old thing itself was imported, and is a module: ``from keras.utils import np_utils``."""
    assert isinstance(old.pattern, Name)
    plain = dotted.removeprefix("tensorflow.") if dotted.startswith("tensorflow.keras") else dotted
    return plain == old.pattern.old and old.pattern.new.rpartition(".")[2].islower()


def _import_module(new: str, alias: ast.alias) -> str:
    """Import what a module of old has become under the old one's name, so that its uses go on working."""
    parent, _, name = new.rpartition(".")
    wanted = alias.asname or alias.name
    line = f"import {new}" if not parent else f"from {parent} import {name}"
    return line if name == wanted else f"{line} as {wanted}"


def _line(dotted: str, asname: str | None) -> str:
    parent, _, name = dotted.rpartition(".")
    return f"from {parent} import {name}" + (f" as {asname}" if asname and asname != name else "")


def _joined(lines: Sequence[str]) -> list[str]:
    """Write imports from one module as one line."""
    together: dict[str, list[str]] = {}
    for line in lines:
        head, _, names = line.partition(" import ")
        together.setdefault(head, []).append(names)
    return [f"{head} import {', '.join(names)}" if names[0] else head for head, names in together.items()]


def names_in(names: Sequence[OldCall], tree: ast.Module, known: Names) -> Iterator[Found]:
    """Yield where old names are used through modules that were imported: ``keras.utils.np_utils.to_categorical``.

    A name that an import has brought in by itself was mended there, if it could be.
    """
    inside: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inside:
            continue
        dotted = known.dotted(node)
        found = old_of(names, dotted) if dotted else None
        if found is None:
            continue
        for part in ast.walk(node.value):
            inside.add(id(part))
        old, new = found
        root = _root(node)
        if old_of(names, known.known.get(root.id, "")) is not None:
            continue
        yield old, node, _rewritten(node, new, root, known) if new else []


def _root(node: ast.expr) -> ast.Name:
    while isinstance(node, ast.Attribute):
        node = node.value
    assert isinstance(node, ast.Name)
    return node


def _rewritten(node: ast.Attribute, new: str, root: ast.Name, known: Names) -> list[Edit]:
    """Replace the path behind the name it begins with; a path that begins elsewhere today is left to a person."""
    base = known.known[root.id]
    if not below(new, base) or new == base:
        return []
    start, end = place_of(node)
    return [Edit(start=start, end=end, text=root.id + new.removeprefix(base))]
