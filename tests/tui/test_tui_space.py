"""Clouds and meshes in the application: opened from the shelf, coloured, lit, moved; many points at rest."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from dltui.commands.cloud_screen import SpaceScreen
from dltui.draw import save
from dltui.draw.scene.eye import seen_from
from dltui.figures import Scene
from dltui.results.cloud import Cloud
from dltui.results.mesh import Mesh
from dltui.scene.read import read_geometry
from dltui.tui.app import DltuiApp
from dltui.tui.screens.export import ExportScreen
from dltui.tui.widgets import finish
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.keeping import named

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


async def opened(pilot: Pilot[int], settle: Settle, name: str) -> SpaceScreen:
    await settle(pilot)
    app = pilot.app
    assert isinstance(app, DltuiApp)
    app.open_item(next(item for item in app.items["scenes"] if item.name == name))
    await settle(pilot)
    screen = app.screen
    assert isinstance(screen, SpaceScreen)
    await until(pilot, lambda: screen.result is not None)
    return screen


def shown(screen: SpaceScreen) -> Scene:
    figure = screen.query_one(FigureView).figure
    assert isinstance(figure, Scene)
    return figure


async def test_a_mesh_is_lit_boxed_seen_in_parallel_and_moved(make_app: Make, settle: Settle) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "bunny")
        assert isinstance(screen.result, Mesh)
        await pilot.press("v", "b", "o")
        assert (shown(screen).shade, shown(screen).box, shown(screen).projection) == (
            "smooth",
            True,
            "orthographic",
        )
        await pilot.press("c")
        assert shown(screen).value_label == "height"
        view = screen.view.view
        await pilot.press("shift+right", "left")
        assert screen.view.view.shift[0] < view.shift[0]
        assert screen.view.view.azimuth != view.azimuth
        assert screen.check_action("size", ()) is False
        await pilot.press("2")
        assert "1,839 places" in screen.about


async def test_a_cloud_is_coloured_by_what_its_points_bear(make_app: Make, settle: Settle) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "lidar")
        assert isinstance(screen.result, Cloud)
        seen = []
        for _ in range(8):
            seen.append(screen.result.colour)
            await pilot.press("c")
        assert seen == ["rgb", "intensity", "classification", "return", "time", "height", "depth", "none"]
        assert screen.result.colour == "rgb"
        await pilot.press("z", "d")
        assert shown(screen).size == 1
        assert shown(screen).relief is False
        assert screen.result.made.command == "dltui cloud lidar --size 1 --no-eye-dome"
        await pilot.press("d")
        assert shown(screen).relief is True
        await pilot.press("c", "c", "b", "o")
        told = "dltui cloud lidar --colour classification --projection orthographic --size 1 --box"
        assert screen.result.made.command == told
        assert "classification in 2 classes" in shown(screen).words()
        assert screen.check_action("light", ()) is False


async def test_what_moves_has_fewer_points_than_what_rests(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finish, "MOVING", 300)
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "lidar")
        view = screen.view

        def cells() -> int:
            return int(np.count_nonzero(view.canvas.glyph[1:-1] != ord(" ")))

        await pilot.press("right")
        moving = cells()
        await until(pilot, lambda: cells() > 1.2 * moving, "the whole cloud")


async def test_two_places_are_picked_and_measured(make_app: Make, settle: Settle) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "cube")
        assert isinstance(screen.result, Mesh)
        await pilot.press("o", "m")
        assert "one end of a ruler" in shown(screen).caption
        width, height = screen.view.size
        await pilot.click(screen.view, offset=(width // 2 + 8, height // 2))
        ends = screen.result.rulers[0]
        assert np.abs(ends).max() < 1.001  # both on the cube, and
        assert np.isclose(np.abs(ends), 1, atol=2e-3).any(axis=1).all()
        assert float(np.linalg.norm(ends[1] - ends[0])) > 0.2
        assert len(shown(screen).segments) == 1
        view = screen.view.view
        await pilot.press("m")
        assert screen.view.view == view
        assert not np.ptp(screen.result.rulers[0], axis=0).any()  # a new ruler is begun
        await pilot.press("2")
        assert screen.check_action("measure", ()) is False


async def test_pulling_is_no_picking(make_app: Make, settle: Settle) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "lidar")
        assert screen.result is not None
        await pilot.mouse_down(screen.view, offset=(40, 10))
        screen.view.action_turn(3, 0)
        await pilot.mouse_up(screen.view, offset=(44, 10))
        assert not len(screen.result.rulers)
        await pilot.click(screen.view, offset=(40, 12))
        place = screen.result.rulers[0][0]
        assert (screen.result.vertices == place).all(axis=1).any()  # one of its points


async def test_the_right_button_moves_the_picture_and_the_left_one_turns_it(
    make_app: Make, settle: Settle
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "lidar")
        for button in (3, 1):
            before = screen.view.view
            await pilot.mouse_down(screen.view, offset=(40, 10), button=button)
            await pilot._post_mouse_events([events.MouseMove], screen.view, (46, 12), button=button)
            await pilot.mouse_up(screen.view, offset=(46, 12))
            after, shorter = screen.view.view, min(screen.view.size.width, 2 * screen.view.size.height)
            moved = after.shift[0] - before.shift[0], after.shift[1] - before.shift[1]
            if button == 3:
                assert moved == pytest.approx((6 / shorter, -4 / shorter))  # it stays below the mouse
                assert (after.azimuth, after.elevation) == (before.azimuth, before.elevation)
            else:
                assert moved == (0, 0)
                assert after.azimuth != before.azimuth
        await pilot.click(screen.view, offset=(40, 12), button=3)
        assert screen.result is not None
        assert not len(screen.result.rulers)


async def test_the_picture_is_written_as_it_is_seen(make_app: Make, settle: Settle, here: Path) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, "bunny")
        written = []
        for name, keys in (("first.png", ()), ("turned.png", ("left", "up", "plus", "shift+right"))):
            await pilot.press(*keys, "e")
            await until(pilot, lambda: isinstance(app.screen, ExportScreen))
            app.screen.query_one(Input).value = name
            await pilot.press("enter")
            await until(pilot, (here / name).exists)
            figure = seen_from(shown(screen), screen.view.view)
            assert isinstance(figure, Scene)
            save([figure], here / "same.png")
            written.append((here / name).read_bytes())
            assert written[-1] == (here / "same.png").read_bytes()
        assert written[0] != written[1]


@pytest.mark.parametrize(("name", "kind"), [("bunny", Mesh), ("lidar", Cloud)])
async def test_the_shape_itself_is_written(
    make_app: Make, settle: Settle, here: Path, name: str, kind: type
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, name)
        assert isinstance(screen.result, kind)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        asked = "\n".join(str(one.render()) for one in app.screen.query("#kinds").results())
        assert (".stl" in asked) is (kind is Mesh)
        await pilot.press("enter")
        path = here / f"{named(screen.view.keeping.stem or name)}.ply"
        await until(pilot, lambda: any(one.title == "Written" for one in app._notifications))
        found, known = read_geometry(str(path)), read_geometry(name)
        np.testing.assert_allclose(found.vertices + found.origin, known.vertices + known.origin, atol=1e-3)
        assert len(found.faces) == len(known.faces)
        assert found.channels.keys() == known.channels.keys()
        assert (found.rgb is None) == (known.rgb is None)
