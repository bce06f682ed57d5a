"""One attack as data, and the way to run it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from grader.drivers import WarmPool
from grader.drivers.suited import BEFORE_IMPORT
from grader.execute import Job, _as_json, run_notebook
from grader.language import Language
from grader.records import CellStatus, Ending, Execution, Limits, Profile
from tests.hostile.host import Host

LIMITS = Limits(cell_seconds=60, notebook_seconds=120, memory_mb=512, scratch_mb=16, processes=60)
STOLEN = "STOLEN"
"""What an attack prints when it got what it wanted."""
MOST_MB = 300
"""What a process of ours that reads a file or talks to a kernel may hold, whatever comes out of them."""
_TENSORFLOW = {"memory_mb": 1024, "cpu_seconds": 20}
"""What a kernel that has imported TensorFlow holds and has used before an attack begins; added to its limits."""
_SLACK_SECONDS = 2.0
"""So long after the limit that applies everything must be over, however a kernel resists."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A notebook of a few lines, and the ending it must get."""

    name: str
    cells: tuple[str, ...] = ()
    """Code; ``@FILE@`` and the like become what is planted on the host, see :class:`tests.hostile.host.Host`."""
    file: Callable[[], bytes] | None = None
    """In place of cells: what lies in the file itself."""
    ending: Ending = Ending.COMPLETED
    or_ending: Ending | None = None
    """Another one that is as right: which of the two comes first is chance."""
    statuses: tuple[str, ...] | None = None
    """Of the cells, where they are not all ok."""
    says: str = ""
    """Must be found in the reason, or in what the cells show: a regular expression."""
    limits: dict[str, int] = field(default_factory=dict)
    within: float | None = None
    """Seconds in the worst cell until the limit that applies; None where there is nothing to detect."""
    probe: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an attack."""

    execution: Execution
    shown: str
    """Everything its cells showed."""
    peak_mb: int
    """The most memory that the process which read the file and talked to the kernel held."""
    waited: bool
    """Whether its kernel was started before the notebook was known."""

    @property
    def slowest(self) -> float:
        """Seconds that its longest cell took."""
        return max((cell.seconds for cell in self.execution.cells), default=0.0)

    @property
    def verdict(self) -> str:
        """What the table says."""
        if STOLEN in self.shown:
            return "NOT HELD"
        refused = next((cell.error for cell in self.execution.cells if cell.error), "")
        return refused or "held"


def run_attack(attack: Attack, host: Host, folder: Path, *, ahead: bool = False) -> Outcome:
    """Run an attack in a sealed kernel of its own, or in one that was started ahead and has imported TensorFlow."""
    cells = [new_code_cell(f"{host.fill(code)}\n# keras" if ahead else host.fill(code)) for code in attack.cells]
    content = attack.file() if attack.file else nbformat.writes(new_notebook(cells=cells)).encode()
    notebook = folder / f"{attack.name}.ipynb"
    notebook.write_bytes(_unsuspected(content) if ahead and attack.cells else content)
    limits = dataclasses.replace(LIMITS, **attack.limits)
    if ahead:
        limits = dataclasses.replace(
            limits, **{name: getattr(limits, name) + more for name, more in _TENSORFLOW.items()}
        )
    job = Job(
        notebook=notebook,
        out=folder / "out",
        datasets=host.datasets,
        profile=Profile(name="full"),
        limits=limits,
        probe=attack.probe,
    )
    execution = _run_in_waiting(job) if ahead else run_notebook(job)
    told = json.loads((folder / "out" / "outcome.json").read_text(encoding="utf-8"))
    return Outcome(
        execution=execution,
        shown=_shown(folder / "out" / "executed.ipynb"),
        peak_mb=told["driver_peak_mb"],
        waited=told["ahead"],
    )


def _unsuspected(content: bytes) -> bytes:
    """Return a notebook's JSON with what would get it a kernel of its own written so that nobody finds it."""
    return BEFORE_IMPORT.sub(lambda found: b"\\u%04x" % found[0][0] + found[0][1:], content)


def _run_in_waiting(job: Job) -> Execution:
    with WarmPool(1) as waiting:
        waiting.expect(1)
        waiting.take(_as_json(job, None) | {"notebook": "", "out": "", "files": []}, suited=False, linked=False)
        waiting.expect(0)
        return run_notebook(job, warm_pool=waiting)


def faults(attack: Attack, outcome: Outcome, *, ahead: bool = False) -> list[str]:
    """Return what came out otherwise than it must, a line each; ``ahead`` is how it was run."""
    execution = outcome.execution
    found = [f"it got what it wanted: {outcome.shown[-500:]}"] if STOLEN in outcome.shown else []
    if execution.ending not in {attack.ending, attack.or_ending}:
        found.append(f"ending: expected {attack.ending}, found {execution.ending} ({execution.reason})")
    wanted = attack.statuses or (("ok",) * len(attack.cells) if attack.ending is Ending.COMPLETED else None)
    statuses = tuple(str(cell.status) for cell in execution.cells)
    if wanted is not None and statuses != wanted:
        found.append(f"cells: expected {wanted}, found {statuses}: {[cell.message for cell in execution.cells]}")
    if execution.ending is not Ending.COMPLETED and not in_both_languages(execution):
        found.append(f"the reason is not given in two languages: {execution.reason}")
    text = execution.reason.text.format(**execution.reason.values) if execution.reason else ""
    text += outcome.shown + "".join(f"{cell.error}: {cell.message}" for cell in execution.cells)
    if attack.says and not re.search(attack.says, text):
        found.append(f"nothing says {attack.says!r}: {text[-1000:]}")
    if not 0 < outcome.peak_mb <= MOST_MB:
        found.append(f"the process that talked to it held {outcome.peak_mb} MB; it may hold {MOST_MB}")
    if attack.cells and outcome.waited != ahead:
        found.append(f"whether it ran in a kernel that had waited for it: {outcome.waited}")
    if execution.seal != "bubblewrap":
        found.append("it ran without a seal")
    if attack.ending is not Ending.COMPLETED and any(cell.status is CellStatus.OK for cell in execution.cells[-1:]):
        found.append("its last cell counts as run")
    return found


def in_both_languages(execution: Execution) -> bool:
    """Tell whether there is a reason for the ending, and a translation of it."""
    english, russian = (Language(code).say(execution.reason) for code in ("en", "ru"))
    return bool(english) and re.search("[а-яё]", russian) is not None and "{" not in english + russian


def late(attack: Attack, outcome: Outcome) -> float:
    """Return by how many seconds more than allowed the end came after the limit; 0 or less is in time."""
    if attack.within is None:
        return 0.0
    return outcome.slowest - attack.within - _SLACK_SECONDS


def _shown(executed: Path) -> str:
    if not executed.exists():
        return ""
    outputs = [o for cell in nbformat.read(executed, as_version=4).cells for o in cell.get("outputs", ())]
    return "".join(str(o.get("text", "")) + str(o.get("data", {}).get("text/plain", "")) for o in outputs)
