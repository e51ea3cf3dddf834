"""The user's own files and functions: what works, and a sentence for everything that doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltui.data import load
from dltui.errors import DltuiError

X = np.arange(80.0).reshape(40, 2)
Y = np.arange(40) % 4


def write(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_x_and_y(tmp_path: Path) -> None:
    data = load(write(tmp_path / "mine.npz", x=X, y=Y, other=np.ones(3)))
    assert data.name == "mine"
    assert (len(data.x_train), len(data.x_test)) == (32, 8)
    assert np.bincount(data.y_test).tolist() == [2, 2, 2, 2]
    assert data.classes == ("0", "1", "2", "3")
    rows = (data.x_test[:, 0] / 2).astype(int)
    assert np.array_equal(Y[rows], data.y_test)


def test_own_split_is_kept(tmp_path: Path) -> None:
    data = load(write(tmp_path / "a.npz", x_train=X[:30], y_train=Y[:30], x_test=X[30:], y_test=Y[30:]))
    assert np.array_equal(data.x_test, X[30:].astype(np.float32))
    assert data.split == "the held-out part is the data's own"


def test_names_and_gaps_become_class_numbers(tmp_path: Path) -> None:
    data = load(write(tmp_path / "a.npz", x=X, y=np.array(["cat", "dog"] * 20)))
    assert data.classes == ("cat", "dog")
    data = load(write(tmp_path / "b.npz", x=X, y=np.where(Y > 1, 7, -1)))
    assert data.classes == ("-1", "7")
    assert set(data.y_train.tolist()) == {0, 1}
    assert load(write(tmp_path / "c.npz", x=X, y=Y > 1)).classes == ("False", "True")


@pytest.mark.parametrize(("shape", "outputs"), [((40,), 1), ((40, 3), 3)])
def test_numbers(tmp_path: Path, shape: tuple[int, ...], outputs: int) -> None:
    y = np.random.default_rng(0).normal(size=shape)
    data = load(write(tmp_path / "a.npz", x=X, y=y))
    assert data.task == "numbers"
    assert data.outputs == outputs
    assert data.y_train.shape == (32, outputs)
    assert data.y_train.dtype == np.float32


@pytest.mark.parametrize(
    ("pixels", "shape", "largest"),
    [
        (np.full((40, 5, 6), 255, np.uint8), (1, 5, 6), 1.0),
        (np.full((40, 5, 6, 3), 255, np.uint8), (3, 5, 6), 1.0),
        (np.full((40, 3, 5, 6), 2.0), (3, 5, 6), 2.0),
        (np.full((40, 5, 6), 16), (1, 5, 6), 16.0),
    ],
)
def test_pictures(tmp_path: Path, pixels: np.ndarray, shape: tuple[int, ...], largest: float) -> None:
    data = load(write(tmp_path / "a.npz", x=pixels, y=Y))
    assert data.input_shape == shape
    assert data.x_train.max() == largest


def holed() -> np.ndarray:
    x = X.copy()
    x[3, 1], x[7, 0] = np.nan, np.inf
    return x


WRONG = [
    ({"x": X}, "holds x: expected the arrays x and y, or x_train, y_train, x_test and y_test"),
    ({"a": X, "b": Y}, "holds a, b: expected the arrays x and y"),
    ({"x": X, "y": Y[:-1]}, "has 40 rows, but y has 39: they must be as many"),
    ({"x": X, "y": np.int64(3)}, "has 40 rows, but y has no axis: they must be as many"),
    ({"x": X[:, 0], "y": Y}, "has shape (40,): expected (n, features), (n, height, width) or"),
    ({"x": X.reshape(40, 1, 1, 1, 2), "y": Y}, "has shape (40, 1, 1, 1, 2): expected (n, features)"),
    ({"x": X[:0], "y": Y[:0]}, "has shape (0, 2): it is empty"),
    ({"x": X.astype(str), "y": Y}, "inputs must be real numbers"),
    ({"x": X + 1j, "y": Y}, "complex128: inputs must be real numbers"),
    (
        {"x": holed(), "y": Y},
        "x in {path} holds values that are not finite (2 in all, the first is nan at index [3, 1])",
    ),
    ({"x": X * 1e300, "y": Y}, "values that are not finite (79 in all, the first is inf at index"),
    ({"x": X, "y": np.where(Y == 3, np.nan, Y)}, "y in {path} holds values that are not finite (10 in all"),
    (
        {"x": X, "y": Y.astype(float)},
        "holds whole numbers stored as float64: store y.astype('int64') if they are classes",
    ),
    ({"x": X, "y": np.eye(4, dtype=int)[Y]}, "turn one-hot rows into y.argmax(1)"),
    ({"x": X, "y": Y * 0}, "holds 1 class: at least 2 are needed"),
    ({"x": X, "y": np.arange(40)}, "holds 40 different labels in 40 rows, too many for classes"),
    ({"x": X, "y": X.reshape(40, 2, 1) + 0.5}, "has shape (40, 2, 1): numbers are of shape (n,) or (n, k)"),
    ({"x": X, "y": Y + 1j}, "is complex128: expected whole numbers or names (classes), or floats (numbers)"),
    ({"x": X[:1], "y": np.array([0.5])}, "has 1 row: at least 2 are needed"),
    (
        {"x_train": X, "y_train": Y, "x_test": X[:, :1], "y_test": Y},
        "shape (2,), but those of x_test have (1,)",
    ),
    (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y[1:]},
        "x_test in {path} has 40 rows, but y_test has 39",
    ),
    (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1},
        "holds the class 4, which the training part never shows",
    ),
    (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": X + 0.5},
        "y_train holds classes but y_test holds numbers",
    ),
]


@pytest.mark.parametrize(("arrays", "sentence"), WRONG)
def test_wrong_arrays(tmp_path: Path, arrays: dict[str, Any], sentence: str) -> None:
    path = write(tmp_path / "a.npz", **arrays)
    with pytest.raises(DltuiError) as caught:
        load(path)
    assert sentence.format(path=path) in str(caught.value)


class Trap:
    """Would tell on itself if it were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("unpickled",)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    traps = np.empty(40, dtype=object)
    traps[:] = [Trap()] * 40
    path = write(tmp_path / "a.npz", x=X, y=traps)
    with pytest.raises(DltuiError, match="y in .* holds Python objects, which are never unpickled"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x80\x04}.", b"text"])
def test_files_that_are_no_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DltuiError, match=r"can't read .*a\.npz as \.npz"):
        load(str(tmp_path / "a.npz"))


def test_single_array_and_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(DltuiError, match="is a single array"):
        load(str(tmp_path / "a.npy"))
    with pytest.raises(DltuiError, match="is a folder: expected a .npz file"):
        load(str(tmp_path))


CODE = """
import numpy as np, torch
from dltui.data import load as _load
x, y = np.arange(80.0).reshape(40, 2), np.arange(40) % 4
def pair(): return x, y
def tensors(): return torch.tensor(x), torch.tensor(y)
def four(): return x[:30], y[:30], x[30:], y[30:]
def lists(): return x.tolist(), y.tolist()
def dataset(seed): return _load("moons", seed=seed)
def fails(): raise KeyError("colour")
def three(): return x, y, x
def nothing(): return None
def words(): return "xy", y
def ragged(): return [[1.0], [1.0, 2.0]], [0, 1]
def needs(path): return x, y
number = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"own_data_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE)
    (tmp_path / f"{name}_broken.py").write_text("import not_there_at_all")
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize("function", ["pair", "tensors", "four", "lists"])
def test_functions(own: str, function: str) -> None:
    data = load(f"{own}:{function}")
    assert data.outputs == 4
    assert len(data.x_train) + len(data.x_test) == 40
    assert data.x_train.dtype == np.float32


def test_function_that_returns_a_dataset_gets_the_seed(own: str) -> None:
    assert np.array_equal(load(f"{own}:dataset", seed=5).x_train, load("moons", seed=5).x_train)


WRONG_FUNCTIONS = [
    ("fails", "failed: KeyError: 'colour'"),
    ("three", "returned 3 things: expected a Dataset, (x, y) or (x_train, y_train, x_test, y_test)"),
    ("nothing", "returned a NoneType: expected a Dataset"),
    ("words", "x of {own}:words is no array of numbers but a str"),
    ("ragged", "x of {own}:ragged is no array"),
    ("needs", "failed: TypeError: needs() missing 1 required positional argument: 'path'"),
    ("piar", "unknown function of {own} 'piar': did you mean pair?"),
    ("number", "{own}:number is a int, not a function that makes a data set"),
]


@pytest.mark.parametrize(("function", "sentence"), WRONG_FUNCTIONS)
def test_wrong_functions(own: str, function: str, sentence: str) -> None:
    with pytest.raises(DltuiError) as caught:
        load(f"{own}:{function}")
    assert sentence.format(own=own) in str(caught.value)


def test_modules_that_are_missing_or_broken(own: str) -> None:
    with pytest.raises(DltuiError, match="no module 'nowhere.at.all' for the data set"):
        load("nowhere.at.all:f")
    with pytest.raises(
        DltuiError, match=f"importing {own}_broken failed: No module named 'not_there_at_all'"
    ):
        load(f"{own}_broken:f")
