"""Fields, rays, races and splats in the application: what keys change, and what a changed density does to a pixel."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.commands.nerf_screen import RadianceScreen
from dltui.commands.race_screen import RaceScreen
from dltui.commands.ray_screen import RayScreen
from dltui.commands.splat_screen import SplatScreen
from dltui.draw.scene.eye import reach_of, turn
from dltui.figures import Figure, Heatmap, Images, Lines, Overlay, Scene
from dltui.results import Result
from dltui.results.nerf import Radiance
from dltui.results.nerf_info import RadianceInfo
from dltui.results.nerf_race import Race
from dltui.results.splats import SplatFit
from dltui.results.store import peek
from dltui.scene.flight import read_flight
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.results import item_of
from dltui.tui.manners.turning import GO, LOOK
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.figure_view import FigureView

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
F = TypeVar("F", bound=Figure)
S = TypeVar("S", bound=GalleryScreen)
SIGMA, STEP = np.array([0.0, 4.0, 30.0, 8.0]), 0.05


def ray_of(sigma: np.ndarray) -> np.ndarray:
    alpha = 1 - np.exp(-sigma * STEP)
    through = np.cumprod([1, *(1 - alpha)])[:-1]
    rgb = np.linspace(0.1, 0.9, 12).reshape(4, 3)
    t = 2 + STEP * np.arange(4)
    return np.concatenate([np.stack([t, sigma, alpha, through, alpha * through], 1), rgb], 1)


def radiance() -> Radiance:
    rng = np.random.default_rng(0)
    return Radiance(
        title="grid on csg-table", scene="csg-table", kind="grid", psnr=31.0, ssim=0.97, depth_error=0.02,
        train_seconds=15.0, steps=700, again=0, views=100, held_out=10, parameters=99,
        history=np.array([[100, 2.0, 25], [700, 15, 31.0]]), truth=rng.random((2, 16, 16, 3)),
        seen=rng.random((2, 16, 16, 3)), depth=rng.random((16, 16)), cut=rng.random((3, 8, 8)),
        across=np.arange(8.0), upward=np.arange(8.0), levels=np.array([-0.5, 0.0, 0.5]), paper=1.0, camera={},
        tensors={"table": np.zeros((2, 13), np.float32)}, points=rng.random((30, 3)).astype(np.float32),
        point_rgb=np.full((30, 3), 90, np.uint8),
    )  # fmt: skip


def info() -> RadianceInfo:
    ray = ray_of(SIGMA)
    return RadianceInfo(
        title="grid on csg-table", what="grid", numbers={"parameters": 9}, segments=np.zeros((0, 2, 3)),
        colours=np.zeros((0, 3)), pictures=np.zeros((0, 1, 1, 3)), ray=ray,
        colour=(ray[:, 4:5] * ray[:, 5:]).sum(0).tolist(), through=[8.5, 9.5], **others(ray),
    )  # fmt: skip


def others(ray: np.ndarray) -> dict[str, Any]:
    """Rays of 16 × 16 pixels: of row r and column c, sample r % 4 has the density c, and there is nothing in row 0."""
    rows, columns = np.divmod(np.arange(256), 16)
    held = [
        np.array([[ray[r % 4, 0], c, 0.5, 0.25, 0.125]] if r else np.zeros((0, 5)))
        for r, c in zip(rows, columns, strict=True)
    ]
    combs = np.tile(np.array([[ray[0, 0], STEP, 4]], np.float32), (256, 1))
    return {
        "size": [16, 16], "picture": np.full((16, 16, 3), 0.5, np.float32), "distance": np.ones((16, 16), np.float32),
        "bundle": np.concatenate(held).astype(np.float32), "combs": combs,
        "firsts": np.concatenate([[0], np.cumsum([len(one) for one in held])]).astype(np.int32),
    }  # fmt: skip


def race() -> Race:
    rng = np.random.default_rng(0)
    climb = np.array([[1.0, 20], [5, 28], [15, 31]])
    return Race(
        title="grid against 3,000 splats · csg-table", scene="csg-table", names=["grid", "splats"],
        psnr=np.array([31.5, 28.9]), ssim=np.array([0.97, np.nan]), seconds=np.array([15.0, 15.0]),
        steps=np.array([700, 600]), train=100, held_out=10, first=climb, second=climb - [0, 2],
        truth=rng.random((16, 16, 3)), seen=rng.random((2, 16, 16, 3)),
    )  # fmt: skip


def splats() -> SplatFit:
    rng = np.random.default_rng(0)
    return SplatFit(
        title="9 splats · csg-table", scene="csg-table", psnr=29.0, ssim=0.9, train_seconds=30.0, steps=900,
        train=100, held_out=10, moved=3, degree=1, view_seconds=0.01, history=np.zeros((0, 3)),
        truth=rng.random((2, 16, 16, 3)), seen=rng.random((2, 16, 16, 3)), places=rng.random((9, 3)),
        rgb=np.full((9, 3), 90, np.uint8), opacity=np.linspace(0.05, 0.95, 9),
    )  # fmt: skip


def whole_splats() -> SplatFit:
    rng = np.random.default_rng(0)
    parts = {"scale": rng.random((9, 3)), "turn": rng.random((9, 4)), "harmonics": rng.random((9, 4, 3))}
    return replace(splats(), counts=np.array([[0, 4], [100, 9.0]]), cloned=2, split=3, **parts)


async def opened(
    pilot: Pilot[int], settle: Settle, folder: Path, result: Result, kind: type[S], name: str = "one"
) -> S:
    """Return the screen of a result that was kept."""
    await settle(pilot)
    app = pilot.app
    assert isinstance(app, DltuiApp)
    path = folder / f"{name}.safetensors"
    result.save(path)
    app.open_item(item_of(path, peek(path)))
    await settle(pilot)
    await until(pilot, lambda: app.screen.query_one("#stage FigureView", FigureView).figure is not None)
    assert isinstance(app.screen, kind)
    return app.screen


def shown(screen: GalleryScreen, kind: type[F]) -> F:
    figure = screen.view.figure
    assert isinstance(figure, kind)
    return figure


async def test_a_field_is_cut_elsewhere_and_one_picture_is_large(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, radiance(), RadianceScreen)
        await pilot.press("v")
        figure = shown(screen, Images)
        assert figure.names == ("truth", "grid", "error × 4")
        await pilot.press("z")
        figure = shown(screen, Heatmap)
        assert figure.caption == "cut 3 of 3"
        await pilot.press("z", "Z", "Z")
        figure = shown(screen, Heatmap)
        np.testing.assert_allclose(figure.values, radiance().cut[0], atol=1e-6)
        assert screen.check_action("fly", ())


async def test_a_changed_density_changes_what_lies_behind_it(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, info(), RayScreen)
        assert screen._found is not None
        assert screen._found.sample == 2  # it gives most
        await pilot.press("U", "d")
        doubled = ray_of(SIGMA * [1, 2, 1, 1])
        np.testing.assert_allclose(screen._found.ray, doubled, atol=1e-6)
        np.testing.assert_allclose(screen._found.colour, (doubled[:, 4:5] * doubled[:, 5:]).sum(0), atol=1e-6)
        await pilot.press("c")
        np.testing.assert_allclose(screen._found.ray, ray_of(SIGMA * [1, 0, 1, 1]), atol=1e-6)
        await pilot.press("o")
        np.testing.assert_allclose(screen._found.ray, ray_of(SIGMA), atol=1e-6)


async def test_arrows_and_the_mouse_choose_the_pixel_whose_ray_is_followed(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, info(), RayScreen)
        mapped = screen.query_one("#map", FigureView)
        assert screen.view.has_focus
        assert mapped.view.cursor == (8, 9)
        await pilot.press("m", "right", "down")
        await settle(pilot)
        assert mapped.has_focus
        assert screen._found is not None
        column, row = (round(part) for part in mapped.view.cursor or (0, 0))
        assert (column, row) != (8, 9)
        sigma = np.zeros(4)
        sigma[row % 4] = column
        np.testing.assert_allclose(screen._found.ray[:, :5], ray_of(sigma)[:, :5], atol=1e-5)
        assert screen._found.through == [column + 0.5, row + 0.5]
        assert f"column {column}.5, row {row}.5" in shown(screen, Lines).title
        alpha = 1 - np.exp(-column * STEP)
        np.testing.assert_allclose(screen._found.colour, alpha * np.array([0.5, 0.25, 0.125]), atol=1e-5)
        await pilot.press("d")  # densities of the new ray are changed, not of the old one
        assert screen._found.ray[row % 4, 1] == pytest.approx(2 * column)
        await pilot.hover("#map", offset=(4, 4))
        await settle(pilot)
        assert screen._found.through != [column + 0.5, row + 0.5]
        await pilot.press("m")
        assert screen.view.has_focus


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: radiance(), RadianceScreen, ["nerf", "render"]),
        (lambda: whole_splats(), SplatScreen, ["splat", "render"]),
    ],
)
async def test_a_flight_is_kept_and_filmed(
    make_app: Make, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Result],
    kind: type[GalleryScreen], words: list[str],
) -> None:  # fmt: skip
    jobs: list[list[str]] = []
    monkeypatch.setattr(DltuiApp, "run_job", lambda _, line: jobs.append(line))
    monkeypatch.setattr(DltuiApp, "open_job", lambda _, __: None)
    app = make_app()
    app.folder = tmp_path
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, make(), kind)
        place = next(i for i, one in enumerate(screen._figures) if isinstance(one, Scene))
        await pilot.press(str(place + 1))
        assert not screen.check_action("film", ())
        await pilot.press("F")
        start = np.array(screen.view.view.place)
        figure = shown(screen, Scene)
        away = turn(35, 30, figure.up)[2]
        await pilot.press("a", "shift+up", "shift+up")
        went = np.array(screen.view.view.place) - start
        np.testing.assert_allclose(went, 2 * GO * reach_of(figure) * away, atol=1e-6)
        await pilot.press("pageup", "left", "a")
        assert screen.view.view.place is not None
        assert screen.view.view.place[2] == pytest.approx(
            start[2] + went[2] + GO * reach_of(figure), abs=1e-6
        )
        assert screen.view.view.azimuth == 35 + LOOK  # to the left, as seen from above against the clock
        await pilot.press("A")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert jobs[0][:2] == words
        flight = read_flight(Path(jobs[0][jobs[0].index("--path") + 1]))
        np.testing.assert_allclose(flight.poses[0, :3, 3], start, atol=1e-6)
        np.testing.assert_allclose(flight.poses[1, :3, 3], screen.view.view.place, atol=1e-6)
        np.testing.assert_allclose(-flight.poses[0, :3, 2], away, atol=1e-9)
        await pilot.press("A")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert len(jobs) == 1  # other poses of that name are not written over
        (tmp_path / "plain").touch()
        screen._film(tmp_path / "plain" / "dive.gif")
        await settle(pilot)
        assert len(jobs) == 1
        assert any("can't write" in one.message for one in app._notifications)
        await pilot.press("F")
        assert screen.view.view.place is None


async def test_a_race_shows_pictures_and_climbs_on_one_screen(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle, tmp_path, race(), RaceScreen)
        below = screen.query_one("#climb", FigureView)
        figure = shown(screen, Images)
        assert isinstance(below.figure, Lines)
        assert figure.names[1:3] == ("grid", "splats")
        assert figure.caption.startswith("grid 31.5 dB, splats 28.9 dB over 10 pictures")
        assert min(screen.view.size.height, below.size.height) >= 10
        await pilot.press("n")
        assert isinstance(screen.view.figure, Lines)
        assert not below.display


async def test_a_large_picture_stays_large_while_a_fit_goes_on(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, radiance(), RadianceScreen)
        await pilot.press("v", "v")
        later = replace(radiance(), psnr=33.0)
        screen.show_result(later, later.figures())
        figure = shown(screen, Images)
        assert figure.title.startswith("Held out 2 of 2")
        assert figure.caption.startswith("33 dB")
        await pilot.press("v")
        figure = shown(screen, Images)
        assert figure.names == ("truth",) * 2 + ("grid",) * 2 + ("error × 4",) * 2


async def test_splats_are_shown_from_an_opacity_on(make_app: Make, settle: Settle, tmp_path: Path) -> None:
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, splats(), SplatScreen)
        await pilot.press("v", "v")
        figure = shown(screen, Images)
        np.testing.assert_allclose(figure.pixels[0], splats().truth[1], atol=1e-6)
        await pilot.press("o")
        figure = shown(screen, Scene)
        assert len(figure.points) == 8
        assert figure.caption.startswith("8 of 9 splats")


async def test_splats_are_cut_elsewhere_and_one_of_a_ray_is_taken_away(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    ray = np.array([[2.0, 0.5, 1.0, 0.5, 1, 0, 0], [3.0, 0.5, 0.5, 0.25, 0, 1, 0]], np.float32)
    cut = np.arange(3 * 4 * 4, dtype=np.float32).reshape(3, 4, 4)
    axis = np.linspace(-1, 1, 4)
    inside = replace(
        splats(), depth=np.ones((16, 16)), cut=cut, across=axis, upward=axis, levels=np.array([-1.0, 0, 1]),
        ray=ray, through=[8, 8],
    )  # fmt: skip
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, settle, tmp_path, inside, SplatScreen)
        await pilot.press("z")
        np.testing.assert_array_equal(shown(screen, Heatmap).values, cut[2])
        await pilot.press("Z", "Z")
        np.testing.assert_array_equal(shown(screen, Heatmap).values, cut[0])
        await pilot.press("c")  # the one that gives most is the first
        weight = next(one for one in shown(screen, Lines).series if one.name == "w = Tα")
        np.testing.assert_allclose(weight.y, [0, 0.5])
        await pilot.press("r", "u", "d")
        weight = next(one for one in shown(screen, Lines).series if one.name == "w = Tα")
        np.testing.assert_allclose(weight.y, [0.5, 0.5 * 0.99])


def test_the_pixel_of_the_ray_is_marked_in_its_picture() -> None:
    small = replace(info(), picture=np.zeros((8, 8, 3), np.float32), distance=np.ones((8, 8), np.float32))
    [mark] = next(figure for figure in small.figures() if isinstance(figure, Overlay)).marks
    assert (mark.x, mark.y) == (3.75, 4.25)  # half of 8.5 and 9.5, from the middles of pixels


@pytest.mark.parametrize("make", [radiance, info, race, splats, whole_splats])
def test_what_the_screens_show_says_itself_in_words(make: Callable[[], Result]) -> None:
    found = make()
    assert all(figure.words() for figure in found.figures())
    assert found.summary()
