"""Takes apart what a refund takes back, and keeps it as JSON. Called by flows/refunds; pure, Decimal only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connector.money.refunds import Of, Piece, Taken
from connector.money.rounding import ZERO, round_half_up

TAX_DECIMALS = 6
"""The shop does not round the tax of a line to cents."""


def portion(piece: Piece, quantity: Decimal, *, decimals: int) -> tuple[Piece, Piece]:
    """Splits goods into `quantity` of them and the rest; amounts go by the quantity, together they are as before."""
    share = quantity / piece.quantity
    first = replace(
        piece,
        quantity=quantity,
        net=round_half_up(piece.net * share, decimals),
        taxes=tuple((rate, round_half_up(tax * share, TAX_DECIMALS)) for rate, tax in piece.taxes),
    )
    taken = dict(first.taxes)
    rest = replace(
        piece,
        quantity=piece.quantity - quantity,
        net=piece.net - first.net,
        taxes=tuple((rate, tax - taken[rate]) for rate, tax in piece.taxes),
    )
    return first, rest


def apart(taken: Taken, groups: Sequence[Sequence[Piece]], *, decimals: int) -> tuple[Taken, ...]:
    """Returns one taking for each group of its pieces; the last has what the others leave of the total."""
    left, parts = taken.total, []
    for place, pieces in enumerate(groups, start=1):
        total = left if place == len(groups) else gross_of(pieces, decimals=decimals)
        parts.append(Taken(taken.refund_id, tuple(pieces), total))
        left -= total
    return tuple(parts)


def gross_of(pieces: Iterable[Piece], *, decimals: int) -> Decimal:
    """Returns what pieces come to with tax, rounded once."""
    return round_half_up(sum((one.gross for one in pieces), ZERO), decimals)


def to_json(taken: Taken) -> dict[str, Any]:
    """Returns it as the ledger keeps it."""
    return {"refund_id": taken.refund_id, "total": str(taken.total), "pieces": [_piece(one) for one in taken.pieces]}


def _piece(piece: Piece) -> dict[str, Any]:
    return {
        "of": piece.of.value,
        "source_id": piece.source_id,
        "quantity": str(piece.quantity),
        "net": str(piece.net),
        "taxes": [[rate, str(tax)] for rate, tax in piece.taxes],
        "rates": list(piece.rates),
    }


def from_json(kept: dict[str, Any]) -> Taken:
    """Reads back what `to_json` made."""
    pieces = tuple(
        Piece(
            Of(one["of"]),
            one["source_id"],
            Decimal(one["quantity"]),
            Decimal(one["net"]),
            tuple((rate, Decimal(tax)) for rate, tax in one["taxes"]),
            tuple(one["rates"]),
        )
        for one in kept["pieces"]
    )
    return Taken(kept["refund_id"], pieces, Decimal(kept["total"]))
