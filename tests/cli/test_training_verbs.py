"""The verbs train, runs, models and data, as scripts call them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from dltui.cli import run


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = run([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_train_then_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code, found, err = ask(
        capsys, "train", "mlp:width=8", "--data", "moons:n=100", "--epochs", "2", "--lr", "0.1"
    )
    assert code == 0
    assert found["schema"] == "training/1"
    assert found["epochs"] == [1, 2]
    assert f"kept as run:{found['run']}" in err
    code, listed, _ = ask(capsys, "runs", "list")
    (line,) = listed
    assert (code, line["id"], line["status"], line["model"]) == (0, found["run"], "done", "mlp:width=8")
    assert line["metrics"]["test_accuracy"] == found["final"]["test_accuracy"]
    code, shown, _ = ask(capsys, "runs", "show", found["run"][:-1])
    assert shown["numbers"]["history"]["test_loss"] == found["test_loss"]
    assert shown["numbers"]["settings"]["optimizer.lr"] == 0.1
    titles = [figure["title"].partition(" · ")[0] for figure in shown["figures"]]
    assert titles[:5] == [f"Run {found['run']}", "Diagnosis", "Loss", "Accuracy", "Learning rate"]
    assert ask(capsys, "runs", "show")[1]["numbers"]["name"] == found["run"]


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    models = ask(capsys, "models", "list")[1]["numbers"]["models"]
    assert [model["name"] for model in models] == ["mlp", "lenet", "resnet8", "resnet20", "resnet20-noskip"]
    data = ask(capsys, "data", "list")[1]["numbers"]["data sets"]
    assert [entry["name"] for entry in data] == ["digits", "moons", "rings", "spiral"]
    assert ask(capsys, "runs", "list")[1] == []


@pytest.mark.parametrize(
    ("spec", "kinds", "train"),
    [
        ("digits", ["Table", "Images", "Images", "Bars", "Histogram", "Table"], 1437),
        ("spiral:n=99", ["Table", "Points", "Bars", "Histogram", "Table"], 79),
    ],
)
def test_data_show(capsys: pytest.CaptureFixture[str], spec: str, kinds: list[str], train: int) -> None:
    code, found, _ = ask(capsys, "data", "show", spec)
    assert code == 0
    assert [figure["kind"] for figure in found["figures"]] == kinds
    assert found["numbers"]["train"] == train
    assert sum(entry["train"] for entry in found["numbers"]["classes"]) == train


WRONG = [
    (("train", "lenett"), 2, "error: unknown model 'lenett': did you mean lenet"),
    (("train", "lenet", "--data", "moons"), 2, "lenet needs pictures (C, H, W)"),
    (("train", "mlp", "--epochs", "0"), 2, "'--epochs' / '-e': 0 is not in the range x>=1"),
    (("train", "mlp", "--optimizer", "adm"), 2, "unknown optimizer 'adm': did you mean adam"),
    (("train", "mlp", "--weights", "gone.pt"), 2, "no file gone.pt"),
    (("train", "mlp", "-d", "moons", "--epochs", "3", "--lr", "1e30"), 1, "the loss became"),
    (("runs", "show", "x"), 2, "there are no runs in"),
    (("data", "show", "gone.npz"), 2, "no file gone.npz"),
]


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG)
def test_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    found, document, err = ask(capsys, *arguments)
    assert (found, document) == (code, None)
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("runs", "list"), ("models", "list"), ("data", "show", "moons"), ("train", "--help")]
)
def test_without_torch(arguments: tuple[str, ...]) -> None:
    line = [*arguments] if "--help" in arguments else [*arguments, "--json"]
    code = f"import sys; from dltui.cli import run; c = run({line!r}); assert 'torch' not in sys.modules; sys.exit(c)"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
