"""Under which conditions a run was graded: Keras, data, seal. Grades made under others are not to be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

from grader.errors import ConditionsChangedError
from grader.ledger.store import Store
from grader.records import Message, joined, msg

Changed = Literal["ask", "keep", "regrade"]
"""What to do under other conditions: stop and say so, keep what is graded, or grade all of it again."""


def digest_of(conditions: Mapping[str, str]) -> str:
    """Return a name for these conditions."""
    return hashlib.sha256(json.dumps(dict(conditions), sort_keys=True).encode()).hexdigest()


class Conditions:
    """All conditions a run has seen, and which of them stand."""

    def __init__(self, store: Store) -> None:
        """Keep them in the store."""
        self._store = store

    def accepted(self) -> tuple[dict[str, str], ...]:
        """Return the conditions under which something that stands was graded."""
        if not self._store.exists:
            return ()
        with self._store.reading() as database:
            rows = database.execute(
                "SELECT facts FROM conditions WHERE accepted AND digest IN"
                " (SELECT conditions FROM submission WHERE wanted IS NOT NULL)"
            ).fetchall()
        return tuple(json.loads(row[0]) for row in rows)

    def agree(self, now: Mapping[str, str], changed: Changed) -> str:
        """Settle that the run goes on under these conditions; returns their digest.

        Raises:
            ConditionsChangedError: Submissions were graded under others, and nobody has said what to do with them.
        """
        before = self.accepted()
        differences = list({str(one): one for then in before for one in _differences(then, now)}.values())
        digest = digest_of(now)
        if differences and changed == "ask" and not self._stands(digest):
            raise ConditionsChangedError(
                msg(
                    "{run}: submissions here were graded under other conditions ({differences}), and such grades "
                    "are not to be compared. Grade into a new folder, go back to what was there before, or say what "
                    "to do: --changed regrade grades all of them again, --changed keep leaves them and grades only "
                    "the others under the new conditions",
                    run=str(self._store.path.parent.parent),
                    differences=joined(differences, "; "),
                )
            )
        with self._store.writing() as database:
            if differences and changed == "regrade":
                database.execute("UPDATE conditions SET accepted = 0")
            database.execute(
                "INSERT INTO conditions VALUES (?, ?, 1) ON CONFLICT (digest) DO UPDATE SET accepted = 1",
                (digest, json.dumps(dict(now), sort_keys=True)),
            )
        return digest

    def _stands(self, digest: str) -> bool:
        with self._store.reading() as database:
            return bool(
                database.execute("SELECT 1 FROM conditions WHERE accepted AND digest = ?", (digest,)).fetchone()
            )


def _differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[Message]:
    """Return what was the one and is the other; what only one of them has is no difference."""
    return [
        msg("{name} {then}, now {now}", name=name, then=then[name], now=now[name])
        for name in sorted(then)
        if name in now and then[name] != now[name]
    ]
