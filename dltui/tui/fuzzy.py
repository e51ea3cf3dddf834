"""Finding things by a few letters: what fits best first, lately used and new things before others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dltui.tui.catalog.items import Item
from dltui.tui.usage import Use

START, WORD, INSIDE, NOTE_WORD, NOTE, SCATTERED = 100.0, 80.0, 60.0, 40.0, 28.0, 14.0
WORTH = 0.3  # part of the best score below which a hit is left out
MOST = 100  # hits that are listed
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be found.

    Attributes:
        item: How it is written, and what is opened.
        run: What choosing it does; None opens the item.
        words: More words that it is found by.
    """

    item: Item
    run: Callable[[], Any] | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.

    Attributes:
        candidate: What.
        score: How well it fits; larger is better.
        places: Letters of its name that were looked for.
    """

    candidate: Candidate
    score: float
    places: tuple[int, ...]


class Finder:
    """Looks for letters in many things at once, in plain Python and well within a key's time."""

    def __init__(self, candidates: Sequence[Candidate], uses: Mapping[str, Use], now: float) -> None:
        """Prepare the search.

        Args:
            candidates: What can be found, in the order in which equals are listed.
            uses: How often and when things were opened, by their place.
            now: Seconds since 1970.
        """
        self._known = [
            (one, one.item.name.lower(), _rest(one), _bonus(one.item, uses, now)) for one in candidates
        ]

    def find(self, query: str, most: int = MOST) -> list[Hit]:
        """Return what fits, the best first.

        Args:
            query: Some words; each must be found somewhere.
            most: Hits that are wanted.

        Returns:
            At most ``most`` hits; for no letters, what was used or made last.
        """
        words = query.lower().split()
        if not words:
            ranked = sorted(self._known, key=lambda known: -known[3])
            return [Hit(one, bonus, ()) for one, _, _, bonus in ranked[:most]]
        scored = []
        for known in self._known:
            score = _score(words, known[1], known[2])
            if score:
                scored.append((score + known[3], known))
        scored.sort(key=lambda pair: -pair[0])
        least = WORTH * scored[0][0] if scored else 0.0
        return [
            Hit(known[0], score, _places(words, known[1])) for score, known in scored[:most] if score >= least
        ]


def _score(words: list[str], name: str, rest: str) -> float:
    """Return how well the words fit, or 0 when one is nowhere."""
    total = 0.0
    for word in words:
        score = _one(word, name, rest)
        if not score:
            return 0.0
        total += score
    covered = sum(map(len, words)) / max(len(name), 1)
    return total / len(words) + 20.0 * min(1.0, covered)


def _one(word: str, name: str, rest: str) -> float:
    """Return how well one word fits: in the name before the note, whole before scattered."""
    at = name.find(word)
    if at >= 0:
        if at == 0:
            return START
        return WORD if _begins_word(word, name) else INSIDE
    if rest.find(word) >= 0:
        return NOTE_WORD if _begins_word(word, rest) else NOTE
    scattered = _scattered(word, name)
    return SCATTERED * len(word) / (scattered[-1] - scattered[0] + 1) if scattered else 0.0


def _begins_word(word: str, text: str) -> bool:
    """Return whether a word of the text begins with ``word``."""
    at = text.find(word)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at >= 0


def _scattered(word: str, name: str) -> tuple[int, ...]:
    """Return places of the letters in their order, close together at their end, or none."""
    if len(word) < 2:
        return ()
    at = -1
    for letter in word:
        at = name.find(letter, at + 1)
        if at < 0:
            return ()
    places = []
    end = at + 1
    for letter in reversed(word):
        end = name.rfind(letter, 0, end)
        places.append(end)
    return tuple(reversed(places))


def _places(words: list[str], name: str) -> tuple[int, ...]:
    """Return the letters of a name that the words fit."""
    found: set[int] = set()
    for word in words:
        at = name.find(word)
        if at >= 0:
            better = at
            while better > 0 and name[better - 1].isalnum():
                better = name.find(word, better + 1)
            at = better if better >= 0 else at
            found.update(range(at, at + len(word)))
        else:
            found.update(_scattered(word, name))
    return tuple(sorted(found))


def _rest(candidate: Candidate) -> str:
    """Return everything beside the name that a thing is found by."""
    item = candidate.item
    return " ".join((item.kind, item.group, item.note, item.schema, candidate.words)).lower()


def _bonus(item: Item, uses: Mapping[str, Use], now: float) -> float:
    """Return what a thing gains by being new (8 at most) and by being used (12 at most)."""
    bonus = 8.0 * math.exp(-max(0.0, now - item.when) / (3 * DAY)) if item.when else 0.0
    use = uses.get(item.place)
    if use is not None:
        fresh = math.exp(-max(0.0, now - use.last) / (14 * DAY))
        bonus += min(12.0, 4.0 * math.log2(1 + use.count)) * fresh
    return bonus
