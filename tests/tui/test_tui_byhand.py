"""The stepper of what is worked by hand, driven by keys and mouse; torch says what the numbers must be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Input, Static

from dltui.byhand import work
from dltui.commands.byhand_screen import ByHandScreen
from dltui.figures import Graph
from dltui.instruments.byhand.graph import box_of
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.widgets.figure_view import FigureView

from .conftest import made  # noqa: TID252 - the tests of this folder share it
from .test_tui_snapshots import unlike  # noqa: TID252 - one way to compare pictures

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
CONV = "dltui byhand conv2d --x '[[1,2,3],[4,5,6],[7,8,9]]' --weight '[[1,0],[0,-1]]' --bias 0.5"
CIRCUIT = "dltui byhand backprop '(x + y)*z'"
NETWORK = "dltui byhand mlp --sizes 3,6,4,2"


async def stepper(app: DltuiApp, pilot: Pilot[int], settle: Settle, command: str) -> ByHandScreen:
    app.open_by_hand(command)
    await settle(pilot)
    assert isinstance(app.screen, ByHandScreen)
    return app.screen


def text(room: ByHandScreen, name: str) -> str:
    return str(room.query_one(name, Static).render())


async def test_the_window_slides_over_the_picture(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await stepper(app, pilot, settle, CONV)
        assert "[2]" in text(room, "#cells")
        assert "[3]" not in text(room, "#cells")
        await pilot.press("right")
        assert "[3]" in text(room, "#cells")
        assert "y₁₂ = x₁₂·w₁₁" in text(room, "#told").replace("(", "")
        await pilot.press("right", "right", "right", "right")
        assert room.at == 3
        assert "[9]" in text(room, "#cells")
        await pilot.press("left", "home")
        assert room.at == 0


async def test_a_number_is_changed_in_place_and_what_moves_is_marked(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await stepper(app, pilot, settle, CONV)
        await pilot.press("end", "tab", "enter")
        line = room.query_one("#line", Input)
        assert line.value == "2"
        line.value = "-7.5"
        await pilot.press("enter")
        x = torch.tensor([[[1, -7.5, 3], [4, 5, 6], [7, 8, 9]]], dtype=torch.float64)
        kernel = torch.tensor([[[[1, 0], [0, -1]]]], dtype=torch.float64)
        known = torch.nn.functional.conv2d(x, kernel, torch.tensor([0.5], dtype=torch.float64))
        assert room.bench.worked.output.numbers() == [known.tolist()] or torch.equal(
            torch.tensor(room.bench.worked.output.numbers()).flatten().double(), known.flatten()
        )
        lines = text(room, "#lines").splitlines()
        assert [row.strip()[0] for row in lines[:2]] == ["y", "≠"]
        await pilot.press("home", "right")
        assert "was −3.5 before the change" in text(room, "#told")
        await pilot.press("up")
        assert room.bench.number(("x", 1)) == -7.4
        await pilot.press("u", "u")
        assert room.bench.number(("x", 1)) == 2
        assert not room.check_action("undo", ())


async def test_what_is_no_number_is_refused_and_the_old_one_stays(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await stepper(app, pilot, settle, "dltui byhand mlp --sizes 2,2 --loss crossentropy")
        while room.cursor[0] != "target":
            await pilot.press("tab")
        before = room.bench.number(room.cursor)
        await pilot.press("enter")
        line = room.query_one("#line", Input)
        for wrong in ("two", "2", "0.5"):
            line.value = wrong
            await pilot.press("enter")
            assert room.has_class("-writing")
        await pilot.press("escape")
        assert not room.has_class("-writing")
        assert room.bench.number(room.cursor) == before


async def test_values_go_forwards_and_gradients_back(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await stepper(app, pilot, settle, CIRCUIT)
        view = room.query_one(FigureView)
        assert view.figure.notes == ("−2", "5", "−4", "3", "?")
        await pilot.press("right")
        assert view.figure.notes[-1] == "−12 · ∂ 1"
        await pilot.press("end")
        assert view.figure.notes == ("−2 · ∂ −4", "5 · ∂ −4", "−4 · ∂ 3", "3 · ∂ −4", "−12 · ∂ 1")
        await pilot.press("x")
        room.query_one("#line", Input).value = "x*y + x"
        await pilot.press("enter", "end")
        assert view.figure.notes[0] == "−2 · ∂ 6"
        assert room.command_line == "dltui byhand backprop 'x*y + x' --x -2 --y 5"
        await pilot.press("b")
        assert "∂" not in "".join(view.figure.notes)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_graph_of_a_network_scrolls_to_what_is_worked(
    make_app: Make, settle: Settle, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        room = await stepper(app, pilot, settle, NETWORK)
        view = room.query_one(FigureView)
        await pilot.press("right")
        for at in (0, 30, len(room.bench.lines) - 1):
            room.action_step(at - room.at)
            await settle(pilot)
            assert isinstance(view.figure, Graph)
            name = view.figure.nodes[box_of(room.bench.worked, at)]
            assert any(f" {name} " in line for line in shown_lines(view)), name


@pytest.mark.parametrize("command", [CIRCUIT, NETWORK])
async def test_the_numbers_stand_close_below_the_graph(make_app: Make, settle: Settle, command: str) -> None:
    app = make_app()
    async with app.run_test(size=(200, 60)) as pilot:
        room = await stepper(app, pilot, settle, command)
        await pilot.press("end")
        await settle(pilot)
        view = room.query_one(FigureView)
        last = max(row for row, line in enumerate(shown_lines(view)) if line.strip())
        assert view.region.y + last < room.query_one("#numbers").region.y <= view.region.y + last + 2
        assert not room.query_one("#numbers").show_vertical_scrollbar


def shown_lines(view: FigureView) -> list[str]:
    """Return what stands on the screen of a figure."""
    return [view.render_line(row).text for row in range(view.size.height)]


async def test_a_long_sum_opens_on_a_key(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        room = await stepper(app, pilot, settle, "dltui byhand linear --x random:1,20 --weight random:1,20")
        assert "x₁₅·w₁₅" not in text(room, "#told")
        await pilot.press("f")
        assert "x₁₅·w₁₅" in text(room, "#told").replace("\n", "")
        await pilot.press("f")
        assert "…" in text(room, "#told")


async def test_a_click_goes_to_a_number(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await stepper(app, pilot, settle, CONV)
        row = text(room, "#cells").splitlines()[2]
        await pilot.click("#cells", offset=(row.index("6"), 2))
        assert room.cursor == ("x", 5)


async def test_it_plays_and_stops_at_the_end(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.commands.byhand_screen.BEAT", 0.01)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        room = await stepper(app, pilot, settle, CIRCUIT)
        await pilot.press("space")
        for _ in range(200):
            await pilot.pause(0.02)
            if room.at == len(room.bench.lines) - 1:
                break
        assert room.at == len(room.bench.lines) - 1


async def test_a_line_that_can_not_be_worked_opens_nothing(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.open_by_hand("dltui byhand backprop 'x +'")
        await settle(pilot)
        assert not isinstance(app.screen, ByHandScreen)


async def test_the_form_and_the_lab_lead_here(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_form("byhand conv2d")
        await settle(pilot)
        await pilot.press("ctrl+b")
        await settle(pilot)
        assert isinstance(app.screen, ByHandScreen)
        assert app.screen.bench.worked.operation.name == "conv2d"
        app.open_item(Item("exhibit", "gates", "", "gates", "dltui lab run gates", group="byhand"))
        await settle(pilot)
        for _ in range(500):
            if app.screen.check_action("by_hand", ()):
                break
            await pilot.pause(0.02)
        await pilot.press("B")
        await settle(pilot)
        assert isinstance(app.screen, ByHandScreen)
        assert app.screen.bench.given == {"expression": "max(x, y)", "x": 4, "y": 5, "upstream": 9}


async def test_a_kept_result_leads_here(make_app: Make, settle: Settle, tmp_path: Path) -> None:
    from dltui.commands._byhand_sheet import HandAnswer

    answer = HandAnswer(work("linear"))
    path = tmp_path / "sheet.safetensors"
    replace(answer.result(), made=made("dltui byhand linear --backward", "2026-11-23T21:00:00+00:00")).save(
        path
    )
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_item(Item("result", "sheet", "", str(path), "dltui byhand linear --backward", "figures/1"))
        await settle(pilot)
        await pilot.press("B")
        await settle(pilot)
        assert isinstance(app.screen, ByHandScreen)
        assert app.screen.bench.backward


@pytest.mark.parametrize(
    ("name", "theme", "size"),
    [
        ("circuit", "dark", (80, 24)), ("circuit", "light", (120, 40)), ("window", "light", (80, 24)),
        ("window", "dark", (120, 40)), ("network", "dark", (120, 40)),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}",
)  # fmt: skip
async def test_snapshot(
    make_app: Make, settle: Settle, tmp_path: Path, name: str, theme: str, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await stepper(app, pilot, settle, {"circuit": CIRCUIT, "window": CONV, "network": NETWORK}[name])
        await pilot.press("right", "right", "tab", "up", "right")
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"byhand-{name}-{theme}-{size[0]}x{size[1]}", tmp_path)
