"""``dltui open A B``: saved results side by side, on one scale, as JSON, kept again."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dltui.results import load
from dltui.results.landscape import Landscape

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """Two bowls of different depth on one grid."""
    steps = np.linspace(-1, 1, 9)
    x, y = np.meshgrid(steps, steps)
    for name, factor in (("flat", 1.0), ("steep", 50.0)):
        Landscape(
            title=name, alphas=steps, betas=steps, loss=factor * (x**2 + y**2), center_loss=0.0,
            normalize="filter", samples=10, parameters=2,
        ).save(tmp_path / f"{name}.safetensors")  # fmt: skip
    return "flat.safetensors", "steep.safetensors"


def test_wide_terminals_show_two_beside_each_other(here: Run, pair: tuple[str, str]) -> None:
    done = here("open", *pair, COLUMNS="120")
    assert done.returncode == 0, done.stderr
    titles = [line for line in done.stdout.splitlines() if "flat: " in line]
    assert len(titles) == 3
    assert all("steep: " in title for title in titles)
    narrow = here("open", *pair, COLUMNS="80")
    assert not [line for line in narrow.stdout.splitlines() if "flat: " in line and "steep: " in line]


def test_one_scale_is_that_of_both_and_is_kept(here: Run, pair: tuple[str, str], tmp_path: Path) -> None:
    done = here("open", *pair, "--same-scale", "--save", "both.safetensors", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "figures/1"
    assert set(document["numbers"]) == {"flat", "steep"}
    kept = load(tmp_path / "both.safetensors")
    assert [figure.limits for figure in kept.figures()[:4]] == [(0.0, 100.0)] * 4
    again = here("open", "both.safetensors", COLUMNS="120").stdout
    assert [line for line in again.splitlines() if "flat: " in line and "steep: " in line]
    own = here("open", *pair, "--save", "own.safetensors", "--quiet")
    assert own.returncode == 0
    assert load(tmp_path / "own.safetensors").figures()[0].limits is None


def test_a_missing_one_is_named(here: Run, pair: tuple[str, str]) -> None:
    done = here("open", pair[0], "gone.safetensors")
    assert done.returncode == 2
    assert "gone.safetensors" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
