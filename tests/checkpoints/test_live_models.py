"""Models that can be run on one input, from how they are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dltui.checkpoints import About, write_weights
from dltui.checkpoints.live import open_live
from dltui.data.inputs import read_input
from dltui.errors import UsageError
from dltui.models import build

NETS = """
from torch import nn
def conv(): return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
def rows(): return nn.Linear(7, 2)
def words(): return nn.Sequential(nn.Embedding(11, 4), nn.Linear(4, 3))
def made(input_shape, outputs): return nn.Sequential(nn.Flatten(), nn.Linear(64, outputs))
class Odd(nn.Module):
    def forward(self, a, b): return a + b
def odd(): return Odd()
"""


@pytest.mark.parametrize(
    ("spec", "kind", "shape"),
    [
        ("lenet", "image", (1, 8, 8)),
        ("mlp:width=8", "image", (1, 8, 8)),
        ("gpt:layers=1", "tokens", (64,)),
        ("makemore", "tokens", (3,)),
    ],
)
def test_a_name_takes_what_its_usual_data_hold(spec: str, kind: str, shape: tuple[int, ...]) -> None:
    live = open_live(spec)
    assert (live.takes.kind, live.takes.shape) == (kind, shape)
    assert not live.module.training
    assert live.weights_note == "random weights, seed 0"


def test_data_change_what_a_model_takes() -> None:
    assert open_live("lenet", data="fashion").takes.shape == (1, 28, 28)
    assert open_live("mlp", data="moons").takes.kind == "array"


def test_a_file_of_weights_tells_what_its_model_takes(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    for shape, outputs, classes in (((1, 8, 8), 10, 10), ((3, 12, 12), 7, 0)):
        module = build("lenet", shape, outputs)
        write_weights(module, path, About("lenet", shape, outputs))
        live = open_live(str(path))
        assert live.takes.shape == shape
        assert len(live.takes.classes) == classes
        assert torch.equal(live.module.state_dict()["conv1.weight"], module.conv1.weight)  # type: ignore[union-attr, arg-type]


def test_what_a_function_builds_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "live_nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    found = {word: open_live(f"live_nets:{word}").takes for word in ("conv", "rows", "words", "made")}
    assert (found["conv"].kind, found["conv"].shape) == ("image", (3, 224, 224))
    assert (found["rows"].kind, found["rows"].shape) == ("array", (7,))
    assert found["words"].kind == "tokens"
    assert (found["made"].shape, len(found["made"].classes)) == ((1, 8, 8), 10)
    with pytest.raises(UsageError, match="can't find out what live_nets:odd takes"):
        open_live("live_nets:odd")


def test_the_random_state_is_left_as_found_and_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second = (open_live("lenet", seed=5).module.state_dict()["conv1.weight"] for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


def test_a_model_runs_on_what_it_takes() -> None:
    for spec, given in (("resnet8", "chelsea"), ("gpt:layers=1", "To be, or not to be"), ("makemore", "ann")):
        live = open_live(spec)
        out = live.module(read_input(given, live.takes).tensor)
        assert torch.isfinite(out).all()
