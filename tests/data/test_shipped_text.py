"""Fashion, Hamlet and the names: what is shipped, how it is cut, and what counting foretells of it."""

from __future__ import annotations

import gzip
import math
from collections import Counter

import numpy as np
import pytest

from dltui.data import Dataset, load
from dltui.data.bigram import count
from dltui.data.dataset import cut
from dltui.data.names import read_names
from dltui.data.overview import facts, overview
from dltui.data.shipped import open_asset
from dltui.data.text import frequencies, passages, spelled
from dltui.data.views import Leaf, pages, samples, views
from dltui.errors import DltuiError, UsageError
from dltui.figures import Heatmap, Images, Table, Tokens


@pytest.fixture(scope="module")
def hamlet() -> Dataset:
    return load("hamlet")


@pytest.fixture(scope="module")
def names() -> Dataset:
    return load("names")


@pytest.fixture(scope="module")
def play() -> str:
    with open_asset("hamlet.txt.gz") as file:
        return gzip.decompress(file.read()).decode()


def read(dataset: Dataset, tokens: np.ndarray) -> str:
    return "".join(dataset.classes[token] for token in tokens.ravel())


def tokens(**changes: object) -> Dataset:
    x = np.array([[0, 1, 2], [2, 1, 0]])
    parts = {
        "x_train": x,
        "y_train": x,
        "x_test": x,
        "y_test": x,
        "task": "tokens",
        "classes": ("a", "b", "c"),
    }
    return Dataset(name="abc", split="none", source="here", **parts | changes)  # type: ignore[arg-type]


def test_fashion_is_the_slice_whose_nearest_neighbours_are_right_for_four_in_five() -> None:
    fashion = load("fashion")
    assert fashion.x_train.shape == (2000, 1, 28, 28)
    assert fashion.x_test.shape == (500, 1, 28, 28)
    assert fashion.x_train.min() == 0
    assert fashion.x_train.max() == 1
    assert fashion.classes[int(fashion.y_train[0])] == "ankle boot"  # as in the paper's first picture
    known, asked = (x.reshape(len(x), -1).astype(float) for x in (fashion.x_train, fashion.x_test))
    apart = (asked**2).sum(1)[:, None] - 2 * asked @ known.T + (known**2).sum(1)
    nearest = fashion.y_train[apart.argmin(1)]
    assert (nearest == fashion.y_test).mean() == pytest.approx(0.804)
    assert isinstance(samples(fashion), Images)


def test_hamlet_is_the_whole_play(hamlet: Dataset, play: str) -> None:
    assert len(play) == 173_942
    assert hamlet.classes == tuple(sorted(set(play)))
    assert len(hamlet.classes) == 65
    assert play.startswith("HAMLET, PRINCE OF DENMARK")
    assert hamlet.stream is not None
    assert read(hamlet, hamlet.stream) == play[: len(play) - len(play) // 10]
    assert read(hamlet, hamlet.x_train) == play[: hamlet.x_train.size]
    held = play[len(play) - len(play) // 10 :]
    assert read(hamlet, hamlet.x_test) == held[: hamlet.x_test.size]
    assert read(hamlet, hamlet.y_test) == held[1 : hamlet.x_test.size + 1]


@pytest.mark.parametrize("context", [1, 5, 64, 256])
def test_every_epoch_cuts_the_text_anew_and_the_same_way_for_one_seed(context: int, play: str) -> None:
    data = load(f"hamlet:context={context}")
    seen = set()
    for epoch in range(1, 9):
        x, y = data.epoch(3, epoch)
        assert x.shape == y.shape == data.x_train.shape
        text = read(data, x)
        assert read(data, y)[:-1] == text[1:]
        assert text in play[: len(play) - len(play) // 10]
        again, _ = data.epoch(3, epoch)
        assert np.array_equal(x, again)
        seen.add(text)
    assert len(seen) > 1 or context == 1


def test_an_epoch_takes_no_copy_of_the_text(hamlet: Dataset) -> None:
    x, y = hamlet.epoch(0, 1)
    assert np.shares_memory(x, hamlet.stream)
    assert np.shares_memory(y, hamlet.stream)
    assert np.shares_memory(hamlet.x_train, hamlet.stream)


def test_data_without_a_stream_is_the_same_in_every_epoch(names: Dataset) -> None:
    x, y = names.epoch(7, 4)
    assert x is names.x_train
    assert y is names.y_train


def test_names_are_windows_over_each_name_once(names: Dataset) -> None:
    known = {name for name, _, _ in read_names()}
    assert len(known) == 5163
    assert len(names.x_train) + len(names.x_test) == sum(len(name) + 1 for name in known)

    def told(x: np.ndarray, y: np.ndarray) -> list[str]:
        assert (
            read(names, x[:, -1]) == "." + read(names, y)[:-1]
        )  # after the end of a name comes its neighbour
        return read(names, y).split(".")[:-1]

    learn, held = told(names.x_train, names.y_train), told(names.x_test, names.y_test)
    assert sorted(learn + held) == sorted(known)
    assert len(held) == math.ceil(5163 / 5)
    starts = names.x_train[np.concatenate([[0], np.flatnonzero(names.y_train == 0)[:-1] + 1])]
    assert not starts.any()  # every name begins with points alone


def test_names_carry_their_shares_of_the_census() -> None:
    shares = {name: (women, men) for name, women, men in read_names()}
    assert shares["mary"] == (2.629, 0.009)
    assert shares["james"] == (0.010, 3.318)
    assert 89 < sum(women for women, _ in shares.values()) < 100
    assert 89 < sum(men for _, men in shares.values()) < 100


def test_bigram_is_what_counting_by_hand_gives(names: Dataset) -> None:
    counted = count(names)
    pairs, firsts = Counter[tuple[int, int]](), Counter[int]()
    for row, answer in zip(names.x_train.tolist(), names.y_train.tolist(), strict=True):
        pairs[row[-1], answer] += 1
        firsts[row[-1]] += 1
    losses = [
        -math.log((pairs[row[-1], answer] + 1) / (firsts[row[-1]] + 27))
        for row, answer in zip(names.x_test.tolist(), names.y_test.tolist(), strict=True)
    ]
    assert counted.bigram_loss == pytest.approx(sum(losses) / len(losses), rel=1e-12)
    assert counted.bigram_loss < counted.unigram_loss < math.log(27)
    assert counted.pairs.sum() == len(names.y_train)


def test_positions_that_are_not_asked_do_not_count() -> None:
    y = np.array([[1, 2, -100], [1, -100, -100]])
    counted = count(tokens(y_train=y))
    assert counted.pairs.sum() == 3
    assert counted.pairs[0, 1] == counted.pairs[1, 2] == counted.pairs[2, 1] == 1


def test_text_is_shown_as_text(hamlet: Dataset) -> None:
    shown = samples(hamlet)
    assert isinstance(shown, Tokens)
    assert "".join(shown.tokens).startswith("HAMLET, PRINCE OF DENMARK\n\nby William Shakespeare")
    assert np.isnan(shown.weights[0])
    first = hamlet.x_train[0].astype(int)
    assert shown.weights[1] == pytest.approx(count(hamlet).surprise[first[0], first[1]])
    assert [type(figure).__name__ for figure in views(hamlet)] == ["Tokens", "Bars", "Heatmap"]
    last = samples(hamlet, Leaf(pages(hamlet)))
    assert isinstance(last, Tokens)
    told = dict(facts(hamlet))
    assert told["vocabulary"] == "65"
    assert told["tokens"].startswith("newline, space, !")
    assert overview(hamlet).numbers["bigram_loss"] == pytest.approx(count(hamlet).bigram_loss)


def test_rows_without_a_stream_stand_alone() -> None:
    shown = passages(tokens(), np.arange(2), "all")
    assert isinstance(shown, Tokens)
    assert np.isnan(shown.weights).tolist() == [True, False, False, True, False, False]


def test_letters_are_shown_with_what_comes_next(names: Dataset) -> None:
    shown = samples(names)
    assert isinstance(shown, Table)
    assert shown.rows[1] == ("..a", "a")
    alone = samples(names, Leaf(1, "q"))
    assert isinstance(alone, Table)
    assert {after for _, after in alone.rows} == {"q"}
    bars, heat = views(names)[1:]
    assert bars.labels[0] == "."  # type: ignore[attr-defined]
    assert isinstance(heat, Heatmap)
    q = names.classes.index("q")
    assert heat.values[q].argmax() == names.classes.index("u")
    np.testing.assert_allclose(heat.values.sum(1), 1)
    assert frequencies(names).values.sum() == len(names.x_train) + len(names.x_test)
    assert spelled("\n") == "newline"


REFUSALS = [
    (
        {"x_train": np.array([[0, 3, 1], [0, 0, 0]])},
        "x_train of abc holds tokens 0 … 3, but the vocabulary has 3",
    ),
    (
        {"y_test": np.array([[0, 3, 1], [0, 0, 0]])},
        "y_test of abc holds class numbers 0 … 3, but there are 3 classes",
    ),
    ({"y_train": np.array([0, 1])}, "y_train of abc must be int64 of shape (n, 3), not int64 (2,)"),
    (
        {"x_train": np.zeros((2, 3), np.float32)},
        "x_train of abc is float32; a Dataset of tokens holds int64 tokens",
    ),
    (
        {"x_test": np.zeros((2, 3), np.int32)},
        "x_test of abc is int32; a Dataset of tokens holds int64 tokens",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSALS)
def test_tokens_that_do_not_fit_are_refused(changes: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(DltuiError) as caught:
        tokens(**changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "spec", ["hamlet:context=0", "hamlet:context=10000", "names:context=0", "names:context=65"]
)
def test_contexts_that_make_no_sense_are_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="context of"):
        load(spec)


def test_rows_of_text_have_no_class(hamlet: Dataset) -> None:
    with pytest.raises(UsageError, match="the rows of hamlet have no class: leave out --class e"):
        samples(hamlet, Leaf(1, "e"))


def test_a_text_is_cut_end_to_end() -> None:
    x, y = cut(np.arange(10), 3)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert y.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
