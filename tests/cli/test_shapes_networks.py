"""``dltui shapes memory`` of networks that torch builds, against torch on the CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dltui.cli import run
from dltui.models import build

NETS = """
import torch
from torch import nn

def build():
    print("noise from the user's own code")
    made = nn.Sequential(nn.Linear(12, 40), nn.ReLU(), nn.Linear(40, 3))
    made[0].requires_grad_(False)
    return made

class Stubborn(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x):
        return self.layer(x.to(torch.float32)).sigmoid()
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's own in the current folder; its name is new each time."""
    name = f"planned_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(NETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return name


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the document, and bytes by part."""
    assert run(["shapes", "memory", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return found, {part["name"]: part["bytes"] for part in found["parts"]}


def saved_on_the_cpu(model: nn.Module, given: Tensor) -> int:
    """Return the bytes of all storages that autograd saves in training, weights and buffers apart."""
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    saved: dict[int, Any] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        out = model.train()(given)
    del out
    return sum(storage.nbytes() for storage in saved.values())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize(
    ("words", "shape"), [(["-i", "4,3,32,32"], (4, 3, 32, 32)), (["--batch", "5"], (5, 1, 8, 8))]
)
def test_a_named_network(
    capsys: pytest.CaptureFixture[str], words: list[str], shape: tuple[int, ...], dtype: str
) -> None:
    model = build("resnet20", shape[1:], 10).to(getattr(torch, dtype))
    found, parts = planned(capsys, "resnet20", *words, "--dtype", dtype)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    states = sum(2 * 4 * p.numel() for p in model.parameters())
    kept = saved_on_the_cpu(model, torch.zeros(shape, dtype=getattr(torch, dtype)))
    assert parts == {
        "weights": weights,
        "gradients": weights,
        "optimiser states": states,
        "activations": kept,
    }
    assert found["total_bytes"] == sum(parts.values())


def test_types_of_one_byte(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = [
        planned(capsys, "mlp:width=16", "--dtype", kind)[1]["activations"]
        for kind in ("float32", "bfloat16", "float8")
    ]
    assert sizes[0] - sizes[1] == 2 * (sizes[1] - sizes[2]) > 0


def test_the_layout(capsys: pytest.CaptureFixture[str]) -> None:
    _, one = planned(capsys, "resnet20", "--optimizer", "momentum")
    _, shared = planned(capsys, "resnet20", "--optimizer", "momentum", "--fsdp", "4")
    widest = max(p.numel() for p in build("resnet20", (1, 8, 8), 10).parameters())
    for name in ("weights", "gradients", "optimiser states"):
        assert shared[name] == one[name] / 4
    assert shared["activations"] == one["activations"]
    assert shared["one layer gathered"] == 2 * widest
    _, served = planned(capsys, "resnet20", "--serve")
    assert list(served) == ["weights"]


def test_a_function_of_the_users_own(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    found, parts = planned(capsys, f"{nets}:build", "--batch", "7", "--dtype", "float32")
    head = 40 * 3 + 3
    assert found["parameters"] == 12 * 40 + 40 + head
    assert parts == {
        "weights": 4 * found["parameters"],
        "gradients": 4 * head,
        "optimiser states": 8 * head,
        "activations": 4 * 7 * 40,  # the frozen layer needs no input, the head needs its own
    }
    assert run(["shapes", "memory", f"{nets}:build", "--batch", "7"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "on 7 × 12; 520 of the parameters are frozen; guessed from the first layer" in said


def test_a_network_of_one_type_only(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    _, parts = planned(capsys, f"{nets}:Stubborn", "-i", "2,6")
    assert parts["weights"] == 2 * 42
    assert parts["activations"] == 4 * (12 + 12)  # what goes in, and the sigmoid
    assert run(["shapes", "memory", f"{nets}:Stubborn", "-i", "2,6"]) == 0
    assert "does not run in bfloat16" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["resnet2O"], "did you mean resnet20"),
        (["mlq:width=3"], "did you mean mlp"),
        (["mlp:wide=3"], "knob of mlp"),
        (["resnet20", "--tp", "2"], "a chain or a network is split by dp and fsdp"),
        (["resnet20", "--tokens", "8"], "no layers to count tokens in"),
        (["resnet20", "-i", "2,3,8,8", "--batch", "4"], "leave out --batch 4"),
        (["no_such_nets:build"], "no module"),
        (["run:no-such-run"], "run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_not_be_planned(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    assert run(["shapes", "memory", *words]) in {1, 2}
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("word", ["llama9", "lenet", "params=7e9"])
def test_what_needs_no_torch_imports_none(word: str) -> None:
    code = "import sys; from dltui.cli import run; run(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "shapes", "memory", word], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "mlp:width=8", "--data", "moons:n=100", "--epochs", "1", "--quiet"]) == 0
    capsys.readouterr()
    found, parts = planned(capsys, "run:latest", "--dtype", "float32", "--batch", "3")
    model = build("mlp:width=8", (2,), 2)
    assert found["parameters"] == sum(p.numel() for p in model.parameters())
    assert parts["activations"] == saved_on_the_cpu(model, torch.zeros(3, 2))
