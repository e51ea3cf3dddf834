"""The shape calculator, driven by keys and mouse; torch says what the sizes must be."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Input, Static
from torch import nn

from dltui.commands.shapes_screen import ChainScreen, read
from dltui.tui.app import DltuiApp
from dltui.tui.widgets.belt import Belt
from dltui.tui.widgets.sliding_window import SlidingWindow

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


async def bench(app: DltuiApp, pilot: Pilot[int], settle: Settle, name: str = "bench") -> ChainScreen:
    (item,) = [one for one in read(Path()) if one.name == name]
    app.open_item(item)
    await settle(pilot)
    assert isinstance(app.screen, ChainScreen)
    return app.screen


async def test_arrows_change_a_layer_and_everything_after_it(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await bench(app, pilot, settle)
        await pilot.press("up", "right", "right", "up", "up")  # kernel 4, padding 3
        layer = nn.Conv2d(1, 8, 4, padding=3)
        convolved = layer(torch.zeros(1, 1, 8, 8))
        boxes = room.query_one(Belt).boxes
        assert boxes[0].output == "×".join(map(str, convolved.shape))
        assert boxes[2].output == "×".join(map(str, nn.MaxPool2d(2)(convolved).shape))
        assert boxes[3].output == f"1×{nn.MaxPool2d(2)(convolved).numel()}"
        await pilot.press("u", "u", "u")
        assert room.query_one(Belt).boxes[0].output == "1×8×8×8"
        assert not room.check_action("undo", ())


async def test_layers_are_written_taken_out_and_refused_ones_are_told(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        room = await bench(app, pilot, settle)
        await pilot.press("a")
        line = room.query_one("#line", Input)
        line.value = "conv2d 4 11"
        await pilot.press("enter")
        assert [box.state for box in room.query_one(Belt).boxes][:3] == ["fits", "refused", "unreached"]
        assert "the kernel reaches 11" in str(room.query_one("#facts", Static).render())
        await pilot.press("d")
        assert {box.state for box in room.query_one(Belt).boxes} == {"fits"}
        await pilot.press("i")
        line.value = "N,1,H,W"
        await pilot.press("enter")
        assert "H" in room.query_one(Belt).boxes[2].output
        await pilot.press("a")
        line.value = "conv2d ?"
        await pilot.press("enter")
        assert room.has_class("-writing")
        await pilot.press("escape")
        assert not room.has_class("-writing")
        assert app.screen is room


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_window_goes_where_it_is_clicked(
    make_app: Make, settle: Settle, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        room = await bench(app, pilot, settle)
        window = room.query_one(SlidingWindow)
        assert window._grids is not None
        made = window._grids[1]
        await pilot.click(
            SlidingWindow, offset=(made.column + 2 * made.rows * 2, SlidingWindow.TOP + made.rows)
        )
        await settle(pilot)
        assert room._position == (1, 2)
        assert "output place 1, 2 sees places 0…2 × 1…3" in str(room.query_one("#facts", Static).render())
        await pilot.press("full_stop")
        assert room._position == (1, 3)


@pytest.mark.parametrize("name", ["bench", "resnet50", "unet", "gpt2", "transformer_base"])
async def test_networks_that_ship_open_and_can_be_walked_along(
    make_app: Make, settle: Settle, name: str
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        room = await bench(app, pilot, settle, name)
        for _ in range(8):
            await pilot.press("tab", "up", "full_stop")
        assert room.query_one(Belt).chosen == 8 % len(room.bench.rows)


async def test_the_chain_is_copied_as_code_and_as_a_command(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await bench(app, pilot, settle)
        await pilot.press("Y")
        assert "nn.Conv2d(1, 8, kernel_size=3, padding=1)" in app.clipboard
        await pilot.press("y")
        assert app.clipboard.startswith("dltui shapes chain 'conv2d 8 3 1 1 | relu")
