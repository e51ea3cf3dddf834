"""Random keys, clicks and sizes: nothing breaks."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from dltui.runs import new_run
from dltui.tui.actions import ACTIONS
from dltui.tui.app import DltuiApp

LEAVING = {"q", "ctrl+q"}
KEYS = [key for action in ACTIONS for key in action.keys if key not in LEAVING]


async def test_nothing_breaks(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
) -> None:
    (results / "broken.safetensors").write_bytes(b"garbage")
    new_run(model="lenet", data="digits", settings={}, command="")
    chance = random.Random(1)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for _ in range(80):
            width, height = app.size
            kind = chance.random()
            if kind < 0.8:
                await pilot.press(chance.choice([*KEYS, *["enter"] * 10, *["escape"] * 8]))
            elif kind < 0.95:
                await pilot.click(offset=(chance.randrange(width), chance.randrange(height)))
            else:
                await pilot.resize_terminal(chance.randrange(1, 180), chance.randrange(1, 60))
        assert app.is_running
