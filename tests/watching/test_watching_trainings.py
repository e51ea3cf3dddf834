"""The diagnosis on what ``dltui train`` itself writes: ill ones are found out, the shipped recipes are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltui.runs import list_runs
from dltui.watching import Finding
from dltui.watching.follow import Followed, follow
from dltui.watching.source import RunSource
from tests.cli.conftest import in_this_process

CONSTANT = "--schedule constant --set eval_every=100000"
NETS = """
import math
from torch import nn

def build(shape, outputs, gain=3.0, depth=20):
    sizes = [64] + [64] * depth
    layers = [nn.Flatten()]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(64, outputs))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.in_features))
    return net

def shallow(shape, outputs):
    return build(shape, outputs, depth=3)
"""


def trained(line: str, code: int = 0) -> Followed:
    """Run ``dltui train`` and read what it left."""
    done = in_this_process("train", *line.split(), "--quiet", "--json")
    assert done.returncode == code, done.stderr
    (one,) = follow([RunSource(list_runs()[0].folder)])
    return one


def found(one: Followed) -> dict[str, Finding]:
    return {finding.rule: finding for finding in one.findings}


@pytest.mark.parametrize("line", ["digits-mlp -e 20", "digits-cnn -e 8 --layers-every 10", "moons-mlp -e 20"])
def test_the_shipped_recipes_are_healthy(line: str) -> None:
    assert trained(line).findings == []


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("digits-cnn --lr 3 -e 2 --layers-every 5", {"diverging", "dead-units"}),
        (
            "mlp:depth=2 -d digits -o sgd --momentum 0 --lr 8 -e 3 --layers-every 5",
            {"diverging", "dead-units"},
        ),
        (
            "mlp:depth=12,activation=sigmoid -d digits -e 3 --layers-every 5",
            {"vanishing-gradients", "guessing"},
        ),
        ("digits-mlp --lr 0 -e 3", {"guessing", "small-steps"}),
        ("mlp:width=2 -d digits -e 12 -o adam --lr 0.01", {"underfitting"}),
        (f"mlp:width=1,activation=sigmoid -d digits -e 30 -o adam --lr 0.03 {CONSTANT}", {"plateau"}),
        ("nets:build -d digits --lr 1e-9 -e 1 --layers-every 5", {"exploding-gradients", "initial-loss"}),
        ("nets:shallow -d digits --lr 1e-3 -e 6", {"initial-loss"}),
    ],
)
def test_trainings_that_are_ill(
    line: str, rules: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    assert rules <= set(found(trained(line)))


def test_overfitting_to_points_that_are_mostly_noise() -> None:
    one = trained(
        "mlp:width=128,depth=2 -d moons:noise=0.6,n=120 -o adam --lr 0.01 -e 80 --schedule constant"
    )
    assert "overfitting" in found(one)


def test_a_loss_that_was_not_finite() -> None:
    one = trained("digits-mlp --lr 1e30 -e 1", code=1)
    assert one.state == "failed"
    assert found(one)["not-finite"].severity == "error"


def test_the_same_is_told_by_the_verbs() -> None:
    trained("digits-mlp --lr 0 -e 3")
    for words in (("runs", "show", "latest"), ("watch", "latest")):
        document = json.loads(in_this_process(*words, "--json").stdout)
        assert "still that of a guess among 10 classes" in json.dumps(document)
