"""``dltui attention`` as a person or a script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
SMALL = "gpt:layers=2,heads=2,width=16"


def test_one_document(here: Run) -> None:
    done = here(
        "attention",
        SMALL,
        "--input",
        "To be, or not",
        "--layer",
        "1",
        "--head",
        "0",
        "--query",
        "2",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["schema"] == "attention/1"
    assert (told["layers"], told["heads"], told["causal"]) == (
        ["blocks.0.attention", "blocks.1.attention"],
        2,
        True,
    )
    assert "".join(told["keys"]) == "To be, or not"
    assert told["chosen"]["query"] == 2
    assert sum(told["chosen"]["attention"]) == pytest.approx(1, abs=1e-5)
    assert told["chosen"]["attention"][3:] == [0.0] * 10
    assert set(told["scores"]) == {
        "entropy",
        "evenness",
        "distance",
        "previous",
        "current",
        "first",
        "induction",
    }


def test_drawn_saved_and_opened_again(here: Run) -> None:
    done = here("attention", "vit:layers=2,heads=2,width=16", "--data", "fashion", "-i", "fashion[3]",
                "--save", "a.safetensors", "--figure", "a.html", "--measure", "distance")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Heads · vit" in done.stdout
    assert "Distance by head" in done.stdout
    assert "mean distance, in patches" in done.stdout
    again = here("open", "a.safetensors", "--json")
    assert json.loads(again.stdout)["grid"] == [7, 7]


def test_long_texts_are_cut_and_that_is_told(here: Run) -> None:
    done = here("attention", SMALL, "-i", "To be, or not to be", "--tokens", "5", "--json")
    assert len(json.loads(done.stdout)["keys"]) == 5
    assert (
        "the first 5 of 19 tokens"
        in here("attention", SMALL, "-i", "To be, or not to be", "--tokens", "5").stdout
    )


REFUSED = [
    (("lenet", "-i", "digits[1]"), 2, "LeNet has no attention"),
    ((SMALL, "-i", "To be", "--layer", "2"), 2, "--layer 2 is not there: expected 0 to 1"),
    ((SMALL, "-i", "To be", "--query", "zebra"), 2, "unknown token of the input 'zebra'"),
    ((SMALL, "-i", "To be", "--sites", "encoder"), 2, "unknown module with attention 'encoder'"),
    ((SMALL, "-i", "To be", "--measure", "next"), 2, "--measure next means nothing for this model and input"),
    ((SMALL,), 2, "missing option '--input'"),
    (("minilmm", "-i", "To be"), 2, "unknown model 'minilmm'"),
]


@pytest.mark.parametrize(("words", "code", "sentence"), REFUSED)
def test_refusals(here: Run, words: tuple[str, ...], code: int, sentence: str) -> None:
    done = here("attention", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr.splitlines()[-1]
    assert done.stderr.count("error:") == 1
