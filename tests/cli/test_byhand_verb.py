"""``dltui byhand`` as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def document(here: Callable[..., Any], *arguments: str) -> dict[str, Any]:
    done = here("byhand", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_command_of_the_documents(here: Callable[..., Any]) -> None:
    grid, kernel = "[[1,2,3],[4,5,6],[7,8,9]]", "[[.1,.2,.3],[.4,.5,.6],[.7,.8,.9]]"
    found = document(here, "conv2d", "--x", grid, "--weight", kernel, "--bias", "1")
    assert found["output"] == [[29.5]]
    assert found["schema"] == "byhand/1"


def test_backward_with_three_witnesses(here: Callable[..., Any]) -> None:
    found = document(here, "linear", "--backward", "--torch", "--upstream", "[[1,0,0,0],[0,0,0,2]]")
    assert found["torch"]["difference"] < 1e-12
    assert found["torch"]["gradient_difference"] < 1e-12
    hand, other = found["backward"]["gradients"]["bias"], found["finite_differences"]["bias"]
    assert hand == [1, 0, 0, 2]
    assert other == pytest.approx(hand, abs=1e-6)


def test_a_sheet_fits_the_terminal(here: Callable[..., Any]) -> None:
    for columns in (60, 80, 120):
        for name in ("conv2d", "attention", "lstm", "batchnorm"):
            done = here("byhand", name, "--backward", COLUMNS=str(columns))
            assert done.returncode == 0, done.stderr
            assert max(map(len, done.stdout.splitlines())) <= columns
            assert "\x1b" not in done.stdout


def test_ascii(here: Callable[..., Any]) -> None:
    for name in ("softmax", "lstm", "layernorm"):
        assert here("byhand", name, "--backward", "--ascii").stdout.isascii()


def test_seeded_draws(here: Callable[..., Any]) -> None:
    once, again, other = (
        document(here, "softmax", "--x", "random:4", "--seed", seed)["inputs"] for seed in ("1", "1", "2")
    )
    assert once == again != other


def test_papers(here: Callable[..., Any], tmp_path: Path) -> None:
    assert r"\begin{align*}" in here("byhand", "softmax", "--latex").stdout
    assert "$$" in here("byhand", "softmax", "--markdown").stdout
    for ending in ("svg", "html"):
        assert here("byhand", "conv2d", "--figure", f"s.{ending}").returncode == 0
        assert (tmp_path / f"s.{ending}").stat().st_size > 1000
    assert here("byhand", "conv2d", "--save", "s.safetensors").returncode == 0
    assert "29.5" in here("open", "s.safetensors").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["linear", "--x", "[[1,2]]"], ["2 features", "torch says: mat1 and mat2"]),
        (["linear", "--x", "foo"], ["no list of numbers"]),
        (["linaer"], ["unknown operation", "linear"]),
        (["conv2d", "--stride", "a"], ["--stride"]),
        (["gru", "--reset", "never"], ["unknown reset of gru"]),
        (["softmax", "--example", "none"], ["unknown example"]),
        (["softmax", "--latex", "--markdown"], ["choose one"]),
        (["linear", "--x", "nothing.csv"], ["nothing.csv", "No such file"]),
        (["linear", "--x", "random:99999,99999"], ["9,999,800,001 numbers", "at most 20,000"]),
    ],
)
def test_wrong_input_gets_a_sentence(
    here: Callable[..., Any], arguments: list[str], words: list[str]
) -> None:
    done = here("byhand", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
