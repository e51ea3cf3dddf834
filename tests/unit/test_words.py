"""Figures in words say the numbers that the picture shows."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.figures import (
    Bars,
    Figure,
    Graph,
    Heatmap,
    Histogram,
    Images,
    Lines,
    Overlay,
    Points,
    Series,
    Tokens,
    number,
)
from dltui.plaintext import to_ascii

X = np.array([0.0, 1.0, 2.0])

CASES: list[tuple[Figure, list[str]]] = [
    (
        Lines(series=(Series(name="a", x=X, y=np.array([3.0, 1.0, 2.0])),), y_label="loss"),
        ["from 3 to 2", "lowest 1 at 1", "highest 3 at 0"],
    ),
    (Lines(series=(Series(name="a", x=X, y=np.array([3.0, np.nan, 2.0])),)), ["1 points missing"]),
    (Bars(labels=("p", "q"), values=np.array([1.0, 4.0])), ["largest q at 4", "smallest p at 1"]),
    (Bars(labels=("p",), values=np.array([np.nan])), ["without a finite value"]),
    (Histogram(edges=np.array([0.0, 1, 2]), counts=np.array([2.0, 5])), ["7 entries", "1 to 2, holds 5"]),
    (
        Heatmap(values=np.array([[5.0, 1.0], [2.0, np.inf]]), x=X[:2], y=X[:2], x_label="α", y_label="β"),
        ["lowest 1 at α 1, β 0", "highest 5 at α 0, β 0", "1 cells are not finite"],
    ),
    (
        Points(position=np.eye(2), group=np.array([0, 1]), group_names=("cat", "dog")),
        ["2 points", "cat: 1, dog: 1"],
    ),
    (Images(pixels=np.full((2, 3, 4), 0.5)), ["2 grey pictures of 4 × 3", "brightness 0.5"]),
    (
        Overlay(picture=np.zeros((4, 6)), values=np.array([[[0.0, -3.0], [1.0, 2.0]]]), names=("saliency",)),
        ["1 map of a value over a picture of 6 × 4 pixels", "saliency: strongest −3 at row 0, column 1"],
    ),
    (Graph(nodes=("in", "mid", "out"), edges=((0, 1), (1, 2))), ["3 nodes and 2 edges, from in to out"]),
    (Tokens(tokens=("a", "b"), weights=np.array([0.1, 0.9])), ["'b' 0.9, 'a' 0.1"]),
]


@pytest.mark.parametrize(("figure", "says"), CASES, ids=lambda v: type(v).__name__)
def test_words(figure: Figure, says: list[str]) -> None:
    words = figure.words()
    for part in says:
        assert part in words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (-2.0, "−2"),
        (1e-5, "1e-5"),
        (123456.7, "1.235e5"),
        (-123456.0, "−123456"),
        (-1.5e-7, "−1.5e-7"),
        (np.nan, "nan"),
        (-np.inf, "−∞"),
        (0.0, "0"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_ascii_names_what_it_knows() -> None:
    assert to_ascii("⌊λ − ½‖∇L‖²⌋ é ─ 漢") == "floor(lambda - 1/2||grad L||^2) e - ?"
