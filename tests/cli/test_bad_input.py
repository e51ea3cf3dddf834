"""Models, losses and data that no instrument can use, through the real command line: one sentence each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dltui.cli import run

STRANGE = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return g * (1 - ctx.saved_tensors[0].tanh() ** 2)


class Net(nn.Module):
    def __init__(self, forward, *, kind=torch.float32, trained=True):
        super().__init__()
        self.w = nn.Parameter(torch.eye(2).to(kind), requires_grad=trained)
        self.does = forward

    def forward(self, x):
        return self.does(x, self.w)


once = lambda *_: Net(lambda x, w: Once.apply(x @ w))
twice = lambda *_: Net(lambda x, w: -torch.cdist(x, w, compute_mode="donot_use_mm_for_euclid_dist"))
whole = lambda *_: Net(lambda x, w: x @ w.float(), kind=torch.long, trained=False)
nothing = lambda *_: nn.Identity()
detached = lambda *_: Net(lambda x, w: (x @ w).detach())
broken = lambda *_: Net(lambda x, w: x @ w / 0)
fine = lambda *_: Net(lambda x, w: x @ w)
frozen = lambda *_: Net(lambda x, w: x @ w, trained=False)
single = lambda *_: Net(lambda x, w: x.float() @ w.float())
vector = lambda outputs, targets: cross_entropy(outputs, targets, reduction="none")
words = lambda outputs, targets: 0.5
"""

NO_SECOND = (
    "has no second derivative in torch (no double backward); expected operations that can be differentiated"
)
ON = ("-d", "moons:n=40")
WRONG = {
    "op of the user's": (["hessian", "strange:once", *ON], 1, f"Once {NO_SECOND}"),
    "op of torch": (["hessian", "strange:twice", *ON], 1, f"cdist {NO_SECOND}"),
    "op, along eigenvectors": (["landscape", "strange:once", *ON, "--along", "eigen:1"], 1, f"Once {NO_SECOND}"),
    "op, curvature map": (["landscape", "strange:twice", *ON, "--curvature"], 1, f"cdist {NO_SECOND}"),
    "op, sharpness": (["landscape", "strange:twice", *ON, "--sharpness"], 1, f"cdist {NO_SECOND}"),
    "loss of many numbers": (["hessian", "strange:fine", *ON, "--loss", "strange:vector"], 2, "must give one number"),
    "loss of no tensor": (["hessian", "strange:fine", *ON, "--loss", "strange:words"], 2, "must give one number"),
    "more than there are": (["hessian", "strange:fine", *ON, "--top", "5"], 2, "expected at most 4"),
    "fewer than there are": (["hessian", "strange:fine", *ON, "--bottom", "5"], 2, "expected at most 4"),
    "direction beyond": (["landscape", "strange:fine", *ON, "--along", "eigen:5"], 2, "expected numbers from 1 to 4"),
    "frozen": (["gradients", "strange:frozen", *ON], 2, "is frozen, so none has a gradient"),
    "detached, hessian": (["hessian", "strange:detached", *ON], 1, "as far as autograd can see"),
    "detached, gradients": (["gradients", "strange:detached", *ON], 1, "as far as autograd can see"),
    "detached, along": (["landscape", "strange:detached", *ON, "--along", "gradient"], 1, "as far as autograd can see"),
    **{
        f"{name}, {verb}": ([verb, *words], code, told)
        for verb in ("landscape", "hessian", "gradients")
        for name, (words, code, told) in {
            "integers": (["strange:whole", *ON], 1, "only integer parameters (torch.int64)"),
            "no parameters": (["strange:nothing", *ON], 1, "Identity has no parameters"),
            "not finite": (["strange:broken", *ON], 1, "is nan before anything is changed"),
            "no data": (["strange:fine", "-d", "empty.npz"], 1, "x in empty.npz has shape (0, 2): it is empty"),
        }.items()
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def _strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a module of strange models, and data without a row."""
    (tmp_path / "strange.py").write_text(STRANGE)
    np.savez(tmp_path / "empty.npz", x=np.zeros((0, 2), np.float32), y=np.zeros(0, np.int64))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, code, told = WRONG[name]
    assert run([*words, "--quiet"]) == code
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_a_frozen_model_is_moved_all_the_same_and_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["landscape", "--steps", "3"], ["hessian"]):
        assert run([verb[0], "strange:frozen", *ON, *verb[1:], "--json"]) == 0
        assert "every parameter of strange:frozen is frozen: all of them are moved" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["landscape", "hessian", "gradients"])
def test_a_model_that_insists_on_single_precision_is_looked_at_in_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([verb, "strange:single", *ON, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    if verb == "hessian":
        assert found["precision"] == "float32"
