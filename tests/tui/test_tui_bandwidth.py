"""The bandwidth of a density, dragged with the mouse and turned by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from textual.pilot import Pilot

from dltui.commands.hessian_screen import SpectrumScreen
from dltui.figures import Lines
from dltui.results.smoothing import LEAST, MOST, SMOOTHING
from dltui.tui.app import DltuiApp
from dltui.tui.widgets.slider import Slider

from .conftest import spectrum  # noqa: TID252 - the tests of this folder share it

Settle = Callable[[Pilot[int]], Awaitable[None]]


def height(screen: SpectrumScreen) -> float:
    """Return the highest point of the density that is on the screen."""
    figure = screen.view.figure
    assert isinstance(figure, Lines)
    return float(np.nanmax(figure.series[0].y))


async def test_the_bandwidth_is_dragged(
    make_app: Callable[..., DltuiApp], settle: Settle, tmp_path: Path
) -> None:
    found = replace(spectrum(), nodes=np.array([-1.0, 0.0, 8.0]), node_weights=np.array([0.1, 0.7, 0.2]))
    found.smoothed(SMOOTHING).save(tmp_path / "s.safetensors")
    app = make_app(tmp_path / "s.safetensors")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, SpectrumScreen)
        slider, before = screen.query_one(Slider), height(screen)
        last = slider._bar - 1
        await pilot.mouse_down(slider, offset=(slider._bar // 2, 0))
        heights = []
        for place in (*range(slider._bar // 2, last + 1), *range(last, -1, -1)):
            await pilot._post_mouse_events(
                [_moved()], slider, offset=(place, 0), button=1
            )  # Pilot has no drag of its own
            await settle(pilot)
            heights.append((place, slider.value, height(screen)))
        await pilot.mouse_up(slider, offset=(0, 0))
        await settle(pilot)
        at = {place: (value, high) for place, value, high in heights}
        assert at[last][0] == MOST
        assert at[0][0] == LEAST
        assert (
            at[last][1] < before < at[0][1]
        )  # smoother and lower to the right, sharper and higher to the left
        ordered = [high for _, high in sorted((value, high) for _, value, high in heights)]  # type: ignore[misc]
        assert ordered == sorted(ordered, reverse=True)
        assert f"bandwidth {100 * LEAST:g} % of λ" in screen.view.figure.caption  # type: ignore[union-attr]
        screen.view.focus()
        for _ in range(3):
            await pilot.press("b")
        await settle(pilot)
        assert height(screen) < at[0][1]
        await pilot.press("B")
        await settle(pilot)
        assert slider.value is not None
        assert slider.value > LEAST


def _moved() -> type:
    from textual.events import MouseMove

    return MouseMove
