"""Is the invoice file plausible beside the last one that was delivered? What it leaves out counts as closed at Afakto.

The number of rows last delivered is remembered. It is written down before a delivery too: should the process die before
it is known what became of that one, the next is measured by the larger of both numbers, so that a short file is held
back rather than let through.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from duebridge.core.api import Implausible, Memory
from duebridge.targets.afakto.settings import Withhold


class LastDelivery:
    """How many invoices of a company the last delivered file held, between runs."""

    def __init__(self, memory: Memory, company: str, limits: Withhold) -> None:
        """Remember in `memory`, by company."""
        self._memory = memory
        self._company = company
        self._limits = limits
        self._delivered = f"delivered:{company}"
        self._begun = f"begun:{company}"

    @property
    def rows(self) -> int:
        """The rows of the last delivered file, or of one that may have been; 0 before the first."""
        return max(self._memory.get(self._delivered) or 0, self._memory.get(self._begun) or 0)

    def weigh(self, rows: int, *, accepted: bool, left_out: Collection[str] = ()) -> str | None:
        """Raise `Implausible` for a file of so few `rows`; return what a person who `accepted` it should read.

        `left_out` says why of each record that is to go and can't.
        """
        objection = self._objection(rows)
        if objection is None:
            return None
        if accepted:
            return f"accepted by --accept-mass-change: {objection}"
        raise Implausible(
            f"the invoice file was withheld: {objection}{_without(left_out)}. Nothing was delivered; what it leaves "
            "out would count as closed at Afakto. Look at the source, and at `duebridge records`; if it is meant, run "
            "the sync with --accept-mass-change"
        )

    def begin(self, rows: int) -> None:
        """Write down that a file of `rows` is about to be delivered."""
        self._memory.put(self._begun, max(rows, self._memory.get(self._begun) or 0))

    def take_back(self) -> None:
        """Write down that it was not."""
        self._memory.put(self._begun, None)

    def done(self, rows: int) -> None:
        """Write down that it was."""
        self._memory.put(self._delivered, rows)
        self._memory.put(self._begun, None)

    def _objection(self, rows: int) -> str | None:
        last = self.rows
        fewer = last - rows
        if last and not rows:
            return f"{self._company} came back without a single invoice, where the last file had {last}"
        if fewer >= self._limits.min and fewer > Fraction(str(self._limits.share)) * last:
            return (
                f"{self._company} has {rows} invoices, where the last file had {last}: "
                f"more than {self._limits.share * 100:g} % fewer"
            )
        return None


def _without(left_out: Collection[str]) -> str:
    return f"; {len(left_out)} records can't go, one of them because {next(iter(left_out))}" if left_out else ""
