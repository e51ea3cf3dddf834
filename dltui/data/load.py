"""From how a data set is spelled to the data: by name, from a file, or from the user's own function."""

from __future__ import annotations

import inspect
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import DATASETS
from dltui.data.arrays import PARTED, WHOLE, from_arrays
from dltui.data.dataset import Dataset
from dltui.data.spelled import told_apart
from dltui.errors import DltuiError
from dltui.spelling import call_function, load_function, settle_knobs, split_knobs

EXPECTED = "expected a Dataset, (x, y) or (x_train, y_train, x_test, y_test)"


def load(spec: str, *, seed: int = 0) -> Dataset:
    """Return the data that ``spec`` names.

    Args:
        spec: ``digits``, ``moons:noise=0.2,n=1000``, ``file.npz``, or ``package.module:function``.
        seed: Seed of made data; shipped data and every split are always the same.

    Returns:
        The data set, checked.

    Raises:
        UsageError: If nothing is spelled that way.
    """
    spelled = told_apart(spec)
    if spelled == "name":
        name, knobs = split_knobs("data set", spec)
        maker = DATASETS.load(name)
        return maker(spec, seed, **settle_knobs(name, maker, knobs))
    return _from_file(Path(spec).expanduser()) if spelled == "file" else _from_function(spec, seed)


def _from_file(path: Path) -> Dataset:
    """Read a ``.npz``; nothing in it is unpickled."""
    try:
        with path.open("rb") as file:
            arrays = _arrays(np.load(file, allow_pickle=False), path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DltuiError(
            f"can't read {path} as .npz: it is damaged, or another kind of file; try np.savez"
        ) from error
    return from_arrays(arrays, name=path.stem, origin=str(path))


def _arrays(stored: Any, path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays that make a data set; the others by name only, for the error that lists them."""
    if isinstance(stored, np.ndarray):
        raise DltuiError(f"{path} is a single array (.npy): store x and y together with np.savez")
    with stored:
        wanted = {name: _member(stored, name, path) for name in stored.files if name in WHOLE + PARTED}
        return wanted or dict.fromkeys(stored.files, np.empty(0))


def _member(stored: Any, name: str, path: Path) -> NDArray[Any]:
    """Return one array of a ``.npz``, refusing those that would have to be unpickled."""
    try:
        return np.asarray(stored[name])
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise DltuiError(
            f"{name} in {path} holds Python objects, which are never unpickled: store plain numbers or names"
        ) from error


def _from_function(spec: str, seed: int) -> Dataset:
    """Call the user's function, with the seed when it takes one, and read what it returns."""
    function = load_function("data set", spec)
    options = {"seed": seed} if "seed" in inspect.signature(function).parameters else {}
    made = call_function(spec, function, **options)
    if isinstance(made, Dataset):
        return made
    if not isinstance(made, tuple | list) or len(made) not in (len(WHOLE), len(PARTED)):
        told = f"{len(made)} things" if isinstance(made, tuple | list) else f"a {type(made).__name__}"
        raise DltuiError(f"{spec} returned {told}: {EXPECTED}")
    names = WHOLE if len(made) == len(WHOLE) else PARTED
    arrays = {name: _as_array(value, name, spec) for name, value in zip(names, made, strict=True)}
    return from_arrays(arrays, name=spec, origin=spec)


def _as_array(value: Any, name: str, spec: str) -> NDArray[Any]:
    """Return a numpy array of what may be a torch tensor, without importing torch."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DltuiError(f"{name} of {spec} is no array: {error}") from error
    if array.dtype == object or array.ndim == 0:
        raise DltuiError(f"{name} of {spec} is no array of numbers but a {type(value).__name__}: {EXPECTED}")
    return array
