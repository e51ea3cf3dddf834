"""Ctrl-C in the middle of a spectrum or of gradient norms: what was known by then is shown, and kept where asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltui.cli import run
from dltui.commands._output import ProgressLine
from dltui.errors import ExitCode
from dltui.results import load
from dltui.training import train

SPECTRUM = ["hessian", "mlp:width=20", "-d", "moons:n=60", "--top", "2", "--bottom", "1", "--by", "layer"]
WORDS = {
    "spectrum": ([*SPECTRUM, "--lanczos-steps", "30"], "spectrum/1"),
    "gradients": (["gradients", "mlp:width=20", "-d", "moons:n=60"], "gradients/1"),
    "fresh": (["gradients", "mlp:depth=2", "-d", "moons:n=60", "--init", "default"], "initial/1"),
    "norms of a run": (["gradients", "run:latest", "-d", "moons:n=60", "--along-run"], "gradients-along/1"),
    "a tensor of a run": (["weights", "run:latest", "hidden.0.weight", "--along-run"], "weights-along/1"),
    "λ₁ of a run": (["hessian", "run:latest", "-d", "moons:n=60", "--along-run"], "sharpness/1"),
}


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Ctrl-C comes with the first report after the first partial result."""
    seen: list[object] = []

    def report(self: ProgressLine, done: int, total: int, partial: object = None) -> None:
        if seen and done < total:
            raise KeyboardInterrupt
        if partial is not None:
            seen.append(partial)

    monkeypatch.setattr(ProgressLine, "__call__", report)
    return seen


@pytest.mark.parametrize("name", WORDS)
def test_what_is_known_is_shown_and_kept(
    name: str, stopping: list[object], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words, schema = WORDS[name]
    if "run:latest" in words:
        train("mlp:width=5", "moons:n=60", wishes={"epochs": 3, "batch_size": 30})
        stopping.clear()
    out = tmp_path / "out.safetensors"
    assert run([*words, "--json", "--save", str(out)]) == ExitCode.CANCELLED
    told, err = capsys.readouterr()
    assert json.loads(told)["schema"] == schema
    assert not json.loads(told)["complete"]
    assert err.count("\n") <= 3
    assert "what was known by then is kept in" in err
    assert not out.exists()
    kept = load(tmp_path / "out.partial.safetensors")
    assert kept.schema == schema
    assert all(figure.words() for figure in kept.figures())
    stopping.clear()
    assert run([*words, "--plain"]) == ExitCode.CANCELLED
    assert "--save FILE would keep it" in capsys.readouterr().err
