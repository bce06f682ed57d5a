"""``python -m tests.hostile [--ahead] [NAME...]``: run the attacks and print what became of each.

With ``--ahead`` in kernels that were started before the notebook was known, with the memory that TensorFlow takes; an
attack that should have met one and did not counts as not as it must be.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.records import Ending
from grader.sandbox import find_seal
from tests.hostile.attacks import ATTACKS
from tests.hostile.case import MOST_MB, Attack, Outcome, faults, late, run_attack
from tests.hostile.host import Host, planted

_AT_ONCE = 2


def main(names: list[str]) -> int:
    """Run the attacks of these names, or all; 1 when one of them was not held."""
    find_seal(allow_unsealed=False)  # every promise is kept here, or nothing is tried
    ahead = "--ahead" in names
    names = [name for name in names if name != "--ahead"]
    chosen = [attack for attack in ATTACKS if not names or attack.name in names]
    table = Table("attack", "ending", "detected after", "limit", "verdict", "our memory", "in all")
    wrong: list[str] = []
    peak = waited = 0
    started = time.monotonic()
    with planted() as host, ThreadPoolExecutor(_AT_ONCE) as pool:
        for attack, (outcome, seconds) in zip(
            chosen, pool.map(lambda one: _timed(one, host, ahead), chosen), strict=True
        ):
            found, peak = faults(attack, outcome, ahead=ahead), max(peak, outcome.peak_mb)
            waited += outcome.waited
            found += ["it was noticed late"] if late(attack, outcome) > 0 else []
            wrong += [f"{attack.name}: {fault}" for fault in found]
            limit = "" if attack.within is None else f"{attack.within:g} s"
            verdict = "; ".join(found) or outcome.verdict
            table.add_row(
                attack.name,
                str(outcome.execution.ending),
                _detected(attack, outcome),
                limit,
                verdict,
                f"{outcome.peak_mb} MB",
                f"{seconds:.1f} s",
            )
        damage = host.damage()
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(table)
    console.print(f"{len(chosen)} attacks in {time.monotonic() - started:.0f} s; not as they must be: {len(wrong)}")
    if ahead:
        console.print(f"in kernels that waited for them: {waited} of {sum(bool(one.cells) for one in chosen)}")
    console.print(
        "host: " + ("; ".join(damage) or "files, environment, sockets, processes, other submissions untouched")
    )
    console.print(f"most memory of a process that talked to an attacker: {peak} MB of {MOST_MB} MB")
    for line in wrong:
        console.print(line, markup=False)
    return 1 if wrong or damage else 0


def _detected(attack: Attack, outcome: Outcome) -> str:
    """Return after how many seconds of its cell the end came, where one came that was not the notebook's own."""
    if not outcome.execution.cells or (attack.within is None and outcome.execution.ending is Ending.COMPLETED):
        return ""
    return f"{outcome.slowest:.1f} s" + (" (late)" if late(attack, outcome) > 0 else "")


def _timed(attack: Attack, host: Host, ahead: bool) -> tuple[Outcome, float]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        outcome = run_attack(attack, host, Path(folder), ahead=ahead)
    return outcome, time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
