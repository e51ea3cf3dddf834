"""Signals that outlive the screens which listen to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from textual.dom import DOMNode
from textual.signal import Signal

T = TypeVar("T")


class News(Signal[T]):
    """A signal of the application, to which screens that come and go listen.

    Textual's own holds on to each screen that ever listened, with all that is on it, until something is told.
    """

    def subscribe(
        self,
        node: DOMNode,
        callback: Callable[[T], Awaitable[Any]] | Callable[[T], Any],
        immediate: bool = False,
    ) -> None:
        """Let a node listen; those that have gone are forgotten.

        Args:
            node: Who listens.
            callback: Called with what is told.
            immediate: Call it at once, and not when the node has done what it is at.
        """
        self.forget()
        super().subscribe(node, callback, immediate)

    def forget(self) -> None:
        """Let go of those that have gone."""
        for gone in [one for one in self._subscriptions if not one.is_running]:
            self.unsubscribe(gone)
