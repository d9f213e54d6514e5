"""What is outstanding at both ends, and what explains the difference?

    source − target = explained, by reason + unexplained        per customer and currency, exact

The source's side comes from what was last read, the target's from the target itself, or from what it last accepted
(`accepted`) where it can't be asked. What a family of documents should show there follows from its records
(`receivables`); what it shows beyond that is a write still to make, a document kept though it is no longer sent, or
unexplained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any, Literal

from duebridge.core.connector import Balance, BalanceReader, PayloadReader, Target
from duebridge.core.engine.accepted import NOT_ASKED, accepted
from duebridge.core.engine.holdings import Family, Holdings, holdings
from duebridge.core.engine.receivables import Walk, walk, walk_balances
from duebridge.core.errors import ConfigError, RecordError
from duebridge.core.money import ZERO, exponent
from duebridge.core.store.store import Store

Pair = tuple[str, str]  # customer id, currency
Json = dict[str, Any]

NOT_OURS = "not_written_by_duebridge"
#: Amounts have up to 20 digits before and 10 after the point; sums of a million of them stay exact.
_DIGITS = 60


@dataclass(slots=True)
class Side:
    """What one customer, or everyone, owes in one currency at both ends. Major units."""

    source: Decimal = ZERO
    target: Decimal = ZERO
    explained: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    unexplained: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Source less target."""
        return self.source - self.target

    def add(self, other: Side) -> None:
        """Take `other` in."""
        self.source += other.source
        self.target += other.target
        self.unexplained += other.unexplained
        for reason, amount in other.explained.items():
            self.explained[reason] += amount

    def as_json(self, currency: str) -> Json:
        """Return the amounts as text, with the currency's decimals; reasons that cancel out are left out."""
        told = {reason: amount for reason, amount in sorted(self.explained.items()) if amount}
        return {
            "source": amount_text(self.source, currency),
            "target": amount_text(self.target, currency),
            "difference": amount_text(self.difference, currency),
            "explained": {reason: amount_text(amount, currency) for reason, amount in told.items()},
            "unexplained": amount_text(self.unexplained, currency),
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both ends compared. `names` are customers' names by id, `target_from` says who told the target's side."""

    currencies: Mapping[str, Side]
    customers: Mapping[Pair, Side]
    names: Mapping[str, str]
    notes: tuple[str, ...]
    target_from: Literal["target", "links"] = "target"

    @property
    def explained(self) -> bool:
        """Whether nothing is left unexplained, for any customer."""
        return not self.loose

    @property
    def loose(self) -> frozenset[Pair]:
        """The customers and currencies of which something is left unexplained."""
        return frozenset(pair for pair, side in self.customers.items() if side.unexplained)

    def as_json(self) -> Json:
        """Return the comparison under its public names (`reconcile --json`)."""
        return {
            "currencies": {code: side.as_json(code) for code, side in sorted(self.currencies.items())},
            "customers": [
                {"customer": id, "name": self.names.get(id, ""), "currency": currency, **side.as_json(currency)}
                for (id, currency), side in sorted(self.customers.items())
            ],
            "target_from": self.target_from,
            "notes": list(self.notes),
        }


def reconcile(store: Store, connection_id: int, target: Target) -> Reconciliation:
    """Compare what was last read with what the target tells, or with what it last accepted where it can't be asked.

    Raises what asking the target raises, and `ConfigError` for a target that tells neither.
    """
    with localcontext(prec=_DIGITS):
        if isinstance(target, BalanceReader):
            with store.reading() as db:
                held = holdings(db, connection_id, target)
            return _compared(target, held, target.balances())
        if not isinstance(target, PayloadReader):
            raise ConfigError(
                f"{target.title} keeps no balances, so there is nothing to compare; `duebridge records` shows what it "
                "holds of this connection"
            )
        with store.reading() as db:
            held = holdings(db, connection_id, target)
            told = accepted(db, connection_id, target, target)
        compared = _compared(target, held, told.balances)
        return replace(compared, target_from="links", notes=(NOT_ASKED, *compared.notes, *told.notes))


def amount_text(amount: Decimal, currency: str) -> str:
    """Return `amount` with the currency's decimals, or all of its own when it is finer."""
    try:
        shown = amount.quantize(Decimal(1).scaleb(-exponent(currency)))
    except RecordError:
        shown = amount
    return f"{(shown if shown == amount else amount.normalize()) + ZERO:f}"  # the sum turns -0 into 0


def _compared(target: Target, held: Holdings, balances: Iterable[Balance]) -> Reconciliation:
    sides: defaultdict[Pair, Side] = defaultdict(Side)
    there = _at_target(balances, held, sides)
    for number, family in enumerate(held.families):
        _compare(family, there.get(number, {}), sides, target)
    return _result(sides, held)


def _at_target(
    balances: Iterable[Balance], held: Holdings, sides: dict[Pair, Side]
) -> dict[int, defaultdict[Pair, Decimal]]:
    """Return what the target shows of each family, by customer and currency; what isn't ours is explained at once."""
    there: defaultdict[int, defaultdict[Pair, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for balance in balances:
        family = held.family_of.get(balance.reference)
        pair = (_customer(balance, held, family), balance.currency)
        if family is not None:
            there[family][pair] += balance.outstanding
        elif balance.outstanding:
            sides[pair].target += balance.outstanding
            sides[pair].explained[NOT_OURS] -= balance.outstanding
    return there


def _customer(balance: Balance, held: Holdings, family: int | None) -> str:
    """The source's id of the balance's customer; the target's word where it is none of ours."""
    if not balance.customer and family is not None:
        return held.families[family].pair[0]
    return held.customer_ids.get(balance.customer, balance.customer)


def _compare(family: Family, there: Mapping[Pair, Decimal], sides: dict[Pair, Side], target: Target) -> None:
    way = _way(family, target)
    side = sides[family.pair]
    side.source += way.source
    for step in way.steps:
        side.explained[step.reason] += step.amount
    for pair in {family.pair, *there}:
        shown = there.get(pair, ZERO)
        rest = (way.expected if pair == family.pair else ZERO) - shown
        sides[pair].target += shown
        if family.trouble:
            sides[pair].explained[family.trouble] += rest
        else:
            sides[pair].unexplained += rest


def _way(family: Family, target: Target) -> Walk:
    if target.tells_balances:
        return walk_balances(family.invoice, family.credit_notes)
    return walk(family.invoice, family.credit_notes, mirrors_payments=target.mirrors_payments)


def _result(sides: Mapping[Pair, Side], held: Holdings) -> Reconciliation:
    currencies: defaultdict[str, Side] = defaultdict(Side)
    for (_, currency), side in sides.items():
        currencies[currency].add(side)
    return Reconciliation(dict(currencies), dict(_telling(sides)), held.names, held.notes)


def _telling(sides: Mapping[Pair, Side]) -> Iterator[tuple[Pair, Side]]:
    """Leave out customers who owe nothing at either end."""
    for pair, side in sides.items():
        if side.source or side.target or side.unexplained:
            yield pair, side
