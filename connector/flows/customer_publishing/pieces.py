"""The pieces of an account: each is written or refused by itself, and a refused one is not sent again until it changes.

Used by writing.py and customers_to_woo. A row of meta data is a piece; so are name, address, telephone number and e-mail address:
an address goes as a whole or stays as it is, for half of the new one beside half of the old one would be nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connector.flows.customer_publishing.fields import BILLING, FLOW, META, PARTS
from connector.ledger.json_rows import content_hash
from connector.ledger.kept import known as known_fields
from connector.ledger.refused_pieces import REFUSED

HIDDEN = "***"
SHORT = 2
"""A code of a country or state, or a short name: part of many words, so only whole words are hidden."""
Fields = Mapping[str, str]
"""Fields by the names of the mapping file, with what the account is to show."""


@dataclass(frozen=True)
class Refused:
    """A piece the shop refused. `value` is a digest of what the whole piece was to be, `words` are the shop's."""

    value: str
    fields: tuple[str, ...]
    code: str
    words: str


def piece_of(name: str) -> str:
    """Returns the piece a field belongs to."""
    return name if name.startswith(META) else PARTS[name.removeprefix(BILLING)].value


def in_pieces(fields: Fields) -> dict[str, dict[str, str]]:
    """Returns the fields of each piece."""
    pieces: dict[str, dict[str, str]] = {}
    for name, text in fields.items():
        pieces.setdefault(piece_of(name), {})[name] = text
    return pieces


def digest_of(piece: str, wanted: Fields) -> str:
    """Returns the digest of all that a piece is to show, also of what the account shows already."""
    return content_hash({name: text for name, text in wanted.items() if piece_of(name) == piece})


def still_refused(written: Mapping[str, Any], wanted: Fields, different: Fields) -> dict[str, Refused]:
    """Returns the pieces that differ, of which the shop has refused just this.

    Args:
        written: What the ledger keeps of the customer's last write.
        wanted: What the account is to show.
        different: What of it the account does not show.
    """
    known = {piece: _read(content) for piece, content in dict(written.get(REFUSED) or {}).items()}
    return {
        piece: known[piece]
        for piece in in_pieces(different)
        if piece in known and known[piece].value == digest_of(piece, wanted)
    }


def kept(fields: Iterable[str], refused: Mapping[str, Refused]) -> dict[str, Any]:
    """Returns what the ledger keeps of a write: the names of the fields written, and the pieces refused."""
    pieces = {piece: asdict(one) for piece, one in refused.items()}
    return {"fields": sorted(fields)} | ({REFUSED: pieces} if pieces else {})


def in_words(account: int, refused: Mapping[str, Refused]) -> str:
    """Says which fields of an account were refused, and why; the shop's words are told once."""
    names = ", ".join(sorted(name for one in refused.values() for name in one.fields))
    why = " ".join(dict.fromkeys(one.words for one in refused.values()))
    return f"Of account {account} was not written: {names}. {why}"


def hidden(words: str, values: Iterable[str]) -> str:
    """Returns the shop's words without values that belong to a person, trimmed, closed up or in other letters as they may be."""
    forms = {form for text in values for form in (text.strip(), text.strip().upper()) if form}
    patterns = [_pattern(form) for form in sorted(forms, key=len, reverse=True)]
    return re.sub("|".join(patterns), HIDDEN, words, flags=re.IGNORECASE) if patterns else words


def _pattern(form: str) -> str:
    pattern = r"\s+".join(map(re.escape, form.split()))
    return rf"(?<!\w){pattern}(?!\w)" if len(form) <= SHORT else pattern


def remedy_of(number: str) -> str:
    """Says what a person does about refused fields of a customer of M3."""
    return (
        "Correct it in M3 or in config/mappings/customers_to_woo.yaml: it is written when it changes, and not sent again before. "
        f"If it was the shop that was wrong: connector sync {FLOW} --ids {number}, or --full for all of them."
    )


def _read(content: Any) -> Refused:
    fields = known_fields(Refused, content)
    return Refused(**{**fields, "fields": tuple(fields["fields"])})
