"""Numbers as people and LMSs write them, exactly: decimal commas, spaces, scaling without floating point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'")


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberFormat:
    """How a file writes its numbers."""

    decimals: int = 2
    separator: str = "."

    @classmethod
    def of(cls, *samples: str) -> NumberFormat:
        """Return the style of the first sample that shows a separator; else that of the first number.

        >>> NumberFormat.of("100,00"), NumberFormat.of("10")
        (NumberFormat(decimals=2, separator=','), NumberFormat(decimals=0, separator='.'))
        """
        numbers = [sample.strip() for sample in samples if number_of(sample) is not None]
        for number in numbers:
            if cut := re.search(r"[.,](\d*)$", number):
                return cls(decimals=len(cut[1]), separator=cut[0][0])
        return cls(decimals=0) if numbers else cls()


def number_of(text: str) -> Decimal | None:
    """Return the number a cell holds; the last comma or point is the decimal one. None for anything else.

    >>> number_of("8,5"), number_of("1.234,5"), number_of("1 000.25"), number_of("EX")
    (Decimal('8.5'), Decimal('1234.5'), Decimal('1000.25'), None)
    """
    plain = text.translate(_SPACES)
    if not _NUMBER.fullmatch(plain) or len(plain) > 40:
        return None
    whole, point, rest = plain.rpartition("," if plain.rfind(",") > plain.rfind(".") else ".")
    if not point:
        whole, rest = rest, ""
    return Decimal(f"{whole.replace(',', '').replace('.', '')}.{rest or 0}")


def scaled(points: int | Fraction, of: int, to: Decimal, decimals: int) -> Decimal:
    """Return points of one maximum as points of another: exact, rounded once, half up.

    >>> scaled(1, of=3, to=Decimal("100"), decimals=2), scaled(1, of=8, to=Decimal("1"), decimals=2)
    (Decimal('33.33'), Decimal('0.13'))
    """
    exact = Fraction(points) * Fraction(to) / of
    steps = exact * 10**decimals + Fraction(1, 2)
    return Decimal(steps.numerator // steps.denominator).scaleb(-decimals)


def written(number: Decimal, style: NumberFormat) -> str:
    """Return a number in a file's style: no exponent, no thousands, no minus before a zero.

    >>> written(Decimal("8.5"), NumberFormat(decimals=2, separator=","))
    '8,50'
    >>> written(Decimal("1E+2"), NumberFormat(decimals=0))
    '100'
    """
    return f"{number:.{style.decimals}f}".replace(".", style.separator)
