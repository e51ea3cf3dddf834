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


def test_what_is_measured_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    from dltui.runs import find_run, read_metrics

    words = [
        "digits-mlp",
        "--set",
        "steps=20",
        "--set",
        "probe_every=10",
        "--layers-every",
        "10",
        "--name",
        "seen",
    ]
    code, found, _ = ask(capsys, "train", *words, "--set", "sample_every=10", "--seed", "4")
    assert code == 0
    assert {"run", "folder", "steps", "seconds", "metrics"} <= set(found)
    assert (found["run"], found["steps"], found["made"]["seed"]) == ("seen", 20, 4)
    assert set(found["metrics"]) == {"train_loss", "test_loss", "test_accuracy"}
    rows = read_metrics(find_run("seen"))
    probes = [row for row in rows if row["kind"] == "probe"]
    assert [row["step"] for row in probes] == [10, 20]
    assert all(row["top_eigenvalue"] > 0 and row["noise_scale"] > 0 for row in probes)
    layers = [row for row in rows if row["kind"] == "layers"]
    assert [row["step"] for row in layers] == [10, 20]
    assert set(layers[0]["grad_norm"]) == set(layers[0]["update_ratio"]) >= {"head.weight", "head.bias"}
    samples = [row["file"] for row in rows if row["kind"] == "sample"]
    assert len(samples) == 2
    assert all((find_run("seen").folder / file).is_file() for file in samples)
    assert find_run("seen").recipe["seed"] == 4


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    models = ask(capsys, "models", "list")[1]["numbers"]["models"]
    assert {"mlp", "lenet", "resnet20", "gpt"} <= {model["name"] for model in models}
    data = ask(capsys, "data", "list")[1]["numbers"]["data sets"]
    assert {"digits", "moons", "fashion", "hamlet"} <= {entry["name"] for entry in data}
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
    (("train", "lenett"), 2, "error: unknown recipe or model 'lenett': did you mean lenet"),
    (("train", "digits-cn"), 2, "error: unknown recipe or model 'digits-cn': did you mean digits-cnn"),
    (
        ("train", "digits-cnn", "--set", "lr=3"),
        2,
        "unknown field 'lr' of a recipe: did you mean optimizer.lr?",
    ),
    (
        ("train", "digits-cnn", "--resume", "run:x"),
        2,
        "--resume run:x goes on with model and data of that run",
    ),
    (("train", "digits-cnn", "--devices", "x"), 2, "--devices 'x' is no number of devices"),
    (
        ("train", "digits-cnn", "--set", "loss=huber"),
        2,
        "the loss huber doesn't suit answers that are classes",
    ),
    (("train", "digits-cnn", "--precision", "fp16", "--device", "cpu"), 2, "--precision fp16 needs a GPU"),
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
