"""Threads that forget what they did."""

from contextvars import ContextVar
from threading import get_ident

from dltui.tui.threads import Threads

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


def test_next_work_in_a_thread_knows_nothing_of_the_last() -> None:
    with Threads(max_workers=1) as threads:
        first = threads.submit(get_ident).result()
        threads.submit(WHO.set, "a screen").result()
        assert threads.submit(WHO.get).result() == "nobody"
        assert threads.submit(get_ident).result() == first
