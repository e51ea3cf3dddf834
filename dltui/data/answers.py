"""The user's answers: told apart as classes or numbers, and checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import Task
from dltui.errors import DltuiError

FEW = 20  # so many classes may each have a single member without looking like a mistake


def read_answers(
    parts: dict[str, NDArray[Any]], origin: str
) -> tuple[dict[str, NDArray[Any]], Task, tuple[str, ...]]:
    """Return answers as the models need them, what they are, and the names of the classes.

    Whole numbers, truth values and texts are classes, numbered in the order of their sorted values; numbers with
    a fraction are numbers.

    Args:
        parts: Arrays by name, such as ``y`` or ``y_train`` and ``y_test``; the first one tells the classes.
        origin: Where they came from, for the errors.

    Returns:
        Class numbers, shape (n,), int64, or numbers, shape (n, k), float32; the task; the names of the classes.

    Raises:
        DltuiError: If an array is neither, or they don't agree.
    """
    kinds = {name: _task(name, y, origin) for name, y in parts.items()}
    task = next(iter(kinds.values()))
    if len(set(kinds.values())) > 1:
        told = " but ".join(f"{name} holds {kind}" for name, kind in kinds.items())
        raise DltuiError(f"{told} in {origin}: both must be classes or both numbers")
    if task == "numbers":
        return {name: _numbers(name, y, origin) for name, y in parts.items()}, task, ()
    known = _labels(parts, origin)
    return (
        {name: _numbered(name, y.reshape(len(y)), known, origin) for name, y in parts.items()},
        task,
        _names(known),
    )


def finite(name: str, values: NDArray[Any], origin: str) -> None:
    """Refuse an array that holds NaN or infinity.

    Args:
        name: Its name.
        values: The numbers.
        origin: Where they came from.

    Raises:
        DltuiError: If any is not finite; it says how many and where the first stands.
    """
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise DltuiError(
        f"{name} in {origin} holds values that are not finite ({int(wrong.sum())} in all, the first is {values[first]} "
        f"at index {list(first)}): mend them or drop their rows"
    )


def _task(name: str, y: NDArray[Any], origin: str) -> Task:
    """Tell classes from numbers by the type of the array."""
    if y.dtype.kind in "iubUS":
        if y.ndim != 1 and y.shape != (len(y), 1):
            raise DltuiError(
                f"{name} in {origin} has shape {y.shape}: classes are one number or name a row, shape ({len(y)},); "
                "turn one-hot rows into y.argmax(1)"
            )
        return "classes"
    if y.dtype.kind != "f":
        raise DltuiError(
            f"{name} in {origin} is {y.dtype}: expected whole numbers or names (classes), or floats (numbers)"
        )
    if y.ndim not in (1, 2):
        raise DltuiError(f"{name} in {origin} has shape {y.shape}: numbers are of shape (n,) or (n, k)")
    finite(name, y, origin)
    if y.ndim == 1 and y.size and np.array_equal(y, np.round(y)):
        raise DltuiError(
            f"{name} in {origin} holds whole numbers stored as {y.dtype}: store y.astype('int64') if they are classes, "
            "or y[:, None] if they are numbers to be met"
        )
    return "numbers"


def _numbers(name: str, y: NDArray[Any], origin: str) -> NDArray[np.float32]:
    """Return real answers as float32 of shape (n, k)."""
    with np.errstate(over="ignore"):
        values = (y[:, None] if y.ndim == 1 else y).astype(np.float32)
    finite(name, values, origin)
    return values


def _labels(parts: dict[str, NDArray[Any]], origin: str) -> NDArray[Any]:
    """Return the different labels of the first array, sorted."""
    name, y = next(iter(parts.items()))
    known = np.unique(y)
    if len(known) < 2:
        raise DltuiError(f"{name} in {origin} holds {len(known)} class: at least 2 are needed to tell apart")
    if len(known) > max(FEW, len(y) // 2):
        raise DltuiError(
            f"{name} in {origin} holds {len(known)} different labels in {len(y)} rows, too many for classes: "
            "store them as floats of shape (n, 1) if they are numbers to be met"
        )
    return known


def _numbered(name: str, y: NDArray[Any], known: NDArray[Any], origin: str) -> NDArray[np.int64]:
    """Return each label's place among the known ones."""
    strange = np.setdiff1d(y, known)
    if strange.size:
        raise DltuiError(
            f"{name} in {origin} holds the class {strange[0]}, which the training part never shows"
        )
    return np.searchsorted(known, y).astype(np.int64)


def _names(known: NDArray[Any]) -> tuple[str, ...]:
    """Return the labels as text."""
    return tuple(
        label.decode(errors="replace") if isinstance(label, bytes) else str(label) for label in known
    )
