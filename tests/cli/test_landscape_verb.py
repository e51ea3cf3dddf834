"""`dltui landscape` through checkpoints, along trainings and files, as a script calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from dltui.cli import run
from dltui.models import build
from dltui.runs import find_run
from dltui.training import train

WORDS = ("-d", "moons:n=80", "--steps", "5")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["landscape", *arguments, *WORDS, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def trained(seed: int, model: str = "mlp:width=8", **settings: object) -> str:
    wishes = {"epochs": 4, "batch_size": 16, **settings}
    return "run:" + train(model, "moons:n=80", wishes=wishes, seed=seed).run


def test_the_plane_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    name = trained(0)
    found = ask(capsys, name, "--along", "trajectory")
    assert found["along"] == ["pca:1", "pca:2"]
    assert found["trail"]["steps"] == find_run(name[4:]).steps()
    assert found["trail"]["places"][-1] == [0, 0]
    assert 0 < sum(found["trail"]["variance_share"]) <= 1
    assert found["trail"]["loss"][-1] == pytest.approx(found["model_loss"])
    part = ask(capsys, f"{name}@step=8", "--along", "trajectory", "--bn", "keep")
    assert part["trail"]["steps"] == [0, 4, 8]


def test_the_line_and_the_plane_through_checkpoints(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    a, b = trained(0), trained(1)
    line = ask(capsys, a, "--to", b, "--align", "--curve", "5", "--distance", "0.5")
    assert line["schema"] == "connection/1"
    assert line["positions"] == [-0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    assert [path["name"] for path in line["paths"]] == ["straight", "aligned", "aligned and curved"]
    assert line["samples"].keys() == {"train", "test"}
    assert line["paths"][0]["train"]["barrier"] >= 0
    other = build("mlp:width=8", (2,), 2)
    torch.save(other.state_dict(), tmp_path / "other.pt")
    plane = ask(capsys, a, "--to", b, "--to", str(tmp_path / "other.pt"), "--align")
    assert [spot["name"] for spot in plane["spots"]] == ["B", "C"]
    assert plane["spots"][0]["steps"] == [1, 0]
    assert "other.pt, aligned" in plane["directions"]


def test_a_direction_of_a_file_beside_the_gradient(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    net = build("mlp:width=8", (2,), 2)
    save_file({name: p.detach() for name, p in net.named_parameters()}, tmp_path / "d.safetensors")
    found = ask(capsys, "mlp:width=8", "--along", f"gradient,{tmp_path / 'd.safetensors'}")
    assert found["along"] == ["gradient", str(tmp_path / "d.safetensors")]
    assert found["normalize"] == "none"
    assert 0 <= found["negative_curvature"]["share"] <= 1


def test_a_run_is_shown_with_the_penalty_that_it_was_trained_with(capsys: pytest.CaptureFixture[str]) -> None:
    sgd = trained(0, **{"optimizer": "sgd", "optimizer.weight_decay": 0.1})
    found = ask(capsys, sgd, "--part", "both", "--distance", "0.1", "--exact")
    assert found["weight_decay"] == 0.1
    penalty = np.array(found["regularised_loss"]) - np.array(found["loss"])
    made = find_run(sgd[4:])
    size = sum(float(p.square().sum()) for p in load_file(made.checkpoint(made.steps()[-1])).values())
    assert penalty[2, 2] == pytest.approx(0.05 * size, rel=1e-6)
    held_out = np.array(found["test_regularised_loss"]) - np.array(found["test_loss"])
    np.testing.assert_allclose(held_out, penalty, atol=1e-12)
    adamw = trained(0, **{"optimizer": "adamw", "optimizer.weight_decay": 0.1})
    assert ask(capsys, adamw)["weight_decay"] == 0  # it is no part of what adamw descends
    way = ask(capsys, sgd, "--to", adamw)
    assert way["weight_decay"] == 0.1
    assert (
        ask(capsys, sgd, "--to", adamw, "--weight-decay", "0")["paths"][0]["train"]["regularised_loss"]
        is None
    )


WRONG = {
    "both": (["mlp", "--along", "gradient", "--to", "mlp"], 2, "expected one of --along and --to"),
    "four": (["mlp", "--to", "a", "--to", "b", "--to", "c"], 2, "leave out --to c"),
    "no run": (["mlp", "--along", "trajectory"], 2, "mlp is no run, so it has no trajectory"),
    "scaled": (["mlp", "--to", "mlp", "--normalize", "filter"], 2, "leave --normalize out"),
    "biases": (["mlp", "--to", "mlp", "--biases"], 2, "--biases is for random directions"),
    "between nothing": (["mlp", "--bn", "interpolate"], 2, "try --bn recalibrate"),
    "aligned to nothing": (["mlp", "--align"], 2, "--align needs another checkpoint"),
    "curve of three": (["mlp", "--to", "a", "--to", "b", "--curve", "9"], 2, "--curve joins two checkpoints"),
    "middle of a way": (
        ["mlp", "--to", "a", "--center", "1"],
        2,
        "--center is for landscapes around a model",
    ),
    "sharpness of a way": (["mlp", "--to", "a", "--sharpness"], 2, "--sharpness is for landscapes"),
    "tolerance of a way": (["mlp", "--to", "a", "--tolerance", "0.1"], 2, "--tolerance is for landscapes"),
    "cells of a way": (["mlp", "--to", "a", "--exact"], 2, "--exact is for landscapes"),
    "map of a line": (["mlp", "--dimensions", "1", "--curvature"], 2, "--curvature maps a plane"),
    "no such file": (["mlp", "--along", "gone.safetensors"], 2, "gone.safetensors"),
    "no such checkpoint": (["mlp", "--to", "gone.safetensors"], 2, "gone.safetensors"),
    "another network": (["mlp", "--to", "mlp:width=9"], 1, "mlp:width=9 does not fit MLP"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_told_in_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, code, told = WRONG[name]
    assert run(["landscape", *words, *WORDS, "--quiet"]) == code
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_run_of_one_checkpoint_has_no_plane(capsys: pytest.CaptureFixture[str]) -> None:
    name = trained(0, epochs=1)
    assert run(["landscape", f"{name}@step=0", "--along", "trajectory", *WORDS, "--quiet"]) == 1
    assert "kept 1 checkpoint up to step 0, which span no plane" in capsys.readouterr().err
