"""Row numbers as they come over the wire: the notebook's word, bounded before it is believed."""

from __future__ import annotations

import base64
import binascii
import sys
import zlib
from array import array

from grader.records.notebook import RowFacts

MOST_ROWS = 1_000_000
"""More than any data set has."""


def row_numbers(rows: RowFacts) -> array[int] | None:
    """Decode packed row numbers, never more bytes than ``count`` promises; None when they are damaged or too many.

    >>> packed = base64.b64encode(zlib.compress(bytes([3, 0, 0, 0, 1, 1, 0, 0]))).decode()
    >>> list(row_numbers(RowFacts(count=2, packed=packed)))
    [3, 257]
    """
    size = 4 * rows.count
    if not 0 < rows.count <= MOST_ROWS:
        return None
    try:
        plain = zlib.decompressobj().decompress(base64.b64decode(rows.packed, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError):
        return None
    if len(plain) != size:
        return None
    numbers = array("I", plain)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
