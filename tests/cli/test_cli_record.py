"""Recordings from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dltui.cli import run
from dltui.figures import Prose
from dltui.results.gallery import Gallery
from dltui.results.landscape import Landscape


def test_open_turns_a_surface_once_around(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = np.linspace(-1, 1, 11)
    Landscape(
        title="bowl", alphas=steps, betas=steps, loss=np.add.outer(steps**2, steps**2) + 0.1, center_loss=0.1,
        normalize="none", samples=1, parameters=2,
    ).save(tmp_path / "bowl.safetensors")  # fmt: skip
    assert run(["open", str(tmp_path / "bowl.safetensors"), "--record", str(tmp_path / "turn.cast")]) == 0
    head, *events = [json.loads(line) for line in (tmp_path / "turn.cast").read_text().splitlines()]
    assert (head["width"], head["height"]) == (100, 32)
    assert len(events) > 80
    assert "recorded" in capsys.readouterr().err


def test_open_of_what_does_not_turn_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Gallery(title="words", shown=(Prose(text="Nothing."),)).save(tmp_path / "a.safetensors")
    assert run(["open", str(tmp_path / "a.safetensors"), "--record", str(tmp_path / "turn.gif")]) == 2
    assert "nothing here can be turned: found prose" in capsys.readouterr().err
    assert not (tmp_path / "turn.gif").exists()


def test_exhibit_is_recorded_moment_by_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "saddle.gif"
    assert run(["lab", "run", "two-weight-saddle", "--steps", "5", "--record", str(path), "--json"]) == 0
    moments = json.loads(capsys.readouterr().out)
    with Image.open(path) as gif:
        assert gif.n_frames > 3
        assert gif.size == (800, 512)
    assert moments


def test_recording_of_another_kind_is_refused_before_anything_runs(tmp_path: Path, capsys) -> None:
    assert run(["lab", "run", "two-weight-saddle", "--record", str(tmp_path / "a.mp4")]) == 2
    assert "must end in .gif or .cast" in capsys.readouterr().err
