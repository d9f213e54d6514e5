"""Which part of an invoice's discount and taxes is each line's? Pure, exact, to the smallest unit of the currency.

Harvest tells amounts of lines before discount, one discount and two taxes for the whole invoice, each of the latter as
a percentage and as a rounded amount: amount = sum of lines − discount_amount + tax_amount + tax2_amount. Both taxes are
on what is left of their lines after the discount; the second is not on top of the first.

Each line gets its exact share, cut to whole units; the units missing to the invoice's own figure go to the lines that
lost most by the cut, the first of equals. Shares in proportion to the amounts would explode where lines of both signs
nearly cancel out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext

from duebridge.core.api import ZERO, RecordError, exponent, minor_units

#: Wide enough for a product of the longest amounts there are.
_DIGITS = 120
#: What Harvest rounds to, whatever the currency.
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Item:
    """A line before discount, and which of the two taxes are on it."""

    amount: Decimal
    taxed: bool
    taxed2: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """An invoice's own figures: percentages (0 where there is none) and amounts, in its currency."""

    amount: Decimal
    discount: Decimal
    discount_amount: Decimal
    tax: Decimal
    tax_amount: Decimal
    tax2: Decimal
    tax2_amount: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """What a line comes to after discount, and the tax on it."""

    net: Decimal
    tax: Decimal


def shares(items: Sequence[Item], totals: Totals, currency: str) -> list[Share]:
    """The share of each line; nets and taxes add up to the invoice's figures exactly.

    Raises `RecordError` for amounts finer than the currency, and for totals that the lines don't make.
    """
    digits = exponent(currency)
    for name in ("amount", "discount_amount", "tax_amount", "tax2_amount"):
        _refuse_finer(name, getattr(totals, name), currency)
    with localcontext(prec=_DIGITS):
        unit = Decimal(1).scaleb(-digits)
        _refuse_inconsistent(items, totals, max(unit, _CENT))
        kept = 1 - totals.discount / 100
        nets = [item.amount * kept for item in items]
        net = totals.amount - totals.tax_amount - totals.tax2_amount
        firsts = _on(items, nets, totals.tax, lambda item: item.taxed)
        seconds = _on(items, nets, totals.tax2, lambda item: item.taxed2)
        parts = zip(
            spread(net, nets, unit),
            spread(totals.tax_amount, firsts, unit),
            spread(totals.tax2_amount, seconds, unit),
            strict=True,
        )
        return [Share(net, first + second) for net, first, second in parts]


def spread(total: Decimal, exact: Sequence[Decimal | None], unit: Decimal) -> list[Decimal]:
    """Whole `unit`s for each of `exact` that add up to `total`; nothing for None, which has no part in it.

    Nor has a share of 0, as long as there are others: a line of nothing bears no tax.
    """
    places = [place for place, share in enumerate(exact) if share]
    places = places or [place for place, share in enumerate(exact) if share is not None]
    given = [ZERO] * len(exact)
    if not places:
        return given
    rests: list[tuple[Decimal, int]] = []
    for place in places:
        units = (exact[place] or ZERO) / unit
        given[place] = units.to_integral_value(ROUND_FLOOR)
        rests.append((given[place] - units, place))
    missing = int(total / unit - sum(given, ZERO))
    each, more = divmod(missing, len(places))
    for rank, (_, place) in enumerate(sorted(rests)):
        given[place] = (given[place] + each + (1 if rank < more else 0)) * unit
    return given


def _on(
    items: Sequence[Item], nets: Sequence[Decimal], rate: Decimal, is_taxed: Callable[[Item], bool]
) -> list[Decimal | None]:
    """The exact tax of each line, None for those it isn't on."""
    return [net * rate / 100 if rate and is_taxed(item) else None for item, net in zip(items, nets, strict=True)]


def _refuse_finer(name: str, told: Decimal, currency: str) -> None:
    try:
        minor_units(told, currency)
    except RecordError as refused:
        raise RecordError(f"{name}: {refused}") from None


def _refuse_inconsistent(items: Sequence[Item], totals: Totals, cent: Decimal) -> None:
    """Raise `RecordError` unless the figures explain each other, roundings of a cent for each line aside.

    Where every line is in whole cents, the sum is exact.
    """
    lines = sum((item.amount for item in items), ZERO)
    made = lines - totals.discount_amount + totals.tax_amount + totals.tax2_amount
    fine = sum(item.amount % cent != 0 for item in items)
    if abs(made - totals.amount) > cent * fine:
        raise _inconsistent(f"its lines less discount with taxes make {_plain(made)}, but amount is", totals.amount)
    kept = 1 - totals.discount / 100
    allowed = cent * max(1, len(items))
    _refuse_far("discount", totals.discount_amount, lines * totals.discount / 100, allowed if totals.discount else ZERO)
    for name, rate, told, taxed in (
        ("tax", totals.tax, totals.tax_amount, [item.amount for item in items if item.taxed]),
        ("tax2", totals.tax2, totals.tax2_amount, [item.amount for item in items if item.taxed2]),
    ):
        _refuse_far(name, told, sum(taxed, ZERO) * kept * rate / 100, allowed if rate and taxed else ZERO)


def _refuse_far(name: str, told: Decimal, made: Decimal, allowed: Decimal) -> None:
    if abs(told - made) > allowed:
        raise _inconsistent(f"{name} on its lines makes {_plain(made)}, but {name}_amount is", told)


def _inconsistent(what: str, told: Decimal) -> RecordError:
    return RecordError(
        f"Harvest totals inconsistent: {what} {_plain(told)}; open the invoice in Harvest, save it again and compare "
        "its total with its lines"
    )


def _plain(value: Decimal) -> str:
    """Digits without an exponent, at most ten of them after the point."""
    return f"{round(value, 10):f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
