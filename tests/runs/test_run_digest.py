"""What rows come to: exact while they are few, true minima, maxima and means when they are many, indexed when long."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dltui.runs import Digest, Follower, MetricsWriter, Run, change, discard, new_run, read_digest
from dltui.runs import follow as following
from dltui.runs import index as indexing
from dltui.runs.curves import Sight, chart, curves_of
from dltui.runs.digest import digest_of
from dltui.runs.index import RunIndex
from dltui.runs.levels import BASE, EXACT, FACTOR, Levels
from dltui.runs.metrics import Row

MOST = 100


@pytest.fixture
def run() -> Run:
    return new_run(model="mlp", data="moons", settings={})


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call every run long."""
    monkeypatch.setattr(following, "LONG", 1)
    monkeypatch.setattr(following, "WORTH", 1)


def a_row(step: int) -> Row:
    row: Row = {
        "kind": "step",
        "step": step,
        "seconds": step / 7,
        "loss": 5 / step + step % 13,
        "learning_rate": 0.1,
    }
    if step % 3 == 0:
        row["memory"] = step
    if step % 1000 == 999:
        row["loss"] = None
    return row


def rows_of(count: int, first: int = 1) -> list[Row]:
    rows: list[Row] = []
    for step in range(first, first + count):
        rows.append(a_row(step))
        if step % 100 == 0:
            rows.append({"kind": "layers", "step": step, "grad_norm": {"fc1": step, "fc2": 1 / step}})
            rows.append({"kind": "eval", "step": step, "epoch": step / 100, "test_loss": 1 / step})
    return rows


def write(run: Run, rows: list[Row]) -> None:
    with MetricsWriter(run) as writer:
        for row in rows:
            writer.append(row)


def told(digest: Digest) -> dict[tuple[str, str], list[list[float]]]:
    """Everything that a picture is made of."""
    return {
        key: np.nan_to_num(levels.buckets(MOST), nan=-1).tolist() for key, levels in digest.series.items()
    }


def same(one: Digest, other: Digest) -> bool:
    known = [(d.count, d.step, d.rows, told(d)) for d in (one, other)]
    return known[0] == known[1] and str(one.seconds) == str(other.seconds)


@pytest.mark.parametrize("count", [1, BASE, 1000, EXACT, EXACT + 1, 10_000, 70_001])
def test_buckets_tell_the_minimum_maximum_and_mean_of_the_rows(count: int) -> None:
    draw = np.random.default_rng(count)
    value, levels, done = draw.standard_normal(count), Levels(), 0
    value[::97] = np.nan
    while done < count:  # in pieces of any size
        part = slice(done, done + int(draw.integers(1, 3000)))
        step = np.arange(count)[part] + 1.0
        levels.add(step, step / 10, step / 5, value[part])
        done = part.stop
    for most in (50, 300, 2000):
        found = levels.buckets(most)
        assert len(found) <= (most + 2 if count > EXACT else EXACT)
        ends = np.cumsum(found[:, 4]).astype(int)
        assert ends[-1] == count == levels.count
        for start, end, bucket in zip([0, *ends[:-1]], ends, found, strict=True):
            part = value[start:end]
            known = part[np.isfinite(part)]
            assert bucket[:5].tolist() == [start + 1, end, end / 10, end / 5, end - start]
            assert bucket[5] == len(known)
            if len(known):
                assert (bucket[6], bucket[7]) == (known.min(), known.max())
                np.testing.assert_allclose(bucket[8], known.sum(), atol=1e-9)
            np.testing.assert_equal(bucket[9], part[-1])


def test_a_short_run_is_told_exactly() -> None:
    found = digest_of(rows_of(500))
    loss = next(curve for curve in curves_of(found) if curve.key == "loss")
    assert loss.step.tolist() == list(range(1, 501))
    np.testing.assert_array_equal(loss.value, [a_row(step)["loss"] for step in range(1, 501)])
    assert (loss.rows == 1).all()
    assert found.series["step", "memory"].buckets(9)[:, 1].tolist() == list(range(3, 501, 3))
    assert found.series["layers", "grad_norm/fc2"].buckets(9)[:, 9].tolist() == [
        1 / s for s in range(100, 501, 100)
    ]
    assert [row["test_loss"] for row in found.of_kind("eval")] == [1 / s for s in range(100, 501, 100)]
    assert (found.step, found.count) == (500, 510)


def test_a_peak_of_a_long_run_is_drawn_and_the_mean_is_smoothed() -> None:
    rows: list[Row] = [{"kind": "step", "step": step, "loss": 1.0 + step % 2} for step in range(1, 20_001)]
    rows[7_777]["loss"] = 1000.0
    (loss,) = curves_of(digest_of(rows), MOST)
    raw = chart("Loss", [("loss", loss, None)], Sight(), "x").series[0]
    assert (raw.y.min(), raw.y.max(), loss.last) == (1.0, 1000.0, 1.0)
    assert len(raw.x) == len(raw.y) < 3 * MOST
    smooth = chart("Loss", [("loss", loss, None)], Sight(smooth=0.9), "x").series[0]
    np.testing.assert_allclose(smooth.y[-5:], 1.5, rtol=1e-6)  # the mean, not the middle of a peak


@pytest.mark.parametrize("count", [500, 9_000])
def test_a_run_that_was_gone_on_with_is_told_once(count: int) -> None:
    back = count - 123
    again: Row = {"kind": "start", "attempt": 2, "resumed_from": back, "step": back}
    rest = rows_of(300, back + 1)
    found = digest_of([*rows_of(count), again, *rest])
    loss = found.series["step", "loss"]
    assert loss.buckets(10**6)[-1][1] == back + 300
    steps = loss.buckets(10**6)[:, 1]
    assert (np.diff(steps) > 0).all()
    assert back + 300 - BASE <= loss.count <= back + 300
    assert found.step == back + 300
    evaluated = [row["step"] for row in found.of_kind("eval")]
    assert evaluated == list(range(100, back + 301, 100))


def test_values_that_are_no_numbers_are_passed_over() -> None:
    rows: list[Row] = [
        {"kind": "step", "step": 1, "loss": 1.0, "note": "x", "flag": True, "list": [1]},
        {"kind": "step", "step": 2, "loss": "nan?", "note": "y", "flag": False},
        {"kind": "step", "step": "three", "loss": 10**400, "other": {"a": 1, "b": "c"}},
        {"kind": ["step"], "loss": 3},
        {"loss": 4},
    ]
    found = digest_of(rows)
    assert list(found.series) == [("step", "loss"), ("step", "other/a")]
    np.testing.assert_array_equal(found.series["step", "loss"].buckets(9)[:, 9], [1.0, np.nan, np.nan])
    assert (found.step, found.count) == (2, 5)


def test_an_index_tells_the_same_as_the_rows(run: Run, long: None) -> None:
    follower, rows = Follower(run), rows_of(15_000)
    assert follower.look().count == 0
    for part in range(0, len(rows), 7_000):
        write(run, rows[part : part + 7_000])
        follower.look()
    expected = digest_of(rows)
    assert same(follower.look(), expected)
    known = RunIndex(run).load()
    assert known is not None
    assert known.count == len(rows)
    assert same(known, expected)
    more = rows_of(3_000, 15_001)
    write(run, more)
    assert same(Follower(run).look(), digest_of([*rows, *more]))
    assert same(follower.look(), digest_of([*rows, *more]))  # another reader has been at the index
    assert same(Follower(run).look(), digest_of([*rows, *more]))


def test_an_index_is_made_anew_when_the_file_is_another(run: Run, long: None) -> None:
    write(run, rows_of(6_000))
    follower = Follower(run)
    follower.look()
    whole = run.metrics.read_bytes()
    run.metrics.write_bytes(whole[: len(whole) // 2] + b"\n")  # shorter
    assert follower.look().count == read_digest(run).count < 6_120
    write(run, rows_of(9_000))
    read_digest(run)
    data = bytearray(run.metrics.read_bytes())
    run.metrics.write_bytes(bytes(data).replace(b'"loss":', b'"lost":', 1))  # as long, but other
    assert ("step", "lost") in read_digest(run).series
    run.metrics.unlink()
    assert read_digest(run).count == 0
    write(run, rows_of(40))
    assert same(follower.look(), digest_of(rows_of(40)))


@pytest.mark.parametrize(
    "harm", ["garbage", "cut", "empty", "gone", "folder", "other tables", "holes", "read-only"]
)
def test_a_broken_index_is_nobodys_trouble(run: Run, long: None, harm: str) -> None:
    write(run, rows_of(9_000))
    read_digest(run)
    path = RunIndex(run).path
    data = path.read_bytes()
    if harm == "garbage":
        path.write_bytes(random.Random(1).randbytes(5_000))
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "gone":
        path.unlink()
    elif harm == "folder":
        path.unlink()
        path.mkdir()
    elif harm == "other tables":
        path.unlink()
        sqlite3.connect(path).execute("CREATE TABLE known (x)").connection.close()
    elif harm == "holes":
        base = sqlite3.connect(path)
        base.execute("DELETE FROM buckets WHERE id % 2")
        base.commit()
        base.close()
    else:
        path.parent.chmod(0o500)
        path.chmod(0o400)
    expected = digest_of(rows_of(9_000))
    assert same(read_digest(run), expected)
    write(run, rows_of(100, 9_001))
    assert same(read_digest(run), digest_of([*rows_of(9_000), *rows_of(100, 9_001)]))
    path.parent.chmod(0o700)
    if harm not in {"folder", "read-only"}:
        assert RunIndex(run).load() is not None


def test_bits_that_flip_in_an_index_never_harm(run: Run, long: None) -> None:
    write(run, rows_of(5_000))
    read_digest(run)
    path, draw = RunIndex(run).path, random.Random(3)
    data = path.read_bytes()
    for _ in range(15):
        broken = bytearray(data)
        for _ in range(20):
            broken[draw.randrange(len(broken))] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(broken))
        read_digest(run)  # raises nothing


def test_several_readers_at_once(run: Run, long: None) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from dltui.runs import Follower, follow, open_run\n"
        "follow.LONG = follow.WORTH = 1\n"
        "follower = Follower(open_run(Path(sys.argv[1])))\n"
        "while follower.look().step < 6000: pass\n"
        "print(follower.look().count)\n"
    )
    crew = [
        subprocess.Popen([sys.executable, "-c", code, str(run.folder)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    rows = rows_of(6_000)
    with MetricsWriter(run) as writer:
        for place, row in enumerate(rows):
            writer.append(row)
            if place % 50 == 0:
                writer.flush()
    assert [int(process.communicate()[0]) for process in crew] == [len(rows)] * 3
    assert same(read_digest(run), digest_of(rows))


def test_a_long_run_that_was_gone_on_with_is_read_again(
    run: Run, long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "POINTS", MOST)
    rows = rows_of(20_000)
    write(run, rows)
    follower = Follower(run)
    follower.look()
    fresh = Follower(run)
    assert any(levels.floor for levels in fresh.look().series.values())
    rest: list[Row] = [{"kind": "start", "resumed_from": 15_000, "step": 15_000}, *rows_of(500, 15_001)]
    write(run, rest)
    for reader in (follower, fresh, Follower(run)):
        assert reader.look().step == 15_500
        assert same(reader.look(), digest_of([*rows, *rest]))


def test_the_index_is_in_the_cache_folder_and_goes_with_the_run(
    run: Run, long: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CACHE", str(tmp_path / "cache"))
    write(run, rows_of(50))
    before = sorted(path.name for path in run.folder.rglob("*"))
    read_digest(run)
    assert sorted(path.name for path in run.folder.rglob("*")) == before
    (found,) = (tmp_path / "cache").rglob("*.sqlite")
    assert found == RunIndex(run).path
    change(run, pid=0)
    discard(run.folder)
    assert not found.exists()


def test_levels_are_as_wide_as_they_say() -> None:
    levels = Levels()
    step = np.arange(BASE * FACTOR**2 + 5.0)
    levels.add(step, step, step, step)
    assert levels.sizes == [FACTOR**2, FACTOR, 1]
    assert [set(levels.level(at)[:, 4]) for at in range(3)] == [{BASE}, {BASE * FACTOR}, {BASE * FACTOR**2}]


def test_a_run_under_another_user_needs_no_cache(
    run: Run, long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CACHE", "/proc/nowhere")
    write(run, rows_of(50))
    assert read_digest(run).step == 50
    assert os.environ["DLTUI_CACHE"] == "/proc/nowhere"


def test_a_long_run_is_looked_at_in_parts(run: Run, long: None) -> None:
    rows = rows_of(12_000)
    write(run, rows)
    follower, counts = Follower(run, patience=0), []
    while not counts or follower.behind:
        counts.append(follower.look().count)
    assert len(counts) > 3
    assert counts == sorted(counts)
    assert same(follower.look(), digest_of(rows))
    assert same(read_digest(run), digest_of(rows))
