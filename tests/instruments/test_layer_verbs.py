"""The verbs dream, probe and map as a person or a script calls them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dltui.cli import run
from dltui.results import load

NET = ("cnn:width=4", "-d", "digits")


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(list(words)) == 2
    told = capsys.readouterr().err.strip().splitlines()
    return told[-1]


def test_dreams_keep_their_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "dream", *NET, "--target", "3,7", "--steps", "12", "--seed", "2")
    assert found["schema"] == "dream/1"
    assert [one["name"] for one in found["dreams"]] == ["3", "7"]
    assert found["weights_unchanged"] is True
    assert found["dreams"][0]["end"] > found["dreams"][0]["start"]
    assert 0 < found["dreams"][0]["probability"] < 1
    assert len(found["measured_at"]) == len(found["dreams"][0]["climb"])
    assert found["made"]["seed"] == 2
    units = asked(
        capsys, "dream", *NET, "--layer", "relus.0", "--unit", "0-2", "--steps", "4", "--paint", "pixels"
    )
    assert [one["unit"] for one in units["dreams"]] == [0, 1, 2]
    assert units["priors"] == {"l2": 0.1, "tv": 0.2, "jitter": 0.0, "blur": 0.0}
    whole = asked(capsys, "dream", *NET, "--unit", "whole", "--steps", "3", "--tv", "0", "--jitter", "1")
    assert whole["layer"] == "convs.1"
    assert whole["dreams"][0]["unit"] is None
    assert len(asked(capsys, "dream", *NET, "--steps", "1")["dreams"]) == 10


def test_pictures_are_drawn_as_they_climb(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["dream", *NET, "--target", "3", "--steps", "6", "--live"]
    assert run(words) == 0
    assert "\x1b" not in capsys.readouterr().out  # a pipe gets the end alone
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("dltui.commands._alive.APART", 0.0)
    monkeypatch.setattr("dltui.instruments.dream.climb.APART", 0.0)
    assert run(words) == 0
    drawn = capsys.readouterr().out
    assert [drawn.find(f"{step} of 6") for step in range(6)] == sorted(
        drawn.find(f"{step} of 6") for step in range(6)
    )
    assert "\x1b[H0 of 6" in drawn
    assert "weights bit-identical afterwards" in " ".join(drawn.split())


def test_an_input_is_rebuilt_from_every_layer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "inverted.safetensors"
    found = asked(capsys, "dream", *NET, "--invert", "digits[3]", "--steps", "20", "--save", str(kept))
    assert found["schema"] == "inversion/1"
    assert found["title"] == "cnn:width=4 on digits[3]"
    assert [one["name"] for one in found["layers"]] == [
        "convs.0", "relus.0", "pools.0", "convs.1", "relus.1", "pools.1", "head",
    ]  # fmt: skip
    assert load(kept).document()["layers"] == found["layers"]
    one = asked(capsys, "dream", *NET, "--invert", "digits[3]", "--layer", "head", "--steps", "5")
    assert [layer["shape"] for layer in one["layers"]] == [[10]]


def test_probes_and_maps_keep_their_contracts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = asked(capsys, "probe", *NET, "--samples", "120", "--solver", "ridge", "--draws", "1")
    assert found["schema"] == "probe/1"
    assert {"name", "accuracy", "error", "untrained", "untrained_error", "shuffled", "confusion"} <= found[
        "layers"
    ][0].keys()
    assert found["layers"][0]["name"] == "input"
    assert found["majority"]["accuracy"] < 0.2 < found["layers"][0]["accuracy"]
    kept = tmp_path / "map.safetensors"
    words = ("--samples", "60", "--iterations", "20", "--perplexity", "5", "--save", str(kept))
    mapped = asked(capsys, "map", *NET, "--layer", "input,head", *words)
    assert mapped["schema"] == "map/1"
    assert [one["layer"] for one in mapped["maps"]] == ["input", "head"]
    assert len(mapped["maps"][0]["places"]) == len(mapped["labels"]) == 60
    assert len(mapped["layers"]) == 8
    assert load(kept).document()["maps"] == mapped["maps"]


def test_models_of_numbers_and_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    moons = asked(capsys, "dream", "mlp:width=4", "-d", "moons", "--steps", "5")
    assert len(moons["dreams"]) == 2
    assert moons["dreams"][0]["total_variation"] is None
    assert "reads tokens" in refused(capsys, "dream", "gpt:layers=1,width=16,heads=2", "--steps", "1")
    text = asked(capsys, "map", "gpt:layers=1,width=16,heads=2", "--method", "pca", "--samples", "50")
    assert text["what"] == "tokens"
    assert len(text["rows"]) == 50


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dream", *NET, "--target", "eleven"), "unknown class 'eleven'"),
        (("dream", *NET, "--unit", "3-"), "can't read the units '3-'"),
        (("dream", *NET, "--unit", "0-99"), "expected 1 to 64"),
        (("dream", *NET, "--cell", "3"), "can't read the cell '3'"),
        (("dream", *NET, "--layer", "relus.1", "--unit", "8"), "there is no unit 8: expected 0 to 7"),
        (("dream", *NET, "--target", "1", "--unit", "1"), "leave out --unit, or --target"),
        (("dream", *NET, "--invert", "digits[1]", "--target", "1"), "leave out --target"),
        (("dream", *NET, "--layer", "relu.1"), "unknown layer 'relu.1': did you mean relus.1"),
        (("map", *NET, "--layer", "relu.1"), "unknown layer 'relu.1'"),
        (("probe", *NET, "--layer", "heat"), "unknown layer 'heat': did you mean head"),
        (
            ("map", *NET, "--samples", "40", "--perplexity", "30"),
            "can't use a perplexity of 30 for 40 samples",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert said in refused(capsys, *words)
