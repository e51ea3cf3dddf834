"""How long work tells how far it is, and how it is stopped."""

from typing import Protocol


class Report(Protocol):
    """Called by every instrument as it goes; raises ``Cancelled`` to stop it."""

    def __call__(self, done: int, total: int, partial: object = None) -> None:
        """Take note that ``done`` of ``total`` units are finished.

        Args:
            done: Units finished so far.
            total: Units in all.
            partial: A result made of what is known by now, or None.
        """


def silent(done: int, total: int, partial: object = None) -> None:
    """Ignore the report: the default of every instrument."""
