"""Pictures of data sets, against numpy on the data itself."""

import numpy as np
import pytest

from dltui.data import Dataset, load
from dltui.data.overview import facts, overview
from dltui.data.views import SAMPLES, Leaf, class_bars, features, means, pages, samples, spread, views
from dltui.errors import UsageError
from dltui.figures import Images, Points, Table


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def numbers() -> Dataset:
    x = np.arange(40, dtype=np.float32).reshape(10, 4)
    y = np.linspace(0, 1, 10, dtype=np.float32)[:, None]
    return Dataset(
        name="line",
        x_train=x,
        y_train=y,
        x_test=x[:2],
        y_test=y[:2],
        task="numbers",
        split="none",
        source="here",
    )


def test_pages_hold_every_sample_once(digits: Dataset) -> None:
    last = pages(digits)
    assert last == -(-len(digits.x_train) // SAMPLES)
    found = [samples(digits, Leaf(page)) for page in range(1, last + 1)]
    assert all(isinstance(page, Images) for page in found)
    stack = np.concatenate([page.pixels for page in found])  # type: ignore[attr-defined]
    assert stack.shape == (len(digits.x_train), 8, 8)
    np.testing.assert_allclose(np.sort(stack.sum((1, 2))), np.sort(digits.x_train.sum((1, 2, 3))), rtol=1e-5)
    assert found[0].names[:12] == tuple("012345678901")  # type: ignore[attr-defined]


def test_one_class_alone(digits: Dataset) -> None:
    page = samples(digits, Leaf(2, "7"))
    assert isinstance(page, Images)
    assert set(page.names) == {"7"}
    rows = digits.x_train[digits.y_train == 7][SAMPLES : 2 * SAMPLES, 0]
    np.testing.assert_allclose(page.pixels, rows, atol=1e-6)


@pytest.mark.parametrize("leaf", [Leaf(0), Leaf(10_000), Leaf(1, "eleven")])
def test_pages_and_classes_that_are_not_there_are_told(digits: Dataset, leaf: Leaf) -> None:
    with pytest.raises(UsageError):
        samples(digits, leaf)


def test_means_counts_and_statistics_are_those_of_the_data(digits: Dataset) -> None:
    mean = means(digits)
    three = digits.x_train[digits.y_train == 3].mean(0, dtype=np.float64)[0]
    np.testing.assert_allclose(mean.pixels[3], three, rtol=1e-6)
    both = np.concatenate([digits.y_train, digits.y_test])
    np.testing.assert_array_equal(class_bars(digits).values, np.bincount(both))
    histogram = spread(digits)
    assert histogram.counts.sum() == digits.x_train.size
    table = features(digits)
    flat = digits.x_train.reshape(len(digits.x_train), -1).astype(np.float64)
    assert len(table.rows) == 64
    assert table.rows[10][0] == "[0, 1, 2]"
    np.testing.assert_allclose(
        [row[1:] for row in table.rows],
        np.stack([flat.min(0), flat.max(0), flat.mean(0), flat.std(0)], axis=1),
        atol=1e-6,
    )


def test_points_of_the_plane_are_scattered_by_class() -> None:
    moons = load("moons")
    cloud = samples(moons)
    assert isinstance(cloud, Points)
    assert cloud.position.shape == moons.x_train.shape
    assert cloud.group is not None
    np.testing.assert_array_equal(cloud.group, moons.y_train)
    alone = samples(moons, Leaf(1, "upper"))
    assert isinstance(alone, Points)
    assert len(alone.position) == (moons.y_train == 0).sum()


def test_rows_of_numbers_are_a_table_with_their_answers() -> None:
    shown = samples(numbers())
    assert isinstance(shown, Table)
    assert shown.columns == ("answer", "x0", "x1", "x2", "x3")
    assert shown.rows[1] == (pytest.approx(1 / 9), 4.0, 5.0, 6.0, 7.0)
    assert [type(figure).__name__ for figure in views(numbers())] == ["Table", "Histogram", "Table"]


def test_overview_tells_facts_first(digits: Dataset) -> None:
    shown = overview(digits, Leaf(3, "4"))
    assert shown.figures()[0].title == "Data · digits"
    assert "class 4 alone" in shown.figures()[1].caption
    assert dict(facts(digits))["classes"] == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
