"""The screens of dreams, inversions, probes and maps: going from layer to layer, asking for what is not at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.commands._layer_screen import LayerLines, LayerScreen
from dltui.commands.dream_screen import DreamScreen, InversionScreen
from dltui.commands.map_screen import MapScreen
from dltui.commands.probe_screen import ProbeScreen
from dltui.figures import Heatmap, Images, Lines, Points
from dltui.results import Result
from dltui.results.dream import Dream
from dltui.results.inversion import Inversion
from dltui.results.layer_map import LayerMap
from dltui.results.probing import Probing
from dltui.tui.app import DltuiApp
from dltui.tui.screens.form import FormScreen

from .conftest import made  # noqa: TID252 - the tests of this folder share them
from .test_tui_snapshots import pattern, unlike  # noqa: TID252

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
WHEN = "2026-11-20T20:00:00+00:00"
LAYERS = ["input", "conv", "relu", "head"]
WAVES = np.clip(0.5 + np.sin(np.arange(5 * 36.0)).reshape(5, 6, 6) / 2, 0, 1).astype(np.float32)


def dream() -> Dream:
    """Twelve of sixteen units of a layer."""
    pictures = np.resize(WAVES, (12, 6, 6)).astype(np.float32)
    climbed = np.linspace(0, np.arange(1, 13.0), 4, axis=1)
    return Dream(
        title="net", made=made("dltui dream lenet --layer conv", WHEN), layer="conv", units=list(range(12)),
        objective="the activation", priors={"tv": 0.2}, total=3, values=pictures[:, None], pictures=pictures,
        steps=np.arange(4), climbed=climbed, variation=climbed, frames=np.stack([pictures, pictures[::-1]]),
        frame_steps=np.array([0, 3]), count=16, layers=LAYERS[1:], weights_unchanged=True,
    )  # fmt: skip


def inversion() -> Inversion:
    """An input that fades from layer to layer."""
    errors = np.linspace(1, np.array([0.01, 0.02, 0.03]), 3, axis=1)
    return Inversion(
        title="net on digits[3]", made=made("dltui dream lenet --invert 'digits[3]'", WHEN), layers=LAYERS[1:],
        shapes=[[6, 6]] * 3, pictures=WAVES[:4], values=WAVES[:4, None], steps=np.arange(3), feature_errors=errors,
        input_errors=np.linspace(1, np.array([0.1, 0.4, 0.9]), 3, axis=1), total=2, weights_unchanged=True,
    )  # fmt: skip


def probing() -> Probing:
    """Accuracy that grows with depth."""
    accuracy = np.array([0.5, 0.6, 0.8, 0.9])
    confusion = np.stack([[[round(50 * a), 50 - round(50 * a)], [10, 40]] for a in accuracy])
    return Probing(
        title="net on moons", made=made("dltui probe mlp --data moons", WHEN), layers=LAYERS,
        kinds=["", "Conv2d", "ReLU", "Linear"], shapes=[[2], [4], [4], [2]], notes=[""] * 4, classes=["up", "down"],
        accuracy=accuracy, train_accuracy=accuracy, shuffled=np.full(4, 0.5), untrained=np.full(4, 0.55),
        untrained_spread=np.full(4, 0.01), penalty=np.full(4, 0.1), confusion=confusion, majority=0.5,
        majority_class="up", samples=100, held_out=100, draws=2,
    )  # fmt: skip


def layer_map() -> LayerMap:
    """A map of one layer, by PCA."""
    angle = np.linspace(0, 6, 60)
    return LayerMap(
        title="net on moons", made=made("dltui map mlp --data moons --layer relu --method pca", WHEN), method="pca",
        mapped=["relu"], places=np.stack([np.cos(angle), np.sin(angle)], 1)[None], labels=np.arange(60) % 2,
        classes=["up", "down"], rows=np.arange(60), layers=LAYERS, purity=np.array([0.5, 0.6, 0.8, 0.9]),
        purity_error=np.full(4, 0.01), chance=0.5, map_purity=np.array([0.7]), trust=np.array([0.95]),
        variances=np.array([[0.6, 0.4]]),
    )  # fmt: skip


ALL: dict[str, Callable[[], Result]] = {
    "dream": dream,
    "inversion": inversion,
    "probe": probing,
    "map": layer_map,
}
Asked = list[tuple[str, dict[str, object]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What screens ask for."""
    told: Asked = []
    monkeypatch.setattr(
        LayerScreen, "ask", lambda self, verb, purpose, show, **changes: told.append((verb, changes))
    )
    monkeypatch.setattr(LayerScreen, "look_on", lambda self, verb, **changes: told.append((verb, changes)))
    return told


async def opened(pilot: Pilot[int], settle: Settle) -> LayerScreen:
    await settle(pilot)
    await pilot.press("1", "enter")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, LayerScreen)
    return screen


def keep(tmp_path: Path, result: Result) -> None:
    result.save(tmp_path / "home" / "results" / "kept.safetensors")


async def test_maps_are_made_layer_by_layer_and_stay_at_hand(
    tmp_path: Path, make_app: Make, settle: Settle, asked: Asked
) -> None:
    keep(tmp_path, layer_map())
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle)
        assert isinstance(screen, MapScreen)
        assert screen.query_one(LayerLines).highlighted == 2
        assert isinstance(screen.view.figure, Points)
        await pilot.press("m")
        assert asked.pop() == ("map", {"method": "tsne", "layer": "relu", "iterations": None})
        await pilot.press("greater_than_sign")
        assert asked.pop() == ("map", {"method": "pca", "layer": "head", "iterations": None})
        screen._moved(replace(layer_map(), mapped=["head"], complete=False), first=True)
        screen._moved(replace(layer_map(), mapped=["head"]), first=False)
        await settle(pilot)
        assert screen.view.figure is not None
        assert screen.view.figure.title.startswith("PCA of head")
        await pilot.press("less_than_sign")
        await settle(pilot)
        assert not asked  # it was kept
        assert screen.view.figure.title.startswith("PCA of relu")
        await pilot.press("P")
        assert asked.pop() == ("probe", {"layer": None})


async def test_one_class_is_coloured_alone(tmp_path: Path, make_app: Make, settle: Settle) -> None:
    keep(tmp_path, layer_map())
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle)

        def groups() -> tuple[str, ...]:
            assert isinstance(screen.view.figure, Points)
            return screen.view.figure.group_names

        assert groups() == ("up", "down")
        for wanted in (("others", "up"), ("others", "down"), ("up", "down")):
            await pilot.press("c")
            await settle(pilot)
            assert groups() == wanted
        await pilot.press("C")
        await settle(pilot)
        assert groups() == ("others", "down")
        assert isinstance(screen.view.figure, Points)
        assert screen.view.figure.group is not None
        assert screen.view.figure.group.sum() == 30


async def test_the_confusion_of_the_chosen_layer_is_shown(
    tmp_path: Path, make_app: Make, settle: Settle, asked: Asked
) -> None:
    keep(tmp_path, probing())
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle)
        assert isinstance(screen, ProbeScreen)
        assert isinstance(screen.view.figure, Lines)
        await pilot.press("tab", "up", "enter")
        await settle(pilot)
        assert isinstance(screen.view.figure, Heatmap)
        assert screen.view.figure.title.startswith("Confusion at relu")
        np.testing.assert_allclose(screen.view.figure.values, [[0.8, 0.2], [0.2, 0.8]])
        await pilot.press("m", "s")
        assert asked == [("map", {"layer": "relu"}), ("probe", {"solver": "ridge"})]
        screen.take(replace(probing(), solver="ridge"), first=True)
        await settle(pilot)
        assert screen._result is not None
        assert screen._result.solver == "ridge"


async def test_other_layers_and_units_are_dreamt_of(
    tmp_path: Path, make_app: Make, settle: Settle, asked: Asked
) -> None:
    keep(tmp_path, dream())
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle)
        assert isinstance(screen, DreamScreen)
        assert isinstance(screen.view.figure, Images)
        nothing = {"cell": None, "layer": None, "target": None, "unit": None}
        await pilot.press("u")
        assert asked.pop() == ("dream", nothing | {"layer": "conv", "unit": "12-15"})
        await pilot.press("less_than_sign")
        assert asked.pop() == ("dream", nothing)  # the classes
        await pilot.press("R")
        assert asked.pop() == ("dream", {"seed": 8})
        await pilot.press("f")
        await settle(pilot)
        assert "unit 0 of conv" in screen.view.figure.caption
        await pilot.press("f")
        await settle(pilot)
        assert "unit 1 of conv" in screen.view.figure.caption
        await pilot.press("I")
        await settle(pilot)
        assert isinstance(pilot.app.screen, FormScreen)


async def test_a_layer_stands_alone_beside_the_input(tmp_path: Path, make_app: Make, settle: Settle) -> None:
    keep(tmp_path, inversion())
    async with make_app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, settle)
        assert isinstance(screen, InversionScreen)
        await pilot.press("greater_than_sign")
        await settle(pilot)
        shown = screen.view.figure
        assert isinstance(shown, Images)
        assert shown.title.startswith("Layer relu")
        assert shown.pixels.shape == (1, 6, 18)
        np.testing.assert_allclose(shown.pixels[0, :, 6:12], WAVES[2])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", list(ALL))
async def test_snapshot(
    tmp_path: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch, name: str, theme: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    keep(tmp_path, ALL[name]())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_HOME", "home")
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await opened(pilot, settle)
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"{name}-{theme}-{size[0]}x{size[1]}", tmp_path)
