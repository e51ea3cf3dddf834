"""Which moment of a film is shown: the newest one, one that was gone to, or each in its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.tui.film import Film
from dltui.tui.widgets.film_line import FilmLine

if TYPE_CHECKING:
    from textual.timer import Timer

    from dltui.jobs.perform import Moment
    from dltui.tui.screens.exhibit import ExhibitScreen

RATE = 12.0  # moments a second while the film plays


class Player:
    """Plays a film on the screen of an exhibit, or stands still in it.

    Args:
        screen: Where its moments are shown.

    Attributes:
        film: The moments.
    """

    def __init__(self, screen: ExhibitScreen) -> None:
        self._screen = screen
        self.film = Film()
        self._at: int | None = None  # which moment is shown; None follows the newest
        self._timer: Timer | None = None

    @property
    def moment(self) -> Moment | None:
        """The moment that is shown."""
        moments = self.film.moments
        return moments[self._place(moments)] if moments else None

    def begin(self) -> None:
        """Play from the first moment on."""
        self._go(self.film.moments, 0)
        self._set(playing=True)

    def follow(self) -> None:
        """Show the newest moment, unless one is looked at or the film plays."""
        moments = self.film.moments
        if self._at is None:
            self._screen.show_moment(moments[-1])
        self._write(moments)

    def turned(self) -> None:
        """Follow the newest moment of another setting; while the film plays, it plays on."""
        if self._timer is None:
            self._at = None

    def toggle(self) -> None:
        """Play on, from the first moment once the last one was shown, or stop."""
        moments = self.film.moments
        if self._timer is not None:
            self._set(playing=False)
        else:
            if self._place(moments) == len(moments) - 1:
                self._go(moments, 0)
            self._set(playing=True)
        self._write(moments)

    def step(self, step: int) -> None:
        """Go so many moments on, or back where it is negative, and stand still there."""
        self.wind(self._place(self.film.moments) + step)

    def wind(self, at: int) -> None:
        """Go to a moment and stand still there; the nearest one where there is none."""
        self._set(playing=False)
        moments = self.film.moments
        self._go(moments, max(0, min(len(moments) - 1, at)))
        self._write(moments)

    def _place(self, moments: list[Moment]) -> int:
        """Return which moment is shown."""
        return len(moments) - 1 if self._at is None else min(self._at, len(moments) - 1)

    def _go(self, moments: list[Moment], at: int) -> None:
        """Show a moment."""
        self._at = at
        self._screen.show_moment(moments[at])

    def _next(self) -> None:
        """Show the next moment; at the end of the newest setting stop."""
        moments = self.film.moments
        following = 0 if self._at is None else self._at + 1
        if following < len(moments):
            self._go(moments, following)
        elif self._screen.ended:
            self._set(playing=False)
            self._at = None
        self._write(moments)

    def _set(self, *, playing: bool) -> None:
        """Let the film play, or stop it."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if playing:
            self._timer = self._screen.set_interval(1 / RATE, self._next)

    def _write(self, moments: list[Moment]) -> None:
        """Tell the line below the pictures."""
        line = self._screen.query_one(FilmLine)
        line.at, line.count, line.playing = self._place(moments), len(moments), self._timer is not None
