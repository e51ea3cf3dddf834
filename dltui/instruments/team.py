"""Processes that share the work of one instrument, each with a device of its own.

They are started and found as those of a training are (``dltui.ranks``): each runs the same command line with torchrun's
environment, so that each opens the same model and data by itself. What they tell each other goes through the store of
torchrun's rendezvous, as plain numbers. The first of them is the one that somebody called; it alone tells and keeps
what is found. Without other processes there is no store and no team at all.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import local
from typing import Any

import torch
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

from dltui.errors import DltuiError
from dltui.ranks import SUPERVISOR, Ranks, die_with, free_port, rank_and_world, rank_environment

LOOK = 0.25  # seconds between two looks whether the others are still there
SHORT, LONG = 0.0005, 0.005  # seconds between two looks whether a value is there, at first and later
PATIENCE = timedelta(seconds=120)  # for the store to answer
LEAVE = 5.0  # seconds in which the others may end by themselves

Answer = Callable[[bytes], bytes]


class ServedError(Exception):
    """This process has done its share; what was found is told by the first one."""


class Team:
    """What one of several processes knows of the others.

    Attributes:
        rank: Number of this process, from 0.
        world: How many there are.
    """

    def __init__(self, rank: int, world: int, address: tuple[str, int], others: Ranks | None = None) -> None:
        self.rank, self.world = rank, world
        self._others = others
        self._address = address
        self._own = local()
        self._rounds = count()
        # Under torchrun the store is that of its agent.
        agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        self._host = TCPStore(
            *address, is_master=rank == 0 and not agent, timeout=PATIENCE, wait_for_workers=False
        )

    @property
    def first(self) -> bool:
        """Whether this is the process that was called."""
        return self.rank == 0

    def mine(self, devices: Sequence[torch.device]) -> Sequence[torch.device]:
        """Return which of several devices this process works on."""
        return devices[self.rank :: self.world] or devices[self.rank % max(1, len(devices)) :][:1]

    # questions of the first process, answered by the others

    def asker(self, rank: int, channel: int) -> Callable[[bytes], bytes | None]:
        """Return what asks another process, from one thread of this one.

        Args:
            rank: Which one.
            channel: Which of its threads, from 0.

        Returns:
            A function from a question to the answer, or to None while the other one isn't ready yet, or for ever where
            it has fewer threads.
        """
        store, asked, ready = self._store(), count(), False

        def ask(question: bytes) -> bytes | None:
            nonlocal ready
            self.check()
            ready = ready or (store.check([f"ready/{rank}"]) and channel < int(store.get(f"ready/{rank}")))
            if not ready:
                return None
            place = f"{rank}/{channel}/{next(asked)}"
            store.set(f"ask/{place}", question)
            found = self._seen(store, f"told/{place}")
            store.delete_key(f"told/{place}")
            return found

        return ask

    def serve(self, channel: int, answer: Answer) -> None:
        """Answer the questions of one thread of the first process until it has no more."""
        store = self._store()
        for number in count():
            place = f"{self.rank}/{channel}/{number}"
            question = self._seen(store, f"ask/{place}", or_end=True)
            if not question:
                return
            store.delete_key(f"ask/{place}")
            store.set(f"told/{place}", answer(question))

    def agree(self, identity: str, channels: int) -> None:
        """Make sure that another process works on the same thing as the first, and say that it is ready.

        Args:
            identity: What tells one thing from another.
            channels: How many threads of this process answer questions.

        Raises:
            DltuiError: If it works on something else.
        """
        store = self._store()
        if self.first:
            store.set("identity", identity)
            return
        if self._seen(store, "identity").decode() != identity:
            raise DltuiError(
                f"process {self.rank} of {self.world} found other weights, samples or directions than the first; "
                "expected the same from the same command line; try one process"
            )
        store.set(f"ready/{self.rank}", str(channels))

    # numbers of all processes, the same steps in each

    def gathered(self, mine: bytes) -> list[bytes]:
        """Return what every process has found in this round, in their order; each calls this as often as the others."""
        store, number = self._store(), next(self._rounds)
        store.set(f"round/{number}/{self.rank}", mine)
        found = [
            mine if rank == self.rank else self._seen(store, f"round/{number}/{rank}")
            for rank in range(self.world)
        ]
        if number:  # whoever has written this round has read the last one
            store.delete_key(f"round/{number - 1}/{self.rank}")
        return found

    def check(self) -> None:
        """Make sure that the others are still there.

        Raises:
            DltuiError: If one has ended before the work was done.
        """
        if self._others is None:
            return
        for place, code in enumerate(self._others.codes()):
            if code is not None:
                name = f"process {place + 1} of {self.world}"
                if code < 0:
                    raise DltuiError(
                        f"{name} was ended by {signal.Signals(-code).name} before the work was done"
                    )
                raise DltuiError(self._others.last_words(place) or f"{name} ended before the work was done")

    def leave(self) -> None:
        """Let the others go: they have nothing more to answer."""
        self._store().set("end", "yes")

    def _seen(self, store: Any, key: str, *, or_end: bool = False) -> bytes:
        """Return a value once it is there; nothing when the end comes first, where that is waited for too."""
        pause, next_look = SHORT, time.monotonic() + LOOK
        while not store.check([key]):  # its own wait would warn on stderr whenever it is over
            if or_end and store.check(["end"]):
                return b""
            if time.monotonic() > next_look:
                self.check()
                next_look = time.monotonic() + LOOK
            time.sleep(pause)
            pause = min(2 * pause, LONG)
        return bytes(store.get(key))

    def _store(self) -> Any:
        """Return this thread's own connection: of one that all share, each would wait for the others' answers."""
        if not hasattr(self._own, "store"):
            bare = TCPStore(*self._address, is_master=False, timeout=PATIENCE, wait_for_workers=False)
            self._own.store = PrefixStore("dltui", bare)
        return self._own.store


@contextmanager
def team(processes: int, words: Sequence[str], device: str = "auto") -> Iterator[Team | None]:
    """Work with others on the same command line while this lasts.

    Args:
        processes: How many, this one among them; ignored in a process that somebody has started as one of several.
        words: What follows ``dltui`` on the command line.
        device: Where to compute; of several GPUs each process takes its own.

    Yields:
        What this process knows of the others, or None where it works alone.

    Raises:
        DltuiError: If one of them ends before the work is done.
    """
    rank, world = rank_and_world()
    if world > 1:
        if SUPERVISOR in os.environ:
            die_with(int(os.environ[SUPERVISOR]))
        own = Team(rank, world, (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])))
        yield own
        if own.first:
            own.leave()
        return
    if processes == 1:
        yield None
        return
    others, port = Ranks(), free_port()
    with tempfile.TemporaryDirectory(prefix="dltui-") as logs:
        try:
            own = Team(0, processes, ("127.0.0.1", port), others)
            for rank in range(1, processes):
                told = rank_environment(rank, processes, local=rank, here=processes, port=port)
                line = [sys.executable, "-m", "dltui", *words, *_placed(device, rank), "--quiet"]
                others.start(line, told, Path(logs) / f"{rank}.txt")
            yield own
            own.leave()
            others.wait(LEAVE)
        finally:
            others.end()


def _placed(device: str, rank: int) -> list[str]:
    """Return the words that give a process its own GPU, where there are some."""
    if device not in {"auto", "cuda"} or not torch.cuda.is_available():
        return []
    return ["--device", f"cuda:{rank % torch.cuda.device_count()}"]
