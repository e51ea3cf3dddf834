"""``dltui explain`` as a person or a script calls it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from dltui.cli import run
from dltui.results import load
from dltui.results.explanation import METHODS, Explanation, chosen_methods


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run(["explain", *words, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["explain", *words, "--quiet"]) == 2
    caught = capsys.readouterr()
    assert not caught.out
    assert caught.err.count("\n") == 1
    return caught.err


def test_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "lenet", "-i", "digits[12]", "-m", "integrated-gradients,occlusion,cam")
    assert found["schema"] == "explanation/1"
    assert found["title"] == "lenet on digits[12]"
    assert found["target"] == {"number": found["answers"][0]["number"], "name": found["answers"][0]["name"]}
    first, second = found["methods"]
    assert (first["name"], second["name"]) == ("integrated-gradients", "occlusion")
    assert first["gap"] <= 0.01
    assert first["sum"] == pytest.approx(found["value"] - found["baseline_value"], rel=0.011)
    assert 0 <= first["deletion_area"] <= 1
    assert [one["method"] for one in found["skipped"]] == ["cam"]
    assert found["curves"]["shares"][-1] == 1
    assert found["sanity"] is None


def test_text_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "gpt:layers=1,heads=1,width=8", "-i", "to be", "-m", "occlusion", "-t", "e")
    assert found["pieces"] == list("to be")
    assert found["target"]["name"] == "e"
    assert len(found["methods"][0]["attribution"]) == 5
    found = asked(capsys, "mlp:width=4", "--data", "moons", "-i", "moons[3]", "-m", "shap", "--no-curves")
    assert found["methods"][0]["exact"]
    assert found["curves"] is None
    assert found["label"] in {"upper", "lower"}


def test_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["explain", "resnet8", "-i", "digits[5]", "-m", "grad-cam,saliency", "--target", "3", "--sanity"]
    assert run([*words, "--save", "why.safetensors", "--figure", "why.csv"]) == 0
    shown = capsys.readouterr().out
    for part in ("Why 3", "grad-cam", "What it answers", "Deletion", "Layers forgotten", "Methods"):
        assert part in shown
    found = load(Path("why.safetensors"))
    assert isinstance(found, Explanation)
    rows = list(csv.reader(Path("why.csv").read_text("utf-8").splitlines()))
    start = rows.index(["map", "row", "column", "value"])
    assert float(rows[start + 1][3]) == found.maps[0, 0, 0]
    assert run(["open", "why.safetensors"]) == 0
    assert "Why 3" in capsys.readouterr().out
    assert run(["open", "why.safetensors", "--plain"]) == 0
    assert "2 maps of attribution over a picture of 8 × 8 pixels" in capsys.readouterr().out


def test_the_same_command_gives_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "lenet",
        "-i",
        "digits[0]",
        "-m",
        "smoothgrad,lime",
        "--tries",
        "50",
        "--copies",
        "3",
        "--seed",
        "4",
    )
    first, second = asked(capsys, *words), asked(capsys, *words)
    for one, other in zip(first["methods"], second["methods"], strict=True):
        assert one["largest"] == other["largest"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("lenet", "-i", "digits[12]", "-m", "grad-camm"), "did you mean grad-cam"),
        (("lenet", "-i", "digits[12]", "-m", ","), "--method names none"),
        (("lenet", "-i", "digits[12]", "-m", "cam"), "try grad-cam"),
        (("lenet", "-i", "digits[12]", "-t", "10"), "numbered from 0"),
        (("lenet", "-i", "digits[12]", "-t", "cat"), "unknown target 'cat'"),
        (("lenet", "-i", "digits[12]", "--layer", "conv1"), "try --method grad-cam"),
        (("lenet", "-i", "digits[12]", "-m", "grad-cam", "--layer", "conf1"), "did you mean conv1"),
        (("lenet", "-i", "digits[12]", "-m", "grad-cam", "--layer", "fc1"), "can't lay fc1 over the picture"),
        (("lenet", "-i", "nowhere.jpg"), "nowhere.jpg"),
        (("gpt:layers=1", "-i", "to be", "--baseline", "black"), "try zero or mean"),
        (("lstm", "-i", "to be", "-m", "grad-cam"), "of pictures"),
    ],
)
def test_wrong_words(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str) -> None:
    assert says in refused(capsys, *words)


def test_methods_are_spelled_with_commas() -> None:
    assert chosen_methods("all") == list(METHODS)
    assert chosen_methods("lime, saliency,lime") == ["lime", "saliency"]


def test_a_map_is_in_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures of a result say where a map is strongest, as the array has it."""
    assert run(["explain", "lenet", "-i", "digits[7]", "-m", "occlusion", "--plain", "--quiet"]) == 0
    told = capsys.readouterr().out
    found = asked(capsys, "lenet", "-i", "digits[7]", "-m", "occlusion")
    row, column = found["methods"][0]["strongest"]
    assert f"at row {row}, column {column}" in told
    assert np.isfinite(found["methods"][0]["sum"])
