"""A disk that takes no more tensors is told in one sentence, whoever writes; a limit on files stands for it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import dltui
from dltui.checkpoints import About, write_weights
from dltui.errors import DltuiError
from dltui.figures import Images
from dltui.results.gallery import Gallery
from dltui.runs import open_run, read_metrics
from dltui.runs.control import ask
from dltui.training.checkpoint import Keeper

MUCH = 40_000  # bytes of one file


@contextmanager
def full(most: int = MUCH) -> Iterator[None]:
    """Let no file grow beyond a size; Python ignores the signal that comes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def model() -> nn.Module:
    return nn.Linear(100, 200)


def test_a_result(tmp_path: Path) -> None:
    shown = Gallery(title="large", shown=(Images(pixels=np.zeros((1, 200, 200))),))
    with full(), pytest.raises(DltuiError, match=r"can't write .*large.safetensors: File too large; name a"):
        shown.save(tmp_path / "large.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_weights(tmp_path: Path, model: nn.Module) -> None:
    about = About(model="linear", input_shape=(100,), outputs=200, run="")
    with full(), pytest.raises(DltuiError, match="File too large"):
        write_weights(model, tmp_path / "weights.safetensors", about)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [MUCH, 2 * MUCH + 20_000])
def test_a_checkpoint(model: nn.Module, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the weights or only the state, which is larger, find no room."""
    from dltui.runs import new_run

    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    run = new_run(model="linear", data="own", settings={})
    keeper = Keeper(run, About(model="linear", input_shape=(100,), outputs=200, run=run.name))
    with full(room):
        keeper.keep(7, model.state_dict(), {"twice": torch.zeros(2, 200, 100)})
        with pytest.raises(
            DltuiError, match=r"can't keep step 7 of the run .*: File too large; what was kept"
        ):
            keeper.close()
    assert run.steps() == []


def test_a_checkpoint_that_somebody_asks_of_a_loop_does_not_end_it(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    monkeypatch.setattr("dltui.recorder.loop.HEED", 0.0)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with dltui.watch(model, optimizer) as watched:
        assert watched.folder is not None
        ask(open_run(watched.folder), "checkpoint")
        with full(), pytest.warns(RuntimeWarning, match="can't record: can't keep step 1 .*File too large"):
            watched.step(1.0)
        watched.step(0.5)
        with full(), pytest.raises(DltuiError, match="can't keep step 2"):
            watched.checkpoint()
        folder = watched.folder
    run = open_run(folder)
    assert (run.state, run.steps()) == ("done", [])
    assert [row["loss"] for row in read_metrics(run) if row["kind"] == "step"] == [1.0, 0.5]
