"""How finely a figure is drawn: in cells while it moves, every point of it and in real pixels once it rests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.worker import Worker, WorkerState

from dltui.draw import draw
from dltui.draw.canvas import Canvas
from dltui.draw.glyphs import Glyphs
from dltui.draw.look import Depth, Look
from dltui.draw.terminals import Surroundings, glyphs_of
from dltui.draw.turntable import turns
from dltui.draw.view import View
from dltui.draw.wishes import wished, wished_surroundings
from dltui.figures import Figure, Heatmap, Images, Overlay, Scene
from dltui.settings import Settings
from dltui.tui.themes import Ink
from dltui.tui.widgets.dyeing import dye
from dltui.tui.widgets.settled import Settled, settled

if TYPE_CHECKING:
    from dltui.tui.widgets.figure_view import FigureView

MOVING = 400_000  # points that are drawn while a cloud moves: 99.7 % of what ten million cover
REST = 0.2  # seconds without a change after which a picture becomes pixels
NAMES = {"half": "halves", "pixels": "pixels"}


class Finish:
    """Knows the glyphs of a view's pictures, and draws them again where they rest and can be finer.

    Args:
        view: Whose figure is drawn.
    """

    def __init__(self, view: FigureView) -> None:
        self._view = view
        self._resting: Timer | None = None
        self._mode = ""  # chosen by key
        self._wished = ""  # set in the settings

    def tune(self, settings: Settings) -> None:
        """Follow the settings; glyphs chosen by key stay until other ones are set."""
        if settings.glyphs != self._wished:
            self._mode, self._wished = "", settings.glyphs

    def change(self) -> str:
        """Divide the cells otherwise: finer, then real pixels, then halves again; return what they are called."""
        modes = [*Glyphs, *(["pixels"] if self._surroundings().pixels else [])]
        self._mode = modes[(modes.index(self._drawn_in()) + 1) % len(modes)]
        return NAMES.get(self._mode, self._mode + "s")

    def plain_look(self) -> Look:
        """Return how the figure is drawn while it moves: in cells, at the size of the widget."""
        view = self._view
        glyphs = Glyphs(self._mode) if self._mode in set(Glyphs) else self._surroundings().glyphs
        depth = Depth.NONE if view.app.no_color else Depth.TRUE
        look = wished(Look(view.size.width, view.size.height, depth), view.settings)
        return replace(look, glyphs=glyphs, pixels=None, budget=MOVING)

    def rest(self) -> None:
        """Wait until nothing moves any more, then draw every point, in real pixels where the terminal takes them."""
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
        figure = self._view.figure
        if figure is not None and (self._in_real_pixels(figure) or many(figure)):
            self._resting = self._view.set_timer(REST, self._settle_down)

    def take(self, event: Worker.StateChanged) -> None:
        """Show what a thread has drawn, if nothing has moved since."""
        if event.state is not WorkerState.SUCCESS or not event.worker.result:
            return
        frame, picture = event.worker.result
        if frame != self._view.frames:
            return
        if isinstance(picture, Canvas):
            self._view.show(picture)
        elif picture is not None:
            self._view.settle(picture)

    def _surroundings(self) -> Surroundings:
        """Return what the terminal is good for; unasked, its name alone tells."""
        around = getattr(self._view.app, "surroundings", None) or Surroundings(glyphs_of())
        return wished_surroundings(around, self._view.settings)

    def _drawn_in(self) -> str:
        """Return the glyphs that pictures are drawn in when they rest, or ``pixels``."""
        around = self._surroundings()
        return self._mode or ("pixels" if around.pixels else around.glyphs)

    def _in_real_pixels(self, figure: Figure) -> bool:
        """Return whether a figure becomes real pixels when it rests."""
        sharp = self._drawn_in() == "pixels" and pictorial(figure) and self._view.fast_depth() is Depth.TRUE
        return sharp and self._surroundings().pixels is not None

    def _settle_down(self) -> None:
        """Draw all there is, in real pixels where they are wanted, in a thread."""
        self._resting = None
        view, figure = self._view, self._view.figure
        if figure is None:
            return
        if view.busy:
            self.rest()
            return
        pixels = self._surroundings().pixels if self._in_real_pixels(figure) else None
        look = replace(self.plain_look(), pixels=pixels, budget=None)
        work = partial(_sharp, view.frames, figure, look, view.view, view.ground()[1], view.ink)
        view.run_worker(work, thread=True, group="pixels", exclusive=True, exit_on_error=False)


def pictorial(figure: Figure) -> bool:
    """Return whether a figure has a picture that glyphs or pixels can show finer."""
    return isinstance(figure, Images | Heatmap | Overlay) or turns(figure)


def many(figure: Figure) -> bool:
    """Return whether a figure has more points than are drawn while it moves."""
    return isinstance(figure, Scene) and len(figure.points) > MOVING


def _sharp(
    frame: int, figure: Figure, look: Look, view: View, paper: int, ink: Ink | None
) -> tuple[int, Settled | Canvas | None]:
    """Return the whole of a figure, in real pixels where the look has them, with the frame that it belongs to."""
    canvas = draw(figure, look, view).canvas
    if ink is not None:
        dye(canvas, ink)
    return frame, canvas if look.pixels is None else settled(canvas, look.pixels, paper)
