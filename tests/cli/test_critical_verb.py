"""``dltui critical`` as a person or a script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]
SMALL = "pointnet:width=8"
DATA = "shapes3d:n=100,points=64,classes=5"


def test_one_document_and_the_file_again(here: Run) -> None:
    done = here("critical", SMALL, "--data", DATA, "--input", f"{DATA}[test:2]", "--samples", "20", "--json",
                "--save", "a.safetensors")  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["schema"] == "critical/1"
    assert (told["points"], told["features"], told["label"]) == (64, [128], "sphere")
    assert told["critical"] == len(told["critical_points"]) <= 64
    assert told["permutation"]["largest_change"] < 1e-6
    assert told["critical_alone"]["same_answer"] is True
    assert [one["points"] for one in told["accuracy"]["kept"]] == [64, 32, 16, 8, 4, 2]
    again = here("open", "a.safetensors")
    assert "Critical points · pointnet:width=8" in again.stdout
    assert "dropped by chance" in again.stdout


def test_wrong_words(here: Run) -> None:
    for words, sentence in (
        (("lenet",), "lenet takes no maximum over points"),
        ((SMALL, "--input", "shapes3d[test:9999]"), "so there is no shapes3d[test:9999]"),
        ((SMALL, "--data", "digits"), "pointnet needs clouds of points (N, 3)"),
    ):
        done = here("critical", *words)
        assert done.returncode == 2, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
