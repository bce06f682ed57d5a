"""What the names of a notebook stand for: ``np_utils`` -> ``keras.utils.np_utils``, over all its cells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass
class Names:
    """Imports seen so far; cells are given in order."""

    known: dict[str, str] = field(default_factory=dict)
    """Name in the notebook -> dotted name."""
    metrics: set[str] = field(default_factory=set)
    """Texts in ``metrics=[...]`` of any cell."""

    def see(self, tree: ast.Module) -> None:
        """Take in a cell's imports, the deeper ones too."""
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        name = alias.asname or alias.name.partition(".")[0]
                        self.known[name] = alias.name if alias.asname else name
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    for alias in names:
                        self.known[alias.asname or alias.name] = f"{module}.{alias.name}"
                case ast.keyword(arg="metrics", value=ast.List(elts=elts)):
                    self.metrics.update(
                        one.value for one in elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    )
                case _:
                    pass

    def dotted(self, node: ast.expr) -> str:
        """Return what an expression such as ``tf.keras.layers`` stands for; empty when it comes from no import."""
        match node:
            case ast.Name(id=name):
                return self.known.get(name, "")
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
            case _:
                return ""


def last_name(node: ast.expr) -> str:
    """Return the last part of what is called: ``add`` of ``model.add``; empty for anything but a name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def below(dotted: str, old: str) -> bool:
    """Tell whether a dotted name is another one, or lies in it."""
    return dotted == old or dotted.startswith(f"{old}.")
