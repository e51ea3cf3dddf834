"""The notes' pipelines of pictures and their spatial transformer: by hand, beside torch in one go."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from dltui.byhand import Worked, sheet, work, worked
from dltui.checkpoints import open_model
from dltui.data import load
from dltui.shapes.families.resample import upsample
from dltui.training import Recipe, fit, loop

from .agree import agree  # noqa: TID252 - the tests of this folder share it

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PICTURE = np.random.default_rng(0).integers(0, 256, (3, 5, 6)) / 255
WINDOW = {"top": 1, "left": 2, "height": 3, "width": 4}


def learnt(size: int, hold: Any = work) -> list[Worked]:
    """Return the stages of a picture to learn from, as RandomResizedCrop and a flip may have drawn them."""
    stages = [hold("crop", {"x": PICTURE.tolist(), **WINDOW})]
    stages.append(hold("interpolate", {"x": stages[-1].output.numbers(), "size": (size, size)}))
    stages.append(hold("flip", {"x": stages[-1].output.numbers(), "dims": -1}))
    given = {"x": stages[-1].output.numbers(), "mean": MEAN, "std": DEVIATION}
    return [*stages, hold("normalize", given)]


def held_out(size: int, hold: Any = work) -> list[Worked]:
    """Return the stages of a picture that is held out: nothing is drawn."""
    first = hold("interpolate", {"x": PICTURE.tolist(), "size": (size, size)})
    given = {"x": first.output.numbers(), "mean": MEAN, "std": DEVIATION}
    return [first, hold("normalize", given)]


@pytest.fixture
def unhurried() -> Iterator[None]:
    """Let the collector rest while a hundred thousand lines are written; it takes most of the time."""
    gc.disable()
    yield
    gc.enable()


def by_torch(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what torch makes of the picture, to learn from and held out."""
    x = torch.from_numpy(PICTURE)
    cut = x[:, 1:4, 2:6]
    mean, std = (torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (MEAN, DEVIATION))
    larger = [functional.interpolate(one[None], size=(size, size), mode="bilinear")[0] for one in (cut, x)]
    return (larger[0].flip(-1) - mean) / std, (larger[1] - mean) / std


def test_w26_every_stage_on_paper() -> None:
    stages = learnt(4, agree)
    assert [one.output.shape for one in stages] == [(3, 3, 4), *[(3, 4, 4)] * 3]
    for found, known in zip(
        (stages[-1], held_out(7, agree)[-1]), (by_torch(4)[0], by_torch(7)[1]), strict=True
    ):
        np.testing.assert_allclose(found.output.numbers(), known, atol=1e-12)


def test_w26_the_pipeline_at_224(monkeypatch: pytest.MonkeyPatch, unhurried: None) -> None:
    """One of three channels, which never meet: by hand is for small tensors, and this is to be seen once."""
    for room in (sheet, worked):
        monkeypatch.setattr(room, "MOST", 224**2 + 4 * 224)
    shape = upsample((1, 3, 3, 4), size=(224, 224), mode="bilinear").output
    known = by_torch(224)[0]
    assert (*shape[1:],) == tuple(known.shape) == (3, 224, 224)
    cut = work("crop", {"x": PICTURE[1:2].tolist(), **WINDOW}).output.numbers()
    large = work("interpolate", {"x": cut, "size": (224, 224)}).output.numbers()
    turned = work("flip", {"x": large}).output.numbers()
    found = work("normalize", {"x": turned, "mean": MEAN[1:2], "std": DEVIATION[1:2]}).output
    assert found.shape == (1, 224, 224)
    np.testing.assert_allclose(found.numbers()[0], known[1], atol=1e-12)


def test_e12_what_is_held_out_is_not_shuffled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The notes hand True to both loaders; here only the part to learn from is drawn in another order each epoch."""
    data, seen = load("moons:n=60"), []
    judge, part = loop.judge, loop.Feed.parts

    def judged(module: Any, x: torch.Tensor, y: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        seen.append(("held out", x, y))
        return judge(module, x, y, *rest, **more)

    def parts(self: Any, step: int) -> Any:
        found = part(self, step)
        seen.append(("learnt", found[0].x, found[0].y))
        return found

    monkeypatch.setattr(loop, "judge", judged)
    monkeypatch.setattr(loop.Feed, "parts", parts)
    fit(open_model("mlp:width=2", data).module, data, Recipe(epochs=2, batch_size=len(data.x_train)))
    held = [x for kind, x, _ in seen if kind == "held out"]
    drawn = [x for kind, x, _ in seen if kind == "learnt"]
    assert len(held) >= 2
    assert all(torch.equal(x, torch.from_numpy(data.x_test)) for x in held)
    assert len(drawn) == 2
    assert not torch.equal(drawn[0], drawn[1])
    order = [x[torch.argsort(x[:, 0])] for x in (*drawn, torch.from_numpy(data.x_train))]
    assert all(torch.equal(one, order[-1]) for one in order)


SQUARE = torch.arange(1, 17, dtype=torch.float64).reshape(4, 4)


@pytest.mark.parametrize(
    ("theta", "known"),
    [([[1, 0, 0], [0, 1, 0]], SQUARE), ([[0, -1, 0], [1, 0, 0]], torch.rot90(SQUARE, 1))],
    ids=["identity", "quarter"],
)
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_d15_a_spatial_transformer(theta: Any, known: torch.Tensor, mode: str) -> None:
    grid = agree("affinegrid", {"theta": theta, "size": (4, 4)}).output.numbers()
    found = work("gridsample", {"x": SQUARE.tolist(), "grid": grid, "mode": mode})
    np.testing.assert_allclose(found.output.numbers(), known, atol=1e-14)
    field = functional.affine_grid(
        torch.tensor([theta], dtype=torch.float64), [1, 1, 4, 4], align_corners=False
    )
    torch.testing.assert_close(torch.tensor([grid], dtype=torch.float64), field, atol=1e-15, rtol=0)
