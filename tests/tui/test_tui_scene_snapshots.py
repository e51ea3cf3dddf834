"""How the screens of fields, rays, races, splats and what networks make of shapes look, kept as SVG files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dltui.results import Result
from dltui.results.critical import CriticalPoints
from dltui.results.remade import Remade

from .conftest import made  # noqa: TID252 - the tests of this folder share them
from .test_tui_radiance import Make, Settle, info, opened, race, radiance, splats  # noqa: TID252
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
        await opened(pilot, settle, Path(), replace(make(), made=made(command, WHEN)), name)
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"{name}-{theme}-{size[0]}x{size[1]}", tmp_path)
