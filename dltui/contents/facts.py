"""Questions about the names and shapes of tensors, as guesses ask them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from dltui.contents.entry import Entry

ATTENTION = re.compile(
    r"attn|attention|qkv|in_proj_weight|(?:^|[._/])(?:to_|w_?)?(?:q|query)(?:_proj|_lin)?(?:[._/]|$)",
    re.IGNORECASE,
)
MOST_NAMES = 20_000  # tensors that are looked at; blocks repeat long before


class Shapes:
    """The tensors of a file, to be asked."""

    def __init__(self, entries: Sequence[Entry], scalars: Mapping[str, Any]) -> None:
        self.entries = [one for one in entries if ".state." not in one.name][:MOST_NAMES]
        self.scalars = scalars

    @cached_property
    def text(self) -> str:
        """All names, one a line."""
        return "\n".join(one.name for one in self.entries)

    def has(self, *patterns: str) -> bool:
        """Return whether every pattern is found in some name."""
        return all(re.search(pattern, self.text, re.MULTILINE) for pattern in patterns)

    def count(self, pattern: str) -> int:
        """Return how many different numbers stand at the group of a pattern."""
        return len(set(re.findall(pattern, self.text, re.MULTILINE)))

    def shape(self, pattern: str) -> tuple[int, ...]:
        """Return the shape of the first tensor whose name ends as told; empty when there is none."""
        found = self.first(pattern)
        return found.shape if found else ()

    def first(self, pattern: str) -> Entry | None:
        """Return the first tensor whose name ends as told."""
        ends = re.compile(rf"(?:^|[./]){pattern}$")
        return next((one for one in self.entries if ends.search(one.name)), None)

    def number(self, *keys: str) -> int | None:
        """Return the first whole number that the configuration gives under one of the keys."""
        for key in keys:
            value = self.scalars.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None

    def weights(self, dimensions: int) -> list[Entry]:
        """Return the weights of so many axes."""
        return [one for one in self.entries if len(one.shape) == dimensions and one.elements]


def attends(entries: Sequence[Entry]) -> bool:
    """Return whether some tensor is named as those of attention are."""
    return any(ATTENTION.search(one.name) for one in entries)


def sizes(**told: int | None) -> str:
    """Return named sizes as a list, without those that are not known.

    >>> sizes(layers=12, width=768, heads=None)
    '12 layers, width 768'
    """
    words = []
    for name, value in told.items():
        if value is None:
            continue
        plain = name.replace("_", " ")
        one = plain.removesuffix("s") if value == 1 else plain
        words.append(f"{value:,} {one}" if plain.endswith("s") else f"{plain} {value:,}")
    return ", ".join(words)
