"""The screens of layers and of graphs: walking the tree, unfolding blocks, looking at what layers give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.commands.features_screen import FeaturesScreen
from dltui.commands.graph_screen import GraphScreen
from dltui.commands.receptive_screen import ReceptiveScreen, layer_lines
from dltui.figures import Graph, Heatmap, Images, Overlay, Prose
from dltui.results.features import BINS, STATISTICS, Features
from dltui.results.modelgraph import ModelGraph
from dltui.results.modeltree import Node
from dltui.results.receptive import ReceptiveField
from dltui.tui.app import DltuiApp
from dltui.tui.screens.form import FormScreen
from dltui.tui.widgets.call_tree import CallTree
from dltui.tui.widgets.tab_line import TabLine

from .conftest import made  # noqa: TID252 - the tests of this folder share them
from .test_tui_snapshots import pattern, unlike  # noqa: TID252

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
NODES = (
    Node("input", "input", -1, False, [1, 1, 4, 4], 0),
    Node("stem", "Conv2d", -1, False, [1, 40, 4, 4], 360, "1, 40, kernel_size=(3, 3)"),
    Node("block", "Block", -1, True, [1, 40, 4, 4], 14_400),
    Node("block.conv", "Conv2d", 2, False, [1, 40, 4, 4], 14_400),
    Node("block.add", "add", 2, False, [1, 40, 4, 4], 0),
    Node("fc", "Linear", -1, False, [1, 3], 1923),
    Node("output", "output", -1, False, [1, 3], 0),
)
EDGES = [(0, 1), (1, 3), (1, 4), (3, 4), (4, 5), (5, 6)]
WHEN = "2026-11-20T20:00:00+00:00"


def features() -> Features:
    """What a small network made of an input, always the same; the convolution in its block was not kept."""
    graph = ModelGraph.of("net", NODES, EDGES, 16_683)
    wave = np.sin(np.arange(640.0)).reshape(40, 4, 4).astype(np.float32)
    statistics = np.tile(
        np.array([0.1, 0.5, 0.6, 9.0, -1.0, 1.0, 0.25, 40.0, np.nan, np.nan]), (len(NODES), 1)
    )
    statistics[-1] = np.nan
    return Features(
        title="net on digits[0]",
        made=made("dltui features lenet --input 'digits[0]'", WHEN),
        model="net",
        weights="random weights, seed 0",
        given="digits[0]",
        picture=np.zeros((4, 4, 1), np.uint8),
        calls=graph.calls,
        arrows=graph.arrows,
        parameters=16_683,
        axes=[1] * len(NODES),
        statistics=statistics[:, : len(STATISTICS)],
        counts=np.ones((len(NODES), BINS)),
        ranges=np.tile([-1.0, 1.0], (len(NODES), 1)),
        chosen="stem",
        kept={"stem": wave, "block": 2 * wave, "block.add": 3 * wave, "fc": wave[:3, 0, 0]},
    )


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """The results folder with what a network made of an input."""
    folder = tmp_path / "home" / "results"
    features().save(folder / "layers.safetensors")
    return folder


async def test_the_tree_is_walked_and_the_chosen_layer_is_shown(
    shown: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, FeaturesScreen)
        assert screen.layer == "stem"
        first = screen.view.figure
        assert isinstance(first, Images)
        assert len(first.pixels) == 32
        await pilot.press("greater_than_sign")
        await settle(pilot)
        assert isinstance(screen.view.figure, Images)
        assert len(screen.view.figure.pixels) == 8
        await pilot.press("o", "s")
        await settle(pilot)
        assert "strongest first" in screen.view.figure.caption
        assert "all on one scale" in screen.view.figure.caption
        await pilot.press("tab", "down")
        await settle(pilot)
        assert screen.layer == "block"
        assert screen.query_one(TabLine).names[0] == "block"
        tree = screen.query_one(CallTree)
        await pilot.press("enter")
        await settle(pilot)
        count = tree.option_count
        await pilot.press("U")
        await settle(pilot)
        assert tree.option_count == count  # it was closed, and so it stays
        await pilot.press("u")
        await settle(pilot)
        assert tree.option_count == count + 2


async def test_a_layer_that_was_not_kept_is_asked_for(
    shown: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(
        FeaturesScreen,
        "ask",
        lambda self, verb, purpose, show, **changes: told.append((verb, changes["layer"])),
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, FeaturesScreen)
        await pilot.press("tab", "down", "down")
        await settle(pilot)
        assert screen.layer == "block.conv"
        assert isinstance(screen.view.figure, Prose)
        await pilot.press("enter")
        await settle(pilot)
        assert told == [("features", ["block.conv"])]
        screen._keep(replace(features(), kept={"block.conv": np.ones((40, 4, 4), np.float32)}), first=True)
        await settle(pilot)
        assert isinstance(screen.view.figure, Images)


async def test_blocks_of_a_graph_unfold_and_a_layer_leads_to_the_form(
    tmp_path: Path, make_app: Make, settle: Settle
) -> None:
    found = ModelGraph.of("net", NODES, EDGES, 16_683).signed(command="dltui graph lenet")
    found.save(tmp_path / "home" / "results" / "graph.safetensors")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, GraphScreen)
        drawn = screen.view.figure
        assert isinstance(drawn, Graph)
        assert "block.add" in drawn.nodes
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        drawn = screen.view.figure
        assert isinstance(drawn, Graph)
        assert drawn.nodes == ("input", "stem", "block", "fc", "output")
        await pilot.press("u")
        await settle(pilot)
        assert isinstance(screen.view.figure, Graph)
        assert "block.conv" in screen.view.figure.nodes
        await pilot.press("down", "enter")
        await settle(pilot)
        form = app.screen
        assert isinstance(form, FormScreen)
        assert "--layer block.conv" in form.command_line


async def test_one_unit_is_shown_large_and_the_next_one_after_it(
    shown: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, FeaturesScreen)
        await pilot.press("z", "greater_than_sign")
        await settle(pilot)
        large = screen.view.figure
        assert isinstance(large, Heatmap)
        np.testing.assert_allclose(large.values, features().kept["stem"][1], rtol=1e-6)
        await pilot.press("less_than_sign", "less_than_sign")
        await settle(pilot)
        assert isinstance(screen.view.figure, Heatmap)
        assert screen.view.figure.title.startswith("unit 39 of stem")
        assert screen.query_one(TabLine).names[2] == "Over the input"
        await pilot.press("3")
        await settle(pilot)
        over = screen.view.figure
        assert isinstance(over, Overlay)
        np.testing.assert_allclose(over.values[0], features().kept["stem"][39], rtol=1e-6)
        await pilot.press("1", "z")
        await settle(pilot)
        assert screen.query_one(TabLine).names[2] != "Over the input"
        assert isinstance(screen.view.figure, Images)
        assert len(screen.view.figure.pixels) == 8  # the page that unit 39 is on


async def test_the_field_of_the_chosen_layer_is_shown(tmp_path: Path, make_app: Make, settle: Settle) -> None:
    maps = np.zeros((3, 9, 9))
    for place in range(3):
        maps[place, 3 - place : 6 + place, 3 - place : 6 + place] = place + 1.0
    found = ReceptiveField(
        title="net",
        weights="fresh",
        layers=["one", "two", "three"],
        maps=maps,
        theory=np.full((3, 2), 9.0),
        samples=1,
    )
    found.save(tmp_path / "home" / "results" / "field.safetensors")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ReceptiveScreen)
        assert isinstance(screen.view.figure, Images)
        await pilot.press("tab", "up")
        await settle(pilot)
        assert isinstance(screen.view.figure, Heatmap)
        np.testing.assert_array_equal(screen.view.figure.values, maps[1])
        assert screen.query_one(TabLine).names[1] == "two"
        assert [line.plain.split() for line in layer_lines(found)] == [
            ["one", "3.0"],
            ["two", "5.0"],
            ["three", "7.0"],
        ]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", ["features", "graph"])
async def test_snapshot(
    tmp_path: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch, name: str, theme: str,
    size: tuple[int, int],
) -> None:  # fmt: skip
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    folder = tmp_path / "home" / "results"
    graph = replace(ModelGraph.of("net", NODES, EDGES, 16_683), made=made("dltui graph lenet", WHEN))
    (features() if name == "features" else graph).save(folder / f"{name}.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_HOME", "home")
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await settle(pilot)
        for key in ("1", "enter", *(("tab",) if name == "features" else ())):
            await pilot.press(key)
            await settle(pilot)
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"{name}-{theme}-{size[0]}x{size[1]}", tmp_path)
