"""``dltui explain --method logit-lens``."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
SMALL = "gpt:layers=2,heads=2,width=16"


def test_one_document(here: Run) -> None:
    done = here(
        "explain",
        SMALL,
        "-i",
        "To be",
        "--method",
        "logit-lens",
        "--position",
        "o",
        "--target",
        "e",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["schema"], told["position"], told["followed"]) == ("lens/1", 1, "e")
    assert [layer["name"] for layer in told["layers"]] == ["embedding", "block 0", "block 1"]


def test_figures(here: Run) -> None:
    done = here("explain", SMALL, "-i", "To be", "--method", "logit-lens")
    assert "After “e” · gpt" in done.stdout
    assert "Best token by layer" in done.stdout


REFUSED = [
    (
        ("lenet", "-i", "digits[1]", "-m", "logit-lens"),
        "the logit lens reads language models, and lenet takes no tokens",
    ),
    ((SMALL, "-i", "To be", "-m", "logit-lens,saliency"), "logit-lens reads layers, not parts of the input"),
    ((SMALL, "-i", "To be", "--position", "1"), "--position is where logit-lens reads"),
    (
        (SMALL, "-i", "To be", "-m", "logit-lens", "--position", "9"),
        "--position 9 is not there: expected 0 to 4",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_refusals(here: Run, words: tuple[str, ...], sentence: str) -> None:
    done = here("explain", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr.splitlines()[-1]
    assert done.stderr.count("error:") == 1
