"""The user's own arrays made into a data set, with a sentence for everything that can be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.data.answers import finite, read_answers
from dltui.data.dataset import Dataset, Floats
from dltui.data.split import parted
from dltui.errors import DltuiError

WHOLE = ("x", "y")
PARTED = ("x_train", "y_train", "x_test", "y_test")
CHANNELS = (1, 3, 4)  # grey, colour, colour with opacity


def from_arrays(arrays: Mapping[str, NDArray[Any]], *, name: str, origin: str) -> Dataset:
    """Make a data set of ``x`` and ``y``, or of ``x_train``, ``y_train``, ``x_test`` and ``y_test``.

    Inputs of shape (n, h, w) are grey pictures and get a channel axis; (n, h, w, channels) is turned to channels
    first; 8-bit pictures are scaled to 0 … 1. Everything becomes float32.

    Args:
        arrays: The arrays by name; others are left alone.
        name: What the data set shall be called.
        origin: Where the arrays came from, for the errors.

    Returns:
        The data set; of ``x`` and ``y`` a fixed fifth is held out, classes in proportion.

    Raises:
        DltuiError: If arrays are missing or don't fit.
    """
    if set(PARTED) <= arrays.keys():
        inputs = {part: _inputs(part, arrays[part], origin) for part in ("x_train", "x_test")}
        _same_samples(inputs, origin)
        _same_length(arrays, origin, ("x_train", "y_train"), ("x_test", "y_test"))
        answers, task, classes = read_answers({part: arrays[part] for part in ("y_train", "y_test")}, origin)
        split = "the held-out part is the data's own"
        return Dataset(
            name=name,
            x_train=inputs["x_train"],
            y_train=answers["y_train"],
            x_test=inputs["x_test"],
            y_test=answers["y_test"],
            task=task,
            classes=classes,
            split=split,
            source=origin,
        )
    _need(WHOLE, arrays, origin)
    x = _inputs("x", arrays["x"], origin)
    _same_length(arrays, origin, WHOLE)
    answers, task, classes = read_answers({"y": arrays["y"]}, origin)
    y = answers["y"]
    if len(y) < 2:
        raise DltuiError(
            f"x in {origin} has {len(y)} row: at least 2 are needed, one to learn from and one held out"
        )
    return parted(name, x, y, task, classes=classes, source=origin)


def _need(names: tuple[str, ...], arrays: Mapping[str, NDArray[Any]], origin: str) -> None:
    """Refuse a collection that lacks the arrays."""
    if set(names) <= arrays.keys():
        return
    held = ", ".join(arrays) or "nothing"
    raise DltuiError(
        f"{origin} holds {held}: expected the arrays x and y, or {', '.join(PARTED[:3])} and {PARTED[3]}"
    )


def _inputs(name: str, x: NDArray[Any], origin: str) -> Floats:
    """Return inputs as float32 with the channel axis first, refusing what isn't numbers."""
    if x.dtype.kind not in "iubf":
        raise DltuiError(f"{name} in {origin} is {x.dtype}: inputs must be real numbers")
    if x.ndim not in (2, 3, 4):
        raise DltuiError(
            f"{name} in {origin} has shape {x.shape}: expected (n, features), (n, height, width) or "
            "(n, channels, height, width)"
        )
    if not x.size:
        raise DltuiError(f"{name} in {origin} has shape {x.shape}: it is empty")
    with np.errstate(over="ignore"):
        values = x.astype(np.float32)
    if x.dtype == np.uint8 and x.ndim > 2:
        values /= 255
    finite(name, values, origin)
    if x.ndim == 3:
        return values[:, None]
    if x.ndim == 4 and x.shape[1] not in CHANNELS and x.shape[3] in CHANNELS:
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values


def _same_length(arrays: Mapping[str, NDArray[Any]], origin: str, *pairs: tuple[str, ...]) -> None:
    """Refuse inputs and answers that are not as many."""
    for x_name, y_name in pairs:
        x, y = arrays[x_name], arrays[y_name]
        if y.ndim == 0 or len(x) != len(y):
            rows = "no axis" if y.ndim == 0 else f"{len(y)}"
            raise DltuiError(
                f"{x_name} in {origin} has {len(x)} rows, but {y_name} has {rows}: they must be as many"
            )


def _same_samples(inputs: dict[str, Floats], origin: str) -> None:
    """Refuse two parts whose samples have different shapes."""
    (first, x), (second, other) = inputs.items()
    if x.shape[1:] != other.shape[1:]:
        raise DltuiError(
            f"samples of {first} in {origin} have shape {x.shape[1:]}, but those of {second} have {other.shape[1:]}: "
            "they must be alike"
        )
