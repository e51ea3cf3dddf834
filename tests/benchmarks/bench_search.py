"""Search over 2,000 things: ours against Textual's own fuzzy search, a key at a time, in one interleaved run.

python tests/benchmarks/bench_search.py
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from textual.fuzzy import FuzzySearch

from dltui.tui.catalog.items import Item
from dltui.tui.fuzzy import Candidate, Finder

WORDS = [
    "loss",
    "landscape",
    "hessian",
    "gradient",
    "norm",
    "attention",
    "digits",
    "lenet",
    "resnet",
    "moons",
    "saddle",
    "batch",
    "dropout",
    "adam",
]
TYPED = ("landscape", "hess", "resnet dig", "lsc")
ROUNDS = 5


def things(count: int) -> list[Candidate]:
    """Things with names as runs and results have them."""
    draw = random.Random(0)
    return [
        Candidate(
            Item(
                "run",
                f"{'-'.join(draw.sample(WORDS, 3))}-{i:04x}",
                " ".join(draw.sample(WORDS, 6)),
                str(i),
                "",
            )
        )
        for i in range(count)
    ]


def timed(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    started = time.process_time()
    work()
    return 1e3 * (time.process_time() - started)


def main() -> None:
    """Print milliseconds a key and the ratio."""
    known = things(2000)
    names = [one.item.name for one in known]
    finder = Finder(known, {}, time.time())
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        for word in TYPED:
            for end in range(1, len(word) + 1):
                query = word[:end]
                ours.append(timed(lambda query=query: finder.find(query)))  # type: ignore[misc]
                fuzzy = FuzzySearch()  # without what it remembers of earlier rounds
                theirs.append(
                    timed(lambda query=query, fuzzy=fuzzy: [fuzzy.match(query, name) for name in names])
                )  # type: ignore[misc]
    print(f"dltui    {statistics.median(ours):6.1f} ms a key, at most {max(ours):.1f}")
    print(f"textual  {statistics.median(theirs):6.1f} ms a key, at most {max(theirs):.1f}")
    print(f"ratio    {statistics.median(theirs) / statistics.median(ours):6.1f}")


if __name__ == "__main__":
    main()
