"""Threads for what is done beside the screen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """Threads that forget what they did.

    Each piece of work that Textual runs leaves its name in the context of the thread, and with it the screen that
    asked for it: a screen that is closed would be held by every thread that has nothing else to do.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run something in a thread, in a context that ends with it.

        Args:
            fn: What to run.
            *args: Its arguments.
            **kwargs: Its arguments by name.

        Returns:
            What becomes of it.
        """
        run: Callable[..., Any] = Context().run
        return super().submit(run, fn, *args, **kwargs)
