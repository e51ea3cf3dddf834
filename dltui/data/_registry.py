"""The register of data sets that dltui knows by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dltui.data._names import NAMES
from dltui.data.dataset import Dataset
from dltui.registry import Registry

Maker = Callable[..., Dataset]
M = TypeVar("M", bound=Maker)

DATASETS: Registry[Maker] = Registry("data set", NAMES)


def dataset(name: str) -> Callable[[M], M]:
    """Register the function below as the maker of the data set ``name``.

    Args:
        name: How people spell it.

    Returns:
        A decorator for ``(name: str, seed: int, *, knob=default, …) -> Dataset``.
    """

    def put(maker: M) -> M:
        DATASETS.register(name, maker)
        return maker

    return put
