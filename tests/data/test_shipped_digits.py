"""The shipped digits against scikit-learn's own copy, and the split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from dltui.data import load, shipped
from dltui.data.shipped import open_asset, verify_assets
from dltui.errors import DltuiError


def test_equal_to_scikit_learns_copy() -> None:
    theirs = load_digits()
    with open_asset("digits.npz") as file:
        stored = np.load(file, allow_pickle=False)
        assert np.array_equal(stored["x"], theirs.images)
        assert np.array_equal(stored["y"], theirs.target)


def test_split_is_a_stratified_fifth_of_all() -> None:
    theirs, mine = load_digits(), load("digits")
    assert mine.x_train.shape == (1437, 1, 8, 8)
    assert mine.x_test.shape == (360, 1, 8, 8)
    assert mine.x_train.dtype == np.float32
    assert mine.y_train.dtype == np.int64
    assert mine.input_shape == (1, 8, 8)
    assert mine.outputs == 10
    exact = np.bincount(theirs.target) * 360 / 1797
    assert np.all(np.abs(np.bincount(mine.y_test) - exact) < 1)

    def bag(x: np.ndarray, y: np.ndarray) -> Counter[tuple[bytes, int]]:
        return Counter((row.tobytes(), int(label)) for row, label in zip(x, y, strict=True))

    ours = bag(mine.x_train[:, 0], mine.y_train) + bag(mine.x_test[:, 0], mine.y_test)
    assert ours == bag((theirs.images / 16).astype(np.float32), theirs.target)


def test_split_does_not_depend_on_the_seed() -> None:
    first, second = load("digits", seed=0), load("digits", seed=1)
    assert np.array_equal(first.x_test, second.x_test)


def test_assets_are_whole_and_small(root: Path) -> None:
    checks = {check.name: check for check in verify_assets()}
    assert all(check.whole for check in checks.values())
    assert checks["digits.npz"].note == "45374 bytes"
    held = [path for path in (root / "dltui" / "assets").iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in held) < 3_000_000
    named = sorted(path.name.removesuffix(".xz") for path in held)
    assert named == sorted([*checks, "assets.toml", "fetchable.toml", "NOTICE"])


def test_every_asset_is_told_in_the_notice(root: Path) -> None:
    told = (root / "dltui" / "assets" / "NOTICE").read_text()
    for check in verify_assets():
        assert f"\n{check.name}\n" in told
        assert check.source
        assert check.licence


def test_broken_packed_asset_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "fashion.npz.xz").write_bytes(b"\xfd7zXZ\x00")
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    with pytest.raises(DltuiError, match=r"^the shipped file fashion\.npz is broken: install dltui again$"):
        load("fashion")


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"x", "1 bytes instead of 45374"),
        (b"x" * 45374, "its sha256 is not the recorded one"),
        (None, "the shipped file digits.npz is missing: install dltui again"),
    ],
)
def test_damaged_assets_are_told(
    content: bytes | None, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "assets.toml").write_bytes(
        (root / "dltui" / "assets" / "assets.toml").read_bytes()
    )
    if content is not None:
        (tmp_path / "assets" / "digits.npz").write_bytes(content)
    monkeypatch.setattr(shipped, "files", lambda package: tmp_path)
    check = next(check for check in verify_assets() if check.name == "digits.npz")
    assert not check.whole
    assert check.note == note
