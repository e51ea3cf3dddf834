"""The screens of weights and of a comparison, driven by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot

from dltui.archives import open_archive
from dltui.commands.diff_screen import DiffScreen, listed, pages
from dltui.commands.weights_screen import TensorScreen, WeightsScreen, page
from dltui.figures import Bars, Table
from dltui.instruments.weights import difference, examine, survey
from dltui.results import Made, Result
from dltui.tui.app import DltuiApp
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.tensor_list import lines, without_common

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    state = {
        f"net.{i}.weight": generator.standard_normal((12, 9)).astype(np.float32) * 10**-i for i in range(3)
    }
    save_file(state | {"net.bias": np.zeros(5, np.float32), "gone": np.ones(2)}, tmp_path / "a.safetensors")
    other = {name: values * (1 + 0.1 * place) for place, (name, values) in enumerate(state.items())}
    save_file(other | {"net.bias": np.ones(5, np.float32)}, tmp_path / "b.safetensors")
    return tmp_path


def kept(folder: Path, found: Result, command: str) -> Path:
    path = folder / "here" / "kept.safetensors"
    replace(found, made=Made(command=command, seed=0)).save(path)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """What a screen asks in jobs of their own."""
    seen: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(MeasuredScreen, "look_on", lambda self, verb, **changes: seen.append((verb, changes)))
    return seen


async def test_weights_are_walked_through(
    files: Path, make_app: Make, settle: Settle, asked: list[tuple[str, dict[str, object]]]
) -> None:
    with open_archive(files / "a.safetensors") as archive:
        found = survey(archive, "run:x")
    app = make_app(kept(files, found, "dltui weights run:x"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, WeightsScreen)
        await pilot.press("2")
        await settle(pilot)
        assert isinstance(screen.view.figure, Bars)
        assert screen.view.figure.value_label == "std"
        await pilot.press("m", "o", "l")
        await settle(pilot)
        figure = screen.view.figure
        assert isinstance(figure, Bars)
        assert (figure.value_label, figure.scale) == ("‖w‖", "linear")
        assert figure.values.tolist() == sorted(figure.values.tolist(), reverse=True)
        assert "‖w‖ by tensor" in screen.query_one(TabLine).names
        await pilot.press("tab", "down", "5")
        await settle(pilot)
        assert isinstance(screen.view.figure, Table)
        assert screen.view.figure.title == f"Tensor · {found.names[1]}"
        await pilot.press("enter", "A", "S")
        await settle(pilot)
    assert [verb for verb, _ in asked] == ["weights"] * 3
    assert asked[0][1]["tensor"] == found.names[1]
    assert asked[1][1] == {"tensor": found.names[1], "along_run": True, "spectra": False}
    assert asked[2][1] == {"tensor": None, "spectra": True}


async def test_only_a_run_can_be_followed(
    files: Path, make_app: Make, settle: Settle, asked: list[tuple[str, dict[str, object]]]
) -> None:
    with open_archive(files / "a.safetensors") as archive:
        found = examine(archive, "net.0.weight", "a.safetensors")
    app = make_app(kept(files, found, "dltui weights a.safetensors net.0.weight"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, TensorScreen)
        await pilot.press("A")
        await settle(pilot)
        assert not asked
        await pilot.press("U")
        await settle(pilot)
    assert asked == [("weights", {"tensor": None})]


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_comparison_is_walked_through(
    files: Path,
    make_app: Make,
    settle: Settle,
    asked: list[tuple[str, dict[str, object]]],
    size: tuple[int, int],
) -> None:
    with open_archive(files / "a.safetensors") as one, open_archive(files / "b.safetensors") as other:
        found = difference(one, other, ("a", "b"))
    assert found.names[listed(found)[0]] == "gone"
    app = make_app(kept(files, found, "dltui diff a.safetensors b.safetensors"))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, DiffScreen)
        await pilot.press("x")  # what is gone has no difference
        await settle(pilot)
        assert not asked
        await pilot.press("tab", "down", "down", "4")
        await settle(pilot)
        assert screen.view.figure is not None
        assert screen.view.figure.title == f"Tensor · {found.names[2]}"
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("up", "up")  # from a matrix to what has fewer figures
        await settle(pilot)
    assert asked == [("diff", {"tensor": found.names[2]})]


def test_a_page_tells_what_is_shared_and_sampled(files: Path) -> None:
    with open_archive(files / "a.safetensors") as archive:
        found = survey(archive, "a")
    tied = replace(found, shared=["", "net.0.weight", "", "", ""])
    assert ("kept as", "net.0.weight") in page(tied, 1).rows
    assert "quantiles are exact" in page(found, 0).caption


def test_pages_of_a_difference_tell_its_rank(files: Path) -> None:
    with open_archive(files / "a.safetensors") as one, open_archive(files / "b.safetensors") as other:
        found = difference(one, other, ("a", "b"))
    place = found.names.index("net.2.weight")
    table, spectrum = pages(found, place)
    assert ("rank of Δ", "9 of 9", "") in table.rows  # type: ignore[attr-defined]
    assert "rounding" in spectrum.caption
    assert len(pages(found, found.names.index("net.bias"))) == 1


def test_what_all_names_begin_with_is_left_away() -> None:
    assert without_common(["model.a.w", "model.ab.w"]) == ["a.w", "ab.w"]
    assert without_common(["a", "b"]) == ["a", "b"]
    assert without_common(["net.w"]) == ["net.w"]
    assert without_common([]) == []


def test_bars_are_drawn_by_powers_and_not_at_all_for_nothing() -> None:
    drawn = [line.plain for line in lines(["a", "b", "c"], np.array([1e-3, 1.0, np.nan]))]
    assert drawn[1].count("█") == 4
    assert "█" not in drawn[0]
    assert drawn[2].split() == ["c"]
    assert len({len(line) for line in drawn}) == 1
