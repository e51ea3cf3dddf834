"""How data may be spelled, told apart without loading any; a form asks here as a person types."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dltui.data._registry import DATASETS
from dltui.data.fetch.manifest import thing, things
from dltui.errors import UsageError, unknown
from dltui.spelling import is_function, split_knobs

Spelling = Literal["name", "file", "function"]


def told_apart(spec: str) -> Spelling:
    """Return how a data set is spelled.

    Args:
        spec: ``digits`` or ``moons:noise=0.2``, ``file.npz``, or ``package.module:function``.

    Returns:
        ``name``, ``file`` or ``function``; nothing is opened or imported.

    Raises:
        UsageError: If it is none of them, or the file isn't there.
    """
    base, path = spec.partition(":")[0], Path(spec).expanduser()
    if base in DATASETS:
        split_knobs("data set", spec)
        return "name"
    if path.suffix == ".npz" or (spec and path.exists()):
        return _file(path)
    if is_function(spec):
        return "function"
    if base in things():
        what = "weights" if thing(base).kind == "model" else "nothing to train on"
        raise UsageError(f"{base} is {what}, no data set: `dltui data path {base}` tells where it lies")
    if path.suffix or "/" in spec:
        raise UsageError(f"no file {spec}: expected a .npz with arrays x and y, or a data set such as digits")
    raise unknown("data set", base, DATASETS, "`dltui data list`")


def _file(path: Path) -> Spelling:
    """Return ``file`` when there is one."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: expected a .npz file with arrays x and y")
    if not path.is_file():
        raise UsageError(f"no file {path}: expected a .npz with arrays x and y")
    return "file"
