"""Old forms of calls: methods, arguments, shapes, file names, keys. One small function for each kind of pattern."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grader.legacy.model import Argument, HistoryKey, Keyword, Method, Saved, Shape, Window
from grader.legacy.names import Names, last_name
from grader.legacy.source import Edit, place_of, text_between

Found = tuple[ast.expr, Sequence[Edit]]
_HISTORIES = ("history", "hist", "history_dict", "log", "logs")


def _method(pattern: Method, node: ast.AST, _names: Names, _text: str) -> Iterator[Found]:
    match node:
        case ast.Call(func=ast.Attribute(attr=attr) as func, keywords=keywords) if attr == pattern.old:
            if not pattern.new:
                yield node, []
                return
            edits = [Edit(start=_before_name(func), end=place_of(func)[1], text=pattern.new)]
            renamed = dict(pattern.keywords)
            edits += [_renamed(one, renamed[one.arg]) for one in keywords if one.arg in renamed]
            if pattern.after:
                end = place_of(node)[1]
                edits.append(Edit(start=end, end=end, text=pattern.after))
            yield node, edits
        case _:
            return


def _before_name(node: ast.Attribute) -> tuple[int, int]:
    line, column = place_of(node)[1]
    return line, column - len(node.attr.encode())


def _keyword(pattern: Keyword, node: ast.AST, _names: Names, text: str) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or last_name(node.func) not in pattern.of:
        return
    for at, one in enumerate(node.keywords):
        if one.arg == pattern.old:
            edit = _without(node, at, text) if pattern.drop else _renamed(one, pattern.new)
            yield _Place(one), [] if edit is None else [edit]


class _Place(ast.expr):
    """A keyword argument as a place of its own."""

    def __init__(self, keyword: ast.keyword) -> None:
        super().__init__()
        self.lineno, self.col_offset = keyword.lineno, keyword.col_offset
        self.end_lineno, self.end_col_offset = keyword.end_lineno, keyword.end_col_offset


def _renamed(keyword: ast.keyword, new: str) -> Edit:
    start = (keyword.lineno, keyword.col_offset)
    return Edit(start=start, end=(start[0], start[1] + len((keyword.arg or "").encode())), text=new)


def _without(call: ast.Call, at: int, text: str) -> Edit | None:
    """Take a keyword argument out, with the comma before it; the first of all goes with the comma behind it."""
    keyword = call.keywords[at]
    before = [place_of(one)[1] for one in call.args] + [place_of(one)[1] for one in call.keywords[:at]]
    start, end = place_of(keyword)
    if before:
        return Edit(start=max(before), end=end, text="")
    after = [place_of(one)[0] for one in call.keywords[at + 1 :]]
    if after:
        return Edit(start=start, end=min(after), text="")
    return Edit(start=start, end=end, text="") if "," not in text_between(text, end, place_of(call)[1]) else None


def _argument(pattern: Argument, node: ast.AST, _names: Names, _text: str) -> Iterator[Found]:
    match node:
        case ast.Call(func=func, args=[ast.Constant(value=str(value)) as text, *_]) if last_name(func) == pattern.of:
            if value.startswith(pattern.begins) and not (pattern.unless and value.startswith(pattern.unless)):
                start, end = place_of(text)
                yield node, [Edit(start=start, end=end, text=repr(pattern.new + value.removeprefix(pattern.begins)))]
        case _:
            return


def _saved(pattern: Saved, node: ast.AST, _names: Names, _text: str) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or last_name(node.func) != pattern.of:
        return
    if pattern.of == "save" and not isinstance(node.func, ast.Attribute):
        return
    given = {one.arg: one.value for one in node.keywords}
    if pattern.when is not None:
        name, wanted = pattern.when
        value = given.get(name, ast.Constant(value=False))
        if not isinstance(value, ast.Constant) or bool(value.value) is not wanted:
            return
    path = node.args[0] if node.args else given.get("filepath")
    if not isinstance(path, ast.Constant) or not isinstance(path.value, str):
        return
    name = path.value
    if not name or name.endswith(pattern.endings) or _is_other_file(name, pattern):
        return
    start, end = place_of(path)
    yield node, [Edit(start=start, end=end, text=repr(_with_ending(name, pattern.endings[0])))]


_FOREIGN = (".npy", ".npz", ".png", ".jpg", ".jpeg", ".csv", ".txt", ".json", ".pkl", ".pdf", ".xlsx", ".html", ".gif")


def _is_other_file(name: str, pattern: Saved) -> bool:
    """Tell whether ``save`` is somebody else's: NumPy arrays and pictures are saved too."""
    return pattern.of == "save" and name.lower().endswith(_FOREIGN)


def _with_ending(name: str, ending: str) -> str:
    for old in (".weights.h5", ".h5", ".hdf5", ".keras", ".ckpt", ".tf"):
        name = name.removesuffix(old)
    return name + ending


def _window(pattern: Window, node: ast.AST, _names: Names, text: str) -> Iterator[Found]:
    match node:
        case ast.Call(func=func, args=[_, *sizes]) if last_name(func) in pattern.of and len(sizes) >= pattern.sizes:
            window = sizes[: pattern.sizes]
            if not all(isinstance(one, ast.Constant) and isinstance(one.value, int) for one in window):
                return
            start, end = place_of(window[0])[0], place_of(window[-1])[1]
            edits = [Edit(start=start, end=end, text=f"({text_between(text, start, end)})")]
            yield node, edits
        case _:
            return


def _shape(pattern: Shape, node: ast.AST, _names: Names, text: str) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    for one in node.keywords:
        if one.arg not in pattern.keywords or not _is_number(one.value):
            continue
        if one.arg == "shape" and last_name(node.func) not in ("Input", "InputLayer"):
            continue
        start, end = place_of(one.value)
        start, end = _with_brackets(text, start, end)
        inside = text_between(text, *place_of(one.value))
        yield _Place(one), [Edit(start=start, end=end, text=f"({inside},)")]


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.BinOp(left=left, right=right, op=ast.Mult()):
            return _is_number(left) and _is_number(right)
        case _:
            return False


def _with_brackets(text: str, start: tuple[int, int], end: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Take in the brackets right around an expression: the syntax tree does not know them."""
    lines = text.encode("utf-8", "replace").split(b"\n")
    before, after = lines[start[0] - 1][: start[1]], lines[end[0] - 1][end[1] :]
    if (
        before.rstrip().endswith(b"(")
        and after.lstrip().startswith(b")")
        and before.rstrip()[:-1].rstrip().endswith(b"=")
    ):
        left = len(before.rstrip()) - 1
        right = end[1] + len(after) - len(after.lstrip()) + 1
        return (start[0], left), (end[0], right)
    return start, end


def _history_key(pattern: HistoryKey, node: ast.AST, names: Names, _text: str) -> Iterator[Found]:
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=key) as text) if key == pattern.old:
            # Compiled with metrics=["acc"] the key is acc today, too.
            as_accuracy = "accuracy" in names.metrics and "acc" not in names.metrics
            if last_name(value) in _HISTORIES and as_accuracy:
                start, end = place_of(text)
                yield node, [Edit(start=start, end=end, text=repr(pattern.new))]
        case _:
            return


FORMS: dict[type, Callable[[Any, ast.AST, Names, str], Iterator[Found]]] = {
    Method: _method,
    Keyword: _keyword,
    Argument: _argument,
    Saved: _saved,
    Window: _window,
    Shape: _shape,
    HistoryKey: _history_key,
}
"""How each kind of pattern is looked for at a node: the places it is found, and what mends them."""
