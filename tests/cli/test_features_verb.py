"""``dltui features`` and ``dltui graph`` as a person or a script calls them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltui.cli import run
from dltui.results import load
from dltui.training import train


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_features_keep_their_contract(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    found = asked(
        capsys, "features", "lenet", "-i", "digits[3]", "--samples", "30", "-l", "act1", "-l", "fc*",
        "--save", str(path),
    )  # fmt: skip
    assert found["schema"] == "features/1"
    assert (found["chosen"], found["label"], found["samples"]) == ("act1", "4", 30)
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert layers["act1"]["output"] == [1, 6, 8, 8]
    assert {"mean", "std", "rms", "norm", "min", "max", "zeros", "silent", "silent_over_samples"} <= layers[
        "act1"
    ].keys()
    assert [name for name, layer in layers.items() if layer["kept"]] == ["act1", "fc1", "fc2", "fc3"]
    assert len(found["answers"]) == 5
    kept = load(path)
    assert kept.document()["layers"] == found["layers"]
    assert kept.kept["act1"].shape == (6, 8, 8)  # type: ignore[attr-defined]


def test_every_kind_of_input_goes_through_a_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savetxt(tmp_path / "two.csv", [[0.5, -0.25]], delimiter=",")
    (tmp_path / "t.txt").write_text("To be")
    monkeypatch.setattr("sys.stdin", io.StringIO("or not"))
    for model, given, more in (
        ("cnn", "chelsea", ["-d", "fashion"]),
        ("mlp", str(tmp_path / "two.csv"), ["-d", "moons"]),
        ("gpt:layers=1", str(tmp_path / "t.txt"), []),
        ("lstm", "-", []),
        ("makemore", "ann", []),
    ):
        found = asked(capsys, "features", model, "-i", given, *more)
        assert len(found["layers"]) > 2
        assert all(layer["rms"] is None or layer["rms"] >= 0 for layer in found["layers"])


def test_the_other_questions_keep_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    cka = asked(capsys, "features", "lenet", "--against", "mlp:depth=2", "--samples", "40", "-d", "digits")
    assert cka["schema"] == "similarity/1"
    assert (len(cka["unbiased"]), len(cka["unbiased"][0])) == (len(cka["first"]), len(cka["second"]))
    assert cka["models"] == ["lenet", "mlp:depth=2"]
    field = asked(capsys, "features", "resnet8", "--receptive-field", "--samples", "2")
    assert field["schema"] == "receptive-field/1"
    assert field["layers"][0]["theoretical"] == [3, 3]
    one = asked(capsys, "features", "resnet8", "--receptive-field", "-i", "digits[1]", "-l", "conv")
    assert (one["samples"], len(one["layers"])) == (1, 1)


def test_maps_are_laid_over_the_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["features", "lenet", "-i", "digits[3]", "-l", "conv1", "--unit", "2", "--plain", "--quiet"]) == 0
    )
    assert "Over the input · unit 2 of conv1" in capsys.readouterr().out
    assert run(["features", "lenet", "-i", "digits[3]", "--receptive-field", "--plain", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "Over the picture · lenet on digits[3]" in told
    assert "over a picture of 8 × 8 pixels" in told


def test_a_graph_keeps_its_contract_and_draws(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = asked(capsys, "graph", "resnet8")
    assert found["schema"] == "graph/1"
    assert ["stage1.0.bn2", "stage1.0.add"] in found["edges"]
    assert {"name": "stage1.0", "inside": "stage1"}.items() <= found["nodes"][5].items()
    assert run(["graph", "resnet8", "--depth", "0", "--figure", str(tmp_path / "g.svg"), "--quiet"]) == 0
    page = capsys.readouterr().out
    assert "stage1 " in page
    assert "conv2" not in page
    drawn = (tmp_path / "g.svg").read_text()
    assert "stage3" in drawn
    assert drawn.count("<path") > 10
    assert run(["graph", "gpt", "--quiet", "--ascii"]) == 0
    told = capsys.readouterr().out
    assert told.isascii()
    assert "blocks.0" in told


WRONG = {
    "no input": (["features", "lenet"], "--input: try chelsea"),
    "no such layer": (["features", "lenet", "-i", "digits[0]", "-l", "conv9"], "did you mean conv"),
    "no such row": (["features", "lenet", "-i", "digits[9999]"], "1437 such rows"),
    "no such unit": (["features", "lenet", "-i", "digits[0]", "-l", "conv1", "--unit", "6"], "6 maps, 0 … 5"),
    "no maps": (["features", "lenet", "-i", "digits[0]", "-l", "fc1", "--unit", "0"], "fc1 has no maps"),
    "no such page": (["features", "lenet", "-i", "digits[0]", "--page", "9"], "has one page of maps"),
    "no such photo": (["features", "lenet", "-i", "chelsee"], "no file chelsee"),
    "not its kind": (["features", "gpt", "-i", "digits[0]"], "reads tokens"),
    "strange letters": (["features", "gpt", "-i", "naïve"], "is none of the 65 characters"),
    "two questions": (["features", "lenet", "--cka", "--receptive-field"], "one of the two"),
    "input to compare": (["features", "lenet", "--cka", "-i", "digits[0]"], "leave out --input"),
    "few samples": (["features", "lenet", "--cka", "--samples", "3"], "at least 4"),
    "other data": (["features", "lenet", "--against", "gpt", "-d", "digits"], "gpt reads tokens"),
    "field of text": (["features", "gpt", "--receptive-field"], "lies in a picture"),
    "no such model": (["graph", "lenett"], "did you mean lenet"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, told = WRONG[name]
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error:")]
    assert told in line


def test_a_run_tells_what_its_model_takes(capsys: pytest.CaptureFixture[str]) -> None:
    train("mlp:width=5", "moons:n=60", wishes={"epochs": 1, "batch_size": 30})
    found = asked(capsys, "features", "run:latest", "-i", "moons:n=60[3]", "--samples", "10")
    assert found["weights"].startswith("run ")
    assert {layer["name"]: layer["output"] for layer in found["layers"]}["hidden.0"] == [1, 5]
    assert asked(capsys, "graph", "run:latest")["parameters"] == 3 * 5 + 6 * 2
