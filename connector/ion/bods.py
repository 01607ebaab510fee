"""Reads a BOD: who it is about, which version of it this is, and what it makes due. Called by the receiver and m3_events.

The document is read as a stream and dropped piece by piece, so that one of 50 MB costs no more memory than its largest line.
Document types, entities and the network are off; elements are matched by their local name (reference: ion/bods.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import BinaryIO

from lxml import etree

from connector.errors import InvalidPayloadError
from connector.ion.due import Due, due_of
from connector.ion.rules import EventRules, NounRule

MOST_DEPTH = 60
MOST_ELEMENTS_AT_ONCE = 200_000
MOST_NOUNS = 50_000
MOST_TEXT = 200
"""Longest identity that is believed; ION's own limit of a document id is 100."""
LARGEST_VARIATION = 2**63 - 1
_VERB = re.compile(
    r"(Sync|Show|Process|Acknowledge|Confirm|Get|Load|Post|Update|Change|Cancel|Notify|Respond)(?=[A-Z])"
)


@dataclass(frozen=True)
class Identity:
    """Which document a noun is; one of several in a BOD."""

    accounting_entity: str
    location: str
    document_id: str


@dataclass(frozen=True)
class Noun:
    """One noun of a BOD. `identity` is None if it has none; `variation` is its version at the source, None if not given."""

    identity: Identity | None
    variation: int | None
    due: tuple[Due, ...]
    problem: str = ""


@dataclass(frozen=True)
class Bod:
    """What a BOD says, as far as anything here depends on it."""

    verb: str
    noun: str
    action: str  # "" if it names none
    tenant: str
    nouns: tuple[Noun, ...]
    is_listened_to: bool

    @property
    def name(self) -> str:
        """The document name as ION writes it."""
        return f"{self.verb}.{self.noun}"

    @property
    def problem(self) -> str:
        """What keeps a part of it from being used, in words; empty if all is well."""
        if self.is_listened_to and not self.nouns:
            return f"it holds no {self.noun}"
        return "; ".join(sorted({noun.problem for noun in self.nouns if noun.problem}))

    @property
    def is_deletion(self) -> bool:
        """Whether the documents are gone at the source."""
        return self.action.lower() == "delete"


def read_bod(plain: BinaryIO, rules: EventRules) -> Bod:
    """Reads a BOD.

    Args:
        plain: The XML, not compressed; read from the start.
        rules: Verbs and nouns that are listened to, and the places of their keys.

    Raises:
        InvalidPayloadError: It is no XML, no BOD, has a document type, or is built to harm; says what to do.
    """
    plain.seek(0)
    reading = _Reading(rules)
    try:
        parsing = etree.iterparse(
            plain,
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        for event, element in parsing:
            reading.start(element) if event == "start" else reading.end(element)
    except etree.XMLSyntaxError as error:
        line, column = error.position or (0, 0)
        raise InvalidPayloadError(
            f"The document cannot be read as XML (line {line}, column {column}).",
            resolution="Look at the message in ION and have the sender correct it; it will send a new one.",
        ) from None
    return reading.bod()


@dataclass
class _Noun:
    """A noun that is being read. Each list grows by what one child of the noun holds."""

    rule: NounRule | None
    ids: list[str] = field(default_factory=list)
    variations: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    due: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class _Reading:
    """Where the parser stands: root (1), DataArea (2), verb or noun (3), child of the noun (4)."""

    rules: EventRules
    depth: int = 0
    held: int = 0
    root: str = ""
    is_data: bool = False
    scope: Mapping[str, str] = field(default_factory=dict)
    noun_name: str = ""
    current: _Noun | None = None
    nouns: list[Noun] = field(default_factory=list)

    def start(self, element: etree._Element) -> None:
        self.depth += 1
        self.held += 1
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]
        if self.depth == 1:
            self._begin(element)
        elif self.depth == 2:
            self.is_data = element.tag == "DataArea"
        elif self.depth == 3 and self.is_data and self.scope:
            self.noun_name = self.noun_name or element.tag
            self.current = _Noun(self.rules.nouns.get(element.tag) if self._listens() else None)
        if self.depth > MOST_DEPTH or self.held > MOST_ELEMENTS_AT_ONCE:
            raise _harmful("It is nested too deeply or one part of it is too large.")

    def end(self, element: etree._Element) -> None:
        self.depth -= 1
        if self.depth == 3 and self.current is not None:
            _take(self.current, element)
        elif self.depth == 2 and self.is_data:
            self._end_part(element)
        is_in_verb = self.depth == 3 and self.is_data and self.current is None
        if self.depth <= 3 and not is_in_verb:
            _drop(element)
            self.held = self.depth

    def bod(self) -> Bod:
        """Returns what was read."""
        verb = self._verb()
        if not verb or not self.scope:
            raise InvalidPayloadError(
                f"The document ({self.root[:MOST_TEXT]}) is no BOD: it has no DataArea with a verb.",
                resolution="Look at the message in ION; only BODs are taken at this address.",
            )
        noun = self.noun_name or self.root.removeprefix(verb)
        return Bod(
            verb=verb,
            noun=noun,
            action=self.scope["action"],
            tenant=self.scope["tenant"],
            nouns=tuple(self.nouns),
            is_listened_to=verb in self.rules.verbs and noun in self.rules.nouns,
        )

    def _begin(self, element: etree._Element) -> None:
        if element.getroottree().docinfo.internalDTD is not None:
            raise _harmful("It has a document type (DOCTYPE), which no BOD needs.")
        self.root = str(element.tag)

    def _verb(self) -> str:
        named = self.scope.get("verb", "")
        if named and self.root.startswith(named):
            return named
        found = _VERB.match(self.root)
        return found[1] if found else ""

    def _listens(self) -> bool:
        return self._verb() in self.rules.verbs

    def _end_part(self, element: etree._Element) -> None:
        if self.current is None:
            self.scope = self.scope or _scope_of(element)
            return
        self.nouns.append(_finished(self.current, self.scope))
        self.current = None
        if len(self.nouns) > MOST_NOUNS:
            raise _harmful(f"It has more than {MOST_NOUNS} documents in one.")


def _harmful(what: str) -> InvalidPayloadError:
    return InvalidPayloadError(
        f"The document was refused: {what}",
        resolution="Find out who sent it; it is kept as it came. Discard it if it is not wanted.",
    )


def _scope_of(verb: etree._Element) -> dict[str, str]:
    actions = verb.xpath("ActionCriteria/ActionExpression/@actionCode", smart_strings=False)
    return {
        "verb": str(verb.tag),
        "tenant": (verb.findtext("TenantID") or "").strip()[:MOST_TEXT],
        "entity": (verb.findtext("AccountingEntityID") or "").strip()[:MOST_TEXT],
        "location": (verb.findtext("LocationID") or "").strip()[:MOST_TEXT],
        "action": str(actions[0]).strip() if actions else "",
    }


def _take(noun: _Noun, child: etree._Element) -> None:
    """Adds what one child of the noun holds.

    It is looked at apart from its siblings: the parser is ahead of us, and the next ones may be there in part.
    """
    rule = noun.rule
    if rule is None:
        return
    element = etree.Element("noun")
    element.append(deepcopy(child))
    if not noun.ids:  # all in the part that has the id, mostly the header
        noun.ids = _texts(rule.id(element))
        noun.variations = noun.variations or _texts(rule.variation(element))
        noun.entities = noun.entities or _texts(rule.accounting_entity(element))
        noun.locations = noun.locations or _texts(rule.location(element))
    for flow, place in rule.due.items():
        noun.due.setdefault(flow, set()).update(_texts(place(element)))


def _drop(element: etree._Element) -> None:
    """Forgets an element that was read, and those before it; the parser still needs the (empty) element itself."""
    element.clear()
    parent = element.getparent()
    while parent is not None and parent[0] is not element:
        del parent[0]


def _texts(found: object) -> list[str]:
    """Returns what an XPath gave as texts: elements, attributes, or one text or number."""
    if not isinstance(found, list):
        return [str(found)] if found else []
    texts = (one if isinstance(one, str) else "".join(one.itertext()) for one in found)
    return [text.strip() for text in texts if text.strip()]


def _finished(noun: _Noun, scope: Mapping[str, str]) -> Noun:
    if noun.rule is None:
        return Noun(None, None, ())
    problems = []
    identity = None
    if noun.ids and len(noun.ids[0]) <= MOST_TEXT and noun.ids[0].isprintable():
        entity = noun.entities[0] if noun.entities else scope["entity"]
        location = noun.locations[0] if noun.locations else scope["location"]
        identity = Identity(entity[:MOST_TEXT], location[:MOST_TEXT], noun.ids[0])
    else:
        problems.append("a document has no id where it is looked for")
    due = []
    for flow, found in noun.due.items():
        one, wrong = due_of(flow, found)
        due.append(one)
        if wrong:
            problems.append(f"{wrong} keys for {flow} cannot be keys of M3")
        elif not one.keys:
            problems.append(f"a document names nothing for {flow} where it is looked for")
    return Noun(identity, _variation(noun.variations), tuple(due), "; ".join(problems))


def _variation(found: list[str]) -> int | None:
    """Returns the version number; one that is none, or too large for 64 bits, counts as not given."""
    text = found[0] if found else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= LARGEST_VARIATION else None
