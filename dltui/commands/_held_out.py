"""What the screens of fitted scenes share: held-out pictures, all or one of them large."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from dltui.figures import Array, Figure, Images
from dltui.tui.screens.result import ResultScreen


class Fitted(Protocol):
    """A result whose first figure is of held-out pictures."""

    @property
    def truth(self) -> Array:
        """Those pictures."""

    def pictures(self, place: int | None = None) -> Images:
        """Return all of them, or one, beside what is shown of them."""


F = TypeVar("F", bound=Fitted)


class HeldOutScreen(ResultScreen, Generic[F]):
    """Figures of what was fitted to pictures."""

    _found: F | None = None
    _picture: int | None = None  # which held-out picture is large

    def show_result(self, result: F, figures: list[Figure]) -> None:
        """Show the figures; a picture that is large stays so while a fit goes on."""
        self._found = result
        if self._picture is not None:
            figures = [result.pictures(self._picture), *figures[1:]]
        super().show_result(result, figures)

    def action_picture(self) -> None:
        """Go on to the next held-out picture."""
        if self._found is not None:
            place = 0 if self._picture is None else self._picture + 1
            self._picture = place if place < len(self._found.truth) else None
            self.put_figure(0, self._found.pictures(self._picture))
