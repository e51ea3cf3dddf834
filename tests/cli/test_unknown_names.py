"""A name that nothing bears, far from every known one: what lists the known ones is named, and does."""

from __future__ import annotations

import pytest

from dltui.cli import run
from dltui.errors import nearest

FAR = "qqqqqqqqqqqq"


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (("remake", FAR), "models list"),
        (("train", FAR), "train --list"),
        (("lab", "show", FAR), "lab list"),
        (("lab", "tour", "geometry", "--at", FAR), "lab list --family geometry"),
        (("byhand", FAR), "byhand --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_lists_the_known_names_is_told(
    words: tuple[str, ...], listed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words]) == 2
    sentence = capsys.readouterr().err
    assert f"`dltui {listed}` lists them" in sentence or (
        listed.endswith("--help") and "--help lists them" in sentence
    )
    assert run(listed.split()) == 0
    assert len(capsys.readouterr().out.splitlines()) > 16


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("nosuch", ["speech", "mnist"], []),
        ("digitz", ["digits", "moons"], ["digits"]),
        ("MNIST", ["mnist", "circles"], ["mnist"]),
        ("lenet", ["LeNet"], ["LeNet"]),
        ("saddle", ["two-weight-saddle", "saddle-count-of-a-random-function", "ravine"],
         ["saddle-count-of-a-random-function", "two-weight-saddle"]),
        ("", ["a"], []),
    ],
)  # fmt: skip
def test_only_what_is_near_is_suggested(word: str, names: list[str], near: list[str]) -> None:
    assert nearest(word, names) == near
