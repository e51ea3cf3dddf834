"""Metrics against torch, scikit-learn, scipy and the notes' numbers."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree
from sklearn import metrics

from dltui.byhand import work
from dltui.byhand.refusal import Refused

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers  # noqa: TID252

WORDS = st.lists(st.sampled_from("abc"), min_size=2, max_size=7).map(" ".join)
coordinate = st.integers(-50, 50).map(lambda n: n / 10)


def outputs(name: str, given_: dict[str, object]) -> list[float]:
    return [cell.value for one in work(name, given_).outputs for cell in one.cells]


@many
@given(st.data())
def test_accuracy(data: st.DataObject) -> None:
    rows, classes = data.draw(st.integers(1, 5)), data.draw(st.integers(3, 4))
    draws = np.random.default_rng(data.draw(st.integers(0, 999)))
    scores = draws.permuted(np.tile(np.arange(classes) / 10, (rows, 1)), axis=1)
    target = draws.integers(0, classes, rows)
    k = data.draw(st.integers(1, classes - 1))
    case = {"scores": scores.tolist(), "target": target.tolist(), "top_k": k}
    known = metrics.top_k_accuracy_score(target, scores, k=k, labels=range(classes))
    assert agree("accuracy", case).output[()].value == pytest.approx(known, abs=1e-12)
    if k == 1:
        assert metrics.accuracy_score(target, scores.argmax(1)) == pytest.approx(known)


@many
@given(st.data())
def test_precision_recall_and_f1(data: st.DataObject) -> None:
    average = data.draw(st.sampled_from(["binary", "macro", "micro", "none"]))
    classes = 2 if average == "binary" else 3
    some = st.lists(st.integers(0, classes - 1), min_size=6, max_size=6)
    prediction, target = data.draw(some), data.draw(some)
    worked = agree("precisionrecall", {"prediction": prediction, "target": target, "average": average})
    labels = range(max(2, *prediction, *target, 1) + (max(*prediction, *target) >= 2))
    kind = {"none": None}.get(average, average)
    given_ = {} if average == "binary" else {"labels": labels}
    known = metrics.precision_recall_fscore_support(
        target, prediction, average=kind, zero_division=0, **given_
    )[:3]
    found = [[cell.value for cell in one.cells] for one in worked.outputs]
    np.testing.assert_allclose(found, [np.atleast_1d(one) for one in known], atol=1e-12)
    matrix = metrics.confusion_matrix(target, prediction, labels=labels)
    assert worked.sheet.tensors["M"].numbers() == matrix.tolist()


@many
@given(st.data())
def test_boxes(data: st.DataObject) -> None:
    boxes = []
    for _ in range(2):
        left, top = data.draw(coordinate), data.draw(coordinate)
        wide, high = data.draw(st.integers(1, 80)) / 10, data.draw(st.integers(1, 80)) / 10
        boxes.append([left, top, left + wide + 0.013, top + high + 0.017])
    boxes[1] = [one + 0.0071 for one in boxes[1]]
    agree("iou", {"a": boxes[0], "b": boxes[1]})


@many
@given(st.data())
def test_masks(data: st.DataObject) -> None:
    bits = numbers(2, 3, cell=st.integers(0, 1))
    prediction, target = data.draw(bits), data.draw(bits)
    if not np.any(prediction) and not np.any(target):
        return
    agree("maskiou", {"prediction": prediction, "target": target})
    found = outputs("maskiou", {"prediction": prediction, "target": target})
    flat = np.ravel(target), np.ravel(prediction)
    assert found[0] == pytest.approx(metrics.jaccard_score(*flat, zero_division=0))
    assert found[1] == pytest.approx(metrics.f1_score(*flat, zero_division=0))


@many
@given(WORDS, WORDS, WORDS, st.integers(1, 2))
def test_bleu(candidate: str, reference: str, other: str, max_n: int) -> None:
    agree("bleu", {"candidate": candidate, "reference": f"{reference}|{other}", "max_n": max_n})


def test_d9_bleu() -> None:
    worked = work("bleu", example="d9")
    values = {name: worked.sheet.tensors[name][()].value for name in ("p1", "p2", "BP", "BLEU")}
    assert values == pytest.approx({"p1": 0.8, "p2": 0.75, "BP": 0.818731, "BLEU": 0.634186}, abs=1e-6)
    assert outputs("bleu", {"candidate": "x y z w", "reference": "x y z w"}) == [1]
    assert work("bleu", example="clipped").sheet.tensors["p1"][()].value == 0.25
    assert outputs("bleu", {"candidate": "a b", "reference": "c d", "max_n": 1}) == [0]


@many
@given(WORDS, WORDS, st.sampled_from(["1", "2", "L"]))
def test_rouge(candidate: str, reference: str, kind: str) -> None:
    worked = agree("rouge", {"candidate": candidate, "reference": reference, "kind": kind})
    if kind == "L":
        said, known = candidate.split(), reference.split()
        subsets = {tuple(w for i, w in enumerate(said) if bits >> i & 1) for bits in range(1 << len(said))}
        longest = max(len(one) for one in subsets if _runs_through(one, known))
        assert worked.outputs[0][()].value == pytest.approx(longest / len(said))


def _runs_through(words: tuple[str, ...], text: list[str]) -> bool:
    rest = iter(text)
    return all(word in rest for word in words)


def test_lins_example() -> None:
    assert outputs("rouge", {"candidate": "police kill the gunman", "reference": "police killed the gunman",
                             "kind": "L"}) == [0.75, 0.75, 0.75]  # fmt: skip
    assert outputs("rouge", {"candidate": "the gunman kill police", "reference": "police killed the gunman",
                             "kind": "L"})[0] == 0.5  # fmt: skip


@many
@given(st.lists(st.integers(1, 100).map(lambda n: n / 100), min_size=1, max_size=5))
def test_perplexity(probability: list[float]) -> None:
    worked = agree("perplexity", {"probability": probability})
    assert worked.output[()].value == pytest.approx(math.prod(probability) ** (-1 / len(probability)))


def test_a_guess_among_ten_has_perplexity_ten() -> None:
    assert outputs("perplexity", {"probability": [0.1] * 4}) == [pytest.approx(10)]


@many
@given(st.data())
def test_clouds(data: st.DataObject) -> None:
    draws = np.random.default_rng(data.draw(st.integers(0, 9999)))
    n, m, axes = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    x, y = draws.normal(size=(n, axes)).round(3), draws.normal(size=(m, axes)).round(3)
    found = agree("chamfer", {"x": x.tolist(), "y": y.tolist()}).output[()].value
    there, back = KDTree(y).query(x)[0], KDTree(x).query(y)[0]
    assert found == pytest.approx(np.mean(there**2) + np.mean(back**2), abs=1e-10)
    y = draws.normal(size=(n, axes)).round(3)
    found = agree("emd", {"x": x.tolist(), "y": y.tolist()}).output[()].value
    cost = np.linalg.norm(x[:, None] - y[None], axis=-1)
    assert found == pytest.approx(cost[linear_sum_assignment(cost)].mean(), abs=1e-10)


def test_seven_points_are_paired_as_an_assignment_is() -> None:
    draws = np.random.default_rng(3)
    x, y = draws.normal(size=(7, 2)), draws.normal(size=(7, 2))
    cost = np.linalg.norm(x[:, None] - y[None], axis=-1)
    found = outputs("emd", {"x": x.tolist(), "y": y.tolist()})[0]
    assert found == pytest.approx(cost[linear_sum_assignment(cost)].mean(), abs=1e-12)
    assert found == pytest.approx(min(cost[range(7), pairing].mean() for pairing in permutations(range(7))))


@pytest.mark.parametrize(
    ("name", "case", "sentence"),
    [
        ("accuracy", {"target": [0, 0]}, "a class for each row"),
        ("accuracy", {"target": [0, 0, 0, 3]}, "classes 0 to 2"),
        ("accuracy", {"top_k": 4}, "from 1 to the 3 classes"),
        ("precisionrecall", {"prediction": [0, 1]}, r"shape \(samples,\) of prediction"),
        ("precisionrecall", {"prediction": [0, 2], "target": [1, 1]}, "choose macro, micro or none"),
        ("iou", {"a": [0, 0, 1]}, "four numbers"),
        ("iou", {"a": [1, 1, 0, 0]}, "right ≥ left"),
        ("maskiou", {"prediction": [0], "target": [0]}, "both masks are empty"),
        ("bleu", {"candidate": "", "reference": "a"}, "1 to 200 words"),
        ("bleu", {"candidate": "a b", "reference": "a b", "max_n": 3}, "from 1 to the 2 words"),
        ("rouge", {"candidate": "a", "reference": "a b", "kind": "2"}, "needs 2 words"),
        ("perplexity", {"probability": [1.5]}, "from 0 to 1"),
        ("emd", {"x": [[0, 0]], "y": [[0, 0], [1, 1]]}, "x has 1, y has 2"),
        ("emd", {"x": [[0]] * 8, "y": [[0]] * 8}, "at most 7 points"),
        ("chamfer", {"x": [[0, 0]], "y": [[0]]}, "2 coordinates"),
    ],
)
def test_what_can_not_be_measured_is_told(name: str, case: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        work(name, case)
