"""Whole data sets, once they are fetched; until then a sentence tells how."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dltui.data import load
from dltui.data._names import NAMES
from dltui.data.fashion import CLASSES
from dltui.data.fetch.get import fetch
from dltui.data.fetch.manifest import thing, things
from dltui.data.fetch.places import NotFetched, ill
from dltui.data.fetched import LABELS, PIXELS, read_idx
from dltui.errors import DltuiError, UsageError

Fetched = Callable[[str], Path]
WHOLE = [name for name, entry in NAMES.items() if entry.family == "fetched"]


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_not_here_tells_how_to_get_it(name: str) -> None:
    with pytest.raises(
        NotFetched, match=rf"{name} is not on this machine: fetch it .* with `dltui data get {name}`"
    ):
        load(name)


def test_idx_files_are_read_and_others_refused(tmp_path: Path) -> None:
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    head = bytes((0, 0, 8, 3)) + np.array(pixels.shape, ">i4").tobytes()
    (tmp_path / "x.gz").write_bytes(gzip.compress(head + pixels.tobytes()))
    assert np.array_equal(read_idx(tmp_path / "x.gz", PIXELS), pixels)
    with pytest.raises(DltuiError, match="is no IDX file of 1 axes"):
        read_idx(tmp_path / "x.gz", LABELS)
    for broken in (head + pixels.tobytes()[:-1], head[:-2]):
        (tmp_path / "x.gz").write_bytes(gzip.compress(broken))
        with pytest.raises(DltuiError, match="it is damaged; try dltui data verify"):
            read_idx(tmp_path / "x.gz", PIXELS)
    (tmp_path / "x.gz").write_bytes(b"plain")
    with pytest.raises(DltuiError, match="it is damaged"):
        read_idx(tmp_path / "x.gz", PIXELS)


@pytest.mark.extra
def test_mnist_has_ten_thousand_digits(fetched: Fetched) -> None:
    fetched("mnist")
    data = load("mnist")
    assert (data.x_train.shape, data.x_test.shape) == ((8000, 1, 28, 28), (2000, 1, 28, 28))
    counts = np.bincount(np.concatenate([data.y_train, data.y_test]))
    assert counts.tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert len(np.unique(data.x_train)) == 256
    known, asked = (x.reshape(len(x), -1) for x in (data.x_train, data.x_test))
    nearest = data.y_train[((known**2).sum(1) - 2 * asked @ known.T).argmin(1)]
    assert (nearest == data.y_test).mean() == pytest.approx(0.9515, abs=0.001)


@pytest.mark.extra
def test_fashion_is_whole_and_begins_as_the_shipped_slice(fetched: Fetched) -> None:
    fetched("fashion-full")
    whole, part = load("fashion-full"), load("fashion")
    assert (len(whole.x_train), len(whole.x_test)) == (60_000, 10_000)
    assert np.bincount(whole.y_train).tolist() == [6000] * 10
    assert whole.classes == CLASSES
    assert np.array_equal(whole.x_train[:2000], part.x_train)
    assert np.array_equal(whole.y_test[:500], part.y_test)


@pytest.mark.extra
def test_shakespeare_is_whole_and_has_hamlet_in_it(fetched: Fetched) -> None:
    fetched("shakespeare-all")
    whole, hamlet = load("shakespeare-all"), load("hamlet")
    assert whole.stream is not None
    assert hamlet.stream is not None
    assert len(whole.classes) == 84
    assert len(whole.stream) == 5_057_198 - 505_719
    text = "".join(whole.classes[token] for token in whole.stream)
    assert "".join(hamlet.classes[token] for token in hamlet.stream) in text


@pytest.mark.extra
@pytest.mark.parametrize(
    "name", [name for name, one in things().items() if one.file.endswith((".whl", ".tgz", ".deb"))]
)
def test_every_name_comes_by_its_own_client_and_changes_no_package(name: str, fetched: Fetched) -> None:
    def installed() -> str:
        return subprocess.run(
            [sys.executable, "-m", "pip", "freeze"], capture_output=True, text=True, check=True
        ).stdout

    before = installed()
    assert fetch([name], client=True, again=True)[0].new
    assert ill(thing(name)) == []
    assert installed() == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "dragon",
            "dragon is nothing to train on, no data set: `dltui data path dragon` tells where it lies",
        ),
        ("minilm", "minilm is weights, no data set: `dltui data path minilm` tells where it lies"),
    ],
)
def test_what_is_no_data_set_is_told(name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        load(name)
