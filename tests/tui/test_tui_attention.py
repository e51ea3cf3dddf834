"""The screen of attention: keys for layer, head and token; heads picked from their thumbnails; the list of tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
from textual.pilot import Pilot

from dltui.commands.attention_screen import AttentionScreen, bars
from dltui.commands.lens_screen import LensScreen
from dltui.figures import Heatmap, Table, Tokens
from dltui.results.attention import MEASURES, AttentionMaps
from dltui.results.lens import LogitLens
from dltui.tui.app import DltuiApp
from dltui.tui.onward import origin
from dltui.tui.widgets.token_list import TokenList, token_lines

Settle = Callable[[Pilot[int]], Awaitable[None]]
WORDS = ["The", " cat", " sat", "\n"]


def maps() -> AttentionMaps:
    """Return three layers of two heads over four tokens."""
    weights = np.random.default_rng(0).dirichlet(np.ones(4), size=(3, 2, 4)).astype(np.float32)
    scores = np.random.default_rng(1).random((len(MEASURES), 3, 2))
    scores[list(MEASURES).index("induction")] = np.nan
    return AttentionMaps(
        title="tiny, “The cat sat”",
        attention=weights,
        rollout=weights.mean(1),
        scores=scores,
        layers=[f"blocks.{i}" for i in range(3)],
        queries=WORDS,
        keys=WORDS,
        chosen=[0, 1, 2],
        mapped="entropy",
    )


async def test_layer_head_and_token_are_changed_by_keys(
    make_app: Callable[..., DltuiApp], settle: Settle, tmp_path: Path
) -> None:
    found = maps()
    found.save(tmp_path / "a.safetensors")
    app = make_app(tmp_path / "a.safetensors")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, AttentionScreen)
        assert screen.query_one(TokenList).highlighted == 2
        await pilot.press("a", "d", "u")
        await settle(pilot)
        assert screen._found is not None
        assert screen._found.chosen == [1, 0, 3]
        figure = screen.view.figure
        assert isinstance(figure, Heatmap)  # the head that was changed to is seen
        np.testing.assert_array_equal(figure.values, found.attention[1, 0])
        assert screen.query_one(TokenList).highlighted == 3
        await pilot.press("A", "A", "U", "3")
        await settle(pilot)
        assert screen._found.chosen == [2, 0, 2]
        row = screen.view.figure
        assert isinstance(row, Tokens)
        np.testing.assert_array_equal(row.weights, found.attention[2, 0, 2])
        await pilot.press("r")
        await settle(pilot)
        assert screen.view.figure is not None
        assert screen.view.figure.title.startswith("Rollout from “sat”")
        await pilot.press("r", "m")
        await settle(pilot)
        assert screen._found.mapped == "evenness"
        assert screen.view.figure.title.startswith("Evenness by head")
        await pilot.press("A")
        await settle(pilot)


async def test_a_head_is_picked_from_its_thumbnail_and_a_token_from_the_list(
    make_app: Callable[..., DltuiApp], settle: Settle, tmp_path: Path
) -> None:
    maps().save(tmp_path / "a.safetensors")
    app = make_app(tmp_path / "a.safetensors")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, AttentionScreen)
        assert screen.check_action("pick", ()) is False  # there is no cursor yet
        await pilot.press("left", *["down"] * 30, *["right"] * 30)
        await settle(pilot)
        assert "L2H1   entropy" in str(screen.query_one("#readout").render())  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settle(pilot)
        assert screen._found is not None
        assert screen._found.chosen == [2, 1, 2]
        assert screen.view.figure is not None
        assert screen.view.figure.title.startswith("L2H1")
        await pilot.press("tab", "up", "up", "enter")
        await settle(pilot)
        assert screen._found.chosen == [2, 1, 0]
        assert screen.view.figure.title.startswith("From “The”, L2H1")


def test_the_list_shows_what_the_chosen_token_takes() -> None:
    found = maps()
    lines = [line.plain for line in token_lines(found.queries, bars(found))]
    assert [line.split()[0] for line in lines] == ["The", "cat", "sat", "⏎"]
    row = found.attention[0, 1, 2]
    assert lines[int(row.argmax())].endswith("█" * 6)
    assert lines[int(row.argmin())].count("█") < 6


async def test_the_lens_reads_after_another_token(
    make_app: Callable[..., DltuiApp], settle: Settle, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    chances = -np.sort(-draw.random((3, 4, 2)), axis=-1)
    LogitLens(
        title="tiny",
        ids=draw.integers(0, 4, (3, 4, 2)),
        probabilities=chances,
        answer=chances[..., 0],
        rank=draw.integers(1, 9, (3, 4)),
        entropy=chances[..., 0],
        words={str(i): word for i, word in enumerate(WORDS)},
        target=np.zeros(4, int),
        tokens=WORDS,
        layers=["embedding", "block 0", "block 1"],
        position=3,
    ).save(tmp_path / "lens.safetensors")
    app = make_app(tmp_path / "lens.safetensors")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, LensScreen)
        assert isinstance(screen.view.figure, Table)
        assert screen.view.figure.title.startswith("After “⏎”")
        await pilot.press("u", "u")
        await settle(pilot)
        assert screen.view.figure.title.startswith("After “ cat”")
        await pilot.press("tab", "up")
        await settle(pilot)
        assert screen.view.figure.title.startswith("After “The”")
        assert screen.query_one(TokenList).highlighted == 0


def test_attention_and_lens_lead_to_each_other_on_the_same_text() -> None:
    lens = origin("dltui explain gpt --input 'To be' --method logit-lens --seed 3")
    assert lens.onward("attention", query="2", layer=None) == [
        "attention", "gpt", "--input", "To be", "--query", "2", "--seed", "3",
    ]  # fmt: skip
    heads = origin("dltui attention gpt --input 'To be' --layer 1 --measure first")
    assert heads.onward("explain", method="logit-lens", position="2", layer=None) == [
        "explain", "gpt", "--input", "To be", "--method", "logit-lens", "--position", "2",
    ]  # fmt: skip
