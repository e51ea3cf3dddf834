"""The screen of an explanation: another method, another answer, and how strongly maps lie over the picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.commands.explain_screen import ExplanationScreen, WayList
from dltui.figures import Overlay, Tokens
from dltui.results.explanation import Explanation
from dltui.tui.app import DltuiApp

from .conftest import made  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
COMMAND = "dltui explain lenet --input 'digits[12]' --method saliency,occlusion"


def explanation(**changes: Any) -> Explanation:
    """Return two maps over a picture of 6 × 6."""
    maps = np.zeros((2, 6, 6))
    maps[0, 1, 2], maps[1, 3, 4] = 2.0, -1.0
    shares = np.linspace(0, 1, 5)
    given: dict[str, Any] = {
        "title": "lenet on digits[12]",
        "made": made(COMMAND, "2026-11-23T20:00:00+00:00"),
        "kind": "image",
        "methods": ["saliency", "occlusion"],
        "maps": maps,
        "details": [
            {"seconds": 0.1, "forwards": 1},
            {"seconds": 0.2, "forwards": 9, "patch": "2×2", "stride": "1×1"},
        ],
        "target": 3,
        "target_name": "three",
        "value": 2.0,
        "baseline_value": 0.5,
        "answers": [
            {"number": 3, "name": "three", "output": 2.0, "probability": 0.7},
            {"number": 8, "name": "eight", "output": 1.0, "probability": 0.3},
        ],
        "picture": np.full((6, 6, 1), 200, np.uint8),
        "groups": np.arange(36).reshape(6, 6),
        "shares": shares,
        "deletion": np.stack([1 - shares, (1 - shares) ** 2]),
        "insertion": np.stack([shares, shares**0.5]),
        "random_deletion": 1 - shares,
        "random_insertion": shares,
    }
    return Explanation(**given | changes)


@pytest.fixture
def opened(make_app: Make, tmp_path: Path) -> DltuiApp:
    """An application that shows it."""
    explanation().save(tmp_path / "why.safetensors")
    return make_app(tmp_path / "why.safetensors")


def shown(app: DltuiApp) -> Overlay:
    """Return the overlay on the screen."""
    assert isinstance(app.screen, ExplanationScreen)
    figure = app.screen.view.figure
    assert isinstance(figure, Overlay)
    return figure


async def test_methods_one_by_one(opened: DltuiApp, settle: Settle) -> None:
    async with opened.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert shown(opened).names == ("saliency", "occlusion")
        seen = []
        for _ in range(3):
            await pilot.press("m")
            await settle(pilot)
            seen.append(shown(opened).names)
        assert seen == [("saliency",), ("occlusion",), ("saliency", "occlusion")]
        assert opened.screen.query_one(WayList).highlighted == 1  # the heading is no choice


async def test_methods_from_the_list(opened: DltuiApp, settle: Settle) -> None:
    async with opened.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "down")
        await settle(pilot)
        assert shown(opened).names == ("saliency",)
        await pilot.press("enter")
        await settle(pilot)
        assert not opened.screen.query_one(WayList).has_focus


async def test_opacity_stays_as_it_was_set(opened: DltuiApp, settle: Settle) -> None:
    async with opened.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        before = shown(opened).opacity
        await pilot.press("O", "O")
        await settle(pilot)
        assert shown(opened).opacity == pytest.approx(before - 0.2)
        await pilot.press("m")
        await settle(pilot)
        assert shown(opened).opacity == pytest.approx(before - 0.2)
        for _ in range(9):
            await pilot.press("o")
        await settle(pilot)
        assert shown(opened).opacity == 1
        await pilot.press("2")  # bars have no opacity
        await settle(pilot)
        assert not opened.screen.check_action("opacity", ("1",))


async def test_another_answer_takes_the_place(
    opened: DltuiApp, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    class Done:
        result = explanation(target=8, target_name="eight")
        partial = failure = progress = None
        state, over, line = "done", True, "dltui explain"

        def cancel(self) -> None:
            """Nothing goes on."""

    def run(words: list[str]) -> Done:
        asked.append(words)
        return Done()

    async with opened.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(opened, "run_job", run)
        await pilot.press("c")
        await settle(pilot)
        screen = opened.screen
        assert isinstance(screen, ExplanationScreen)
        assert screen._job is not None
        screen._job_told(screen._job)
        await settle(pilot)
        assert shown(opened).title == "Why eight · lenet on digits[12]"
        await pilot.press("A")
        await settle(pilot)
    first, second = (" ".join(words) for words in asked)
    assert first.startswith("explain lenet")
    assert "--target 8" in first
    assert "--method saliency,occlusion" in first
    assert "--method all" in second


async def test_text_is_coloured(make_app: Make, settle: Settle, tmp_path: Path) -> None:
    found = explanation(
        kind="tokens",
        maps=np.array([[0.5, -1.0, 0.2], [0.1, 0.0, 0.9]]),
        pieces=["to", " be", " or"],
        groups=np.arange(3),
        picture=np.zeros((0, 0, 3), np.uint8),
    )
    found.save(tmp_path / "text.safetensors")
    app = make_app(tmp_path / "text.safetensors")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ExplanationScreen)
        figure = app.screen.view.figure
        assert isinstance(figure, Tokens)
        assert figure.tokens == ("to", " be", " or")
        await pilot.press("m", "m")
        await settle(pilot)
        figure = app.screen.view.figure
        assert isinstance(figure, Tokens)
        assert figure.weights.tolist() == [0.1, 0.0, 0.9]
