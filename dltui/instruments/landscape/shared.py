"""The points of a scan, shared out among processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

import numpy as np

from dltui.instruments.crew import Crew
from dltui.instruments.landscape.measure import Measure, Measured
from dltui.instruments.landscape.window import Grid
from dltui.instruments.team import ServedError, Team


class Place(Protocol):
    """Where points are measured."""

    def worker(self) -> Callable[[Grid], Measured]:
        """Return the function from points, shape (g, 2), to what is measured there, for one thread."""


class Abroad:
    """One thread of another process.

    Args:
        here: The same measurement in this process, which is used until the other one is ready.
        team: The processes.
        rank: Which of them.
        channel: Which of its threads.
    """

    def __init__(self, here: Measure, team: Team, rank: int, channel: int) -> None:
        self._here, self._team, self._rank, self._channel = here, team, rank, channel

    def worker(self) -> Callable[[Grid], Measured]:
        """Return the function from points, shape (g, 2), to what is measured there."""
        ask, parts = self._team.asker(self._rank, self._channel), len(self._here.parts)
        here: Callable[[Grid], Measured] | None = None

        def measure(points: Grid) -> Measured:
            nonlocal here
            told = ask(np.ascontiguousarray(points, np.float64).tobytes())
            if told is not None:
                return np.frombuffer(told, np.float64).reshape(len(points), parts, -1)
            here = here or self._here.worker()
            return here(points)

        return measure


def shared_out(places: Sequence[Measure], team: Team, threads: int) -> list[Place]:
    """Return where the threads of the first process measure: here, and in the other processes.

    Args:
        places: What is measured, once for each device of this process.
        team: The processes.
        threads: How many of each work.

    Returns:
        One place a thread, those here first.
    """
    here: list[Place] = [places[number % len(places)] for number in range(threads)]
    there = [
        Abroad(places[0], team, rank, channel) for rank in range(1, team.world) for channel in range(threads)
    ]
    return [*here, *there]


def serve(places: Sequence[Measure], team: Team, hands: Crew) -> NoReturn:
    """Measure what the first process asks for until it has all.

    Args:
        places: What is measured, once for each device of this process.
        team: The processes.
        hands: The threads that do.

    Raises:
        ServedError: When that is done.
    """

    def work(channel: int) -> None:
        measure = places[channel % len(places)].worker()

        def answer(question: bytes) -> bytes:
            found = measure(np.frombuffer(question, np.float64).reshape(-1, 2))
            return np.ascontiguousarray(found, np.float64).tobytes()

        team.serve(channel, answer)

    hands.together(work)
    raise ServedError
