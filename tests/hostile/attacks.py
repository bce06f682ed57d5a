"""All attacks: by the file itself, on a kernel, and on what surrounds it."""

from __future__ import annotations

from tests.hostile.case import Attack
from tests.hostile.dying import DYING
from tests.hostile.files import FILES
from tests.hostile.flooding import FLOODING
from tests.hostile.lying import LYING
from tests.hostile.prying import PRYING

ATTACKS: tuple[Attack, ...] = (*PRYING, *DYING, *FLOODING, *LYING, *FILES)
