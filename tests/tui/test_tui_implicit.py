"""Implicit surfaces in the application: cut elsewhere, probed under the cursor, written as meshes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.commands.sdf_screen import SdfScreen
from dltui.figures import Heatmap
from dltui.results.implicit import Implicit
from dltui.results.store import peek
from dltui.scene.read import read_geometry
from dltui.scene.sdf.parse import parse
from dltui.scene.surface import surface
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.results import item_of
from dltui.tui.screens.export import ExportScreen

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture(scope="module")
def ball() -> Implicit:
    return surface(parse("sphere(1)"), resolution=16)


async def opened(pilot: Pilot[int], settle: Settle, folder: Path, found: Implicit) -> SdfScreen:
    await settle(pilot)
    app = pilot.app
    assert isinstance(app, DltuiApp)
    found.save(folder / "ball.safetensors")
    app.open_item(item_of(folder / "ball.safetensors", peek(folder / "ball.safetensors")))
    await settle(pilot)
    screen = app.screen
    assert isinstance(screen, SdfScreen)
    await until(pilot, lambda: screen.view.figure is not None)
    return screen


async def test_a_surface_is_cut_elsewhere_and_probed(
    make_app: Make, settle: Settle, tmp_path: Path, ball: Implicit
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, ball)
        await pilot.press("z")
        figure = screen.view.figure
        assert isinstance(figure, Heatmap)
        level = 1.1 / 8
        x, y = np.meshgrid(figure.x, figure.y)
        np.testing.assert_allclose(figure.values, np.sqrt(x**2 + y**2 + level**2) - 1, atol=1e-5)
        await pilot.press("a", "Z", "Z")
        figure = screen.view.figure
        assert isinstance(figure, Heatmap)
        assert figure.title.startswith("Cut at x = −0.1375")
        await pilot.press("left", "left")
        told = str(screen.query_one("#readout").render())
        assert told.startswith("f at −0.1375, ")
        assert "‖∇f‖ 1, " in told
        assert told.endswith(("inside", "outside"))


async def test_the_mesh_of_a_surface_is_written(
    make_app: Make, settle: Settle, tmp_path: Path, here: Path, ball: Implicit
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        await opened(pilot, settle, tmp_path, ball)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportScreen))
        await pilot.press("enter")
        await until(pilot, lambda: any(here.glob("*.ply")))
        await until(pilot, lambda: any(one.title == "Written" for one in pilot.app._notifications))
        assert len(read_geometry(str(next(here.glob("*.ply")))).faces) == len(ball.faces)


async def test_a_function_of_the_users_own_is_not_run_here(
    make_app: Make, settle: Settle, tmp_path: Path, ball: Implicit
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, replace(ball, expression="package.module:function"))
        assert screen.check_action("level", ()) is False
        assert screen.check_action("write", ()) is True
