"""Sources parsed by several threads at once."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dltui.spelling import expression, parsed

DEEP = "(" * 60 + "x" + " + 1)" * 60


@pytest.fixture
def meeting() -> Iterator[None]:
    """Threads take turns whenever garbage is collected, also while a tree is being built."""

    def turn(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(turn)
    gc.set_threshold(5)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(turn)


@pytest.mark.parametrize("read", [parsed, expression])
@pytest.mark.usefixtures("meeting")
def test_threads_do_not_meet(read: object) -> None:
    assert callable(read)
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(read, [DEEP] * 40))
    assert len(trees) == 40
