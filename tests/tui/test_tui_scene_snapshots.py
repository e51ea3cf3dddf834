"""How the screens of fields, rays, races, splats and what networks make of shapes look, kept as SVG files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dltui.commands.critical_screen import CriticalScreen
from dltui.figures import Scene
from dltui.results import Result
from dltui.results.critical import CriticalPoints
from dltui.results.remade import Remade
from dltui.tui.screens.gallery import GalleryScreen

from .conftest import made  # noqa: TID252 - the tests of this folder share them
from .test_tui_radiance import Make, Settle, info, opened, race, radiance, shown, splats  # noqa: TID252
from .test_tui_snapshots import pattern, unlike  # noqa: TID252

WHEN = "2026-11-25T11:00:00+00:00"


def remade() -> Remade:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    return Remade(
        title="deepsdf, shape 0", vertices=corners, faces=np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
        area=2.366, volume=1 / 6, watertight=True, oriented=True, edges=6, boundary=0, crowded=0, pieces=1, euler=2,
        genus=0, flat=0, distinct=4, up="y", model="deepsdf", weights="fresh weights, seed 0",
        given="shape 0 of shapes3d-distance", true=corners, iou=0.98, side=48, error=0.002,
        apart={"chamfer": 0.05, "chamfer_squared": 0.002, "hausdorff": 0.08, "emd": 0.07},
    )  # fmt: skip


def critical() -> CriticalPoints:
    kept, shares = np.array([2, 4, 8]), np.array([[0.2, 0.5, 0.9], [0.2, 0.3, 0.9]])
    return CriticalPoints(
        title="pointnet, shapes3d[test:0]",
        model="pointnet",
        weights="fresh weights, seed 0",
        given="shapes3d[test:0]",
        label="sphere",
        cloud=np.eye(8, 3, dtype=np.float32),
        counts=np.array([3, 0, 5, 0, 0, 0, 0, 0]),
        upper=np.zeros((2, 3), np.float32),
        features=[8],
        answers=[{"number": 0, "name": "sphere", "probability": 0.9}],
        shuffles=16,
        shuffled=0.0,
        features_change=0.0,
        output_change=0.0,
        same_answer=True,
        samples=40,
        kept=kept,
        by_kept=shares,
        noises=np.array([0.0, 0.1]),
        by_noise=np.array([0.9, 0.4]),
        degrees=np.array([0.0, 90.0]),
        by_degrees=np.array([[0.9, 0.8], [0.9, 0.2]]),
        classes=["sphere", "cube"],
        orders=np.array([np.roll(np.arange(8), 3), np.arange(8)[::-1]]),
        by_order=np.array([[0.9, 0.1], [0.9, 0.1]]),
        drops=np.array([np.arange(8), np.arange(8)[::-1]]),
        by_drop=np.array([[[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]]]),
        by_turn=np.array([[[0.9, 0.1], [0.7, 0.3]], [[0.9, 0.1], [0.2, 0.8]]]),
    )


ALL: dict[str, tuple[Callable[[], Result], str]] = {
    "radiance": (radiance, "dltui nerf train csg-table --save radiance.safetensors"),
    "ray": (info, "dltui nerf info radiance.safetensors --ray 8,9"),
    "race": (race, "dltui nerf race csg-table"),
    "splats": (splats, "dltui splat train csg-table"),
    "remade": (remade, "dltui remake deepsdf"),
    "critical": (critical, "dltui critical pointnet"),
}


@pytest.mark.parametrize(("theme", "size"), [("dark", (80, 24)), ("light", (120, 40))], ids=["dark", "light"])
@pytest.mark.parametrize("name", list(ALL))
async def test_snapshot(
    tmp_path: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch, name: str, theme: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_HOME", "home")
    make, command = ALL[name]
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await opened(pilot, settle, Path(), replace(make(), made=made(command, WHEN)), GalleryScreen, name)
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"{name}-{theme}-{size[0]}x{size[1]}", tmp_path)


async def test_a_cloud_is_shuffled_thinned_out_and_turned(
    make_app: Make, settle: Settle, tmp_path: Path
) -> None:
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle, tmp_path, critical(), CriticalScreen)
        for key, said, count in (
            ("x", "order 1 of 2: the answer stays, sphere (90.0%)", 8),
            ("x", "order 2 of 2: the answer stays", 8),
            ("d", "4 of 8 points, the others dropped by chance: the answer stays, sphere (80.0%)", 4),
            ("d", "2 of 8 points, the others dropped by chance", 2),
            ("D", "4 of 8 points, critical ones dropped first: the answer changes, cube (60.0%)", 4),
            ("t", "turned by 90° about y: the answer stays", 8),
            ("T", "turned by 90° about x: the answer changes, cube (80.0%)", 8),
            ("T", "turned by 0° about x: the answer stays", 8),
            ("o", "2 of 8 points give all 8 features", 8),
        ):
            await pilot.press(key)
            figure = shown(screen, Scene)
            assert figure.caption.startswith(said)
            assert figure.points is not None
            assert len(figure.points) == count
