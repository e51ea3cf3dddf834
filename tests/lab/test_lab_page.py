"""The exhibit that the page on writing one shows: it runs, its checks hold, and its command has its knobs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.cli import run as dltui

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lab" / "writing-an-exhibit.md"


@pytest.fixture
def parabola(exhibits_from: Callable[[str, str, str], None]) -> str:
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block, "the page shows an exhibit"
    exhibits_from(block[1], "parabola-steps", "page_exhibits")
    return "parabola-steps"


def test_it_runs(parabola: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "run", parabola, "--lr", "1.1", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["numbers"]["w"] == pytest.approx(2 * 1.2**12)
    assert "does not converge" in plain["figures"][2]["words"]


def test_its_checks_hold(parabola: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "check", parabola]) == 0
    assert "2 of 2 checks hold" in capsys.readouterr().out


def test_its_card(parabola: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "show", parabola]) == 0
    assert "--lr 0.3" in capsys.readouterr().out
