"""Writing metrics: cheap to hand over, soon in the file, and what was acknowledged outlives anything."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dltui.errors import DltuiError
from dltui.runs import MetricsReader, MetricsWriter, Run, new_run, open_run, read_metrics
from dltui.runs import spool as spooling
from dltui.runs.overview import overview_all

STRIKES = 6

WRITER = """
import sys
from pathlib import Path
from dltui.runs.folder import open_run
from dltui.runs.metrics import MetricsWriter

writer, step = MetricsWriter(open_run(Path(sys.argv[1]))), int(sys.argv[2])
while True:
    for _ in range(7):
        step += 1
        writer.append({"kind": "step", "step": step, "loss": 1 / step, "why": "x" * (step % 300)})
    writer.flush()
    print(step, flush=True)
"""

FULL = """
import resource, sys
from pathlib import Path
from dltui.errors import DltuiError
from dltui.runs.folder import open_run
from dltui.runs.metrics import MetricsWriter

run = open_run(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
writer = MetricsWriter(run)
try:
    for step in range(100_000):
        writer.append({"step": step})
        step % 100 or writer.flush()
except DltuiError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.close()
print(step)
"""


@pytest.fixture
def run() -> Run:
    return new_run(model="mlp", data="moons", settings={})


def test_killed_at_random_moments_it_loses_no_acknowledged_row(run: Run) -> None:
    draw, step = random.Random(7), 0
    for _ in range(STRIKES):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(run.folder), str(step)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        acknowledged = int(told[-1]) if told else step
        found = [row["step"] for row in read_metrics(run)]
        assert found == list(range(1, len(found) + 1))  # none is missing, none stands twice
        assert len(found) >= acknowledged > 0
        assert open_run(run.folder).state_now() in {"died", "running"}
        step = len(found)
    with MetricsWriter(run) as writer:
        writer.append({"step": step + 1})
    assert read_metrics(run)[-1] == {"step": step + 1}


def test_rows_arrive_by_themselves_in_few_writes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    write = os.write

    def counted(handle: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(handle, data)

    monkeypatch.setattr(spooling.os, "write", counted)
    reader, rows = MetricsReader(run), []
    with MetricsWriter(run) as writer:
        for step in range(5_000):
            writer.append({"step": step})
        end = time.monotonic() + 20
        while len(rows) < 5_000 and time.monotonic() < end:
            rows += reader.new_rows()
            time.sleep(0.005)
    assert [row["step"] for row in rows] == list(range(5_000))
    assert len(sizes) < 1_000


def test_who_hands_over_too_fast_waits(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "MOST", 50)
    with MetricsWriter(run) as writer:
        for step in range(2_000):
            writer.append({"step": step})
            assert len(writer._spool._items) <= 50
    assert len(read_metrics(run)) == 2_000


def test_a_disk_that_is_full_is_one_sentence_and_costs_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, write = [40], os.write

    def short(handle: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(handle, data[: room[0]])
        room[0] -= done
        return done

    writer = MetricsWriter(run)
    monkeypatch.setattr(spooling.os, "write", short)
    for step in range(10):
        writer._spool._items.append(json.dumps({"step": step}).encode() + b"\n")
    with pytest.raises(DltuiError, match=r"can't write .*metrics.jsonl: No space left on device; what was"):
        writer.flush()
    assert read_metrics(run) == [{"step": 0}, {"step": 1}, {"step": 2}]  # and a torn line
    with pytest.raises(DltuiError, match="No space left"):
        writer.append({"step": 10})
    room[0] = 10_000
    writer.append({"step": 11})
    writer.close()
    assert [row["step"] for row in read_metrics(run)] == list(range(12))


def test_a_file_that_may_not_grow(run: Run) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(run.folder)], capture_output=True, text=True, check=True
    )
    sentence, last = done.stdout.splitlines()
    assert sentence.startswith(f"can't write {run.metrics}: File too large; what was written before is whole")
    assert [row["step"] for row in read_metrics(run)] == list(range(int(last) + 1))


def test_a_device_that_is_full(run: Run) -> None:
    run.metrics.unlink()
    run.metrics.symlink_to("/dev/full")
    with pytest.raises(DltuiError, match="No space left on device"), MetricsWriter(run) as writer:
        writer.append({"step": 1})


def test_two_processes_never_write_one_run(run: Run) -> None:
    code = WRITER.replace("while True:", "while False:")
    with MetricsWriter(run):
        done = subprocess.run(
            [sys.executable, "-c", code, str(run.folder), "0"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert f"another process is writing the run {run.name}: wait, or start a new run" in done.stderr
    subprocess.run([sys.executable, "-c", code, str(run.folder), "0"], check=True)


def test_what_json_cannot_say_is_null_and_named(run: Run) -> None:
    nan, inf = float("nan"), float("inf")
    with MetricsWriter(run) as writer:
        writer.append({"loss": nan, "lr": 0.1, "grad_norm": {"fc1": 1.0, "fc2": -inf}, "list": [1, inf]})
        writer.append({"loss": np.float32(0.5), "n": np.int64(3), "bad": np.float32("nan")})
        writer.append({"huge": 10**5000})
        with pytest.raises(TypeError, match="can't hold <object"):
            writer.append({"loss": object()})
        row, array = {"step": 3}, np.array(1.5)
        writer.append(row)
        writer.append({"value": array, "parts": [row]})
        row["step"] = array[()] = 9  # what was handed over stays as it was
    first, second, huge, *kept = read_metrics(run)
    assert huge == {"huge": None, "nonfinite_fields": ["huge"]}
    assert kept == [{"step": 3}, {"value": 1.5, "parts": [{"step": 3}]}]
    assert first == {
        "loss": None, "lr": 0.1, "grad_norm": {"fc1": 1.0, "fc2": None}, "list": [1, None],
        "nonfinite_fields": ["loss", "grad_norm/fc2", "list/1"],
    }  # fmt: skip
    assert second == {"loss": 0.5, "n": 3, "bad": None, "nonfinite_fields": ["bad"]}


def test_a_closed_writer_refuses(run: Run) -> None:
    writer = MetricsWriter(run)
    writer.append({"step": 1})
    writer.sync()
    writer.close()
    writer.close()
    with pytest.raises(DltuiError, match=r"metrics.jsonl: "):
        writer.append({"step": 2})
    assert read_metrics(run) == [{"step": 1}]


def test_a_forked_process_writes_nothing_and_holds_nothing(run: Run) -> None:
    writer = MetricsWriter(run)
    writer._spool._items.append(b'{"step": 1}\n')  # not written yet
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        writer.close()
        os.write(theirs, b"x")
        time.sleep(5)
        os._exit(0)
    writer.close()
    try:
        assert os.read(ours, 1) == b"x"
        assert read_metrics(run) == [{"step": 1}]
        with MetricsWriter(run) as second:  # the child doesn't hold the lock
            second.append({"step": 2})
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ours)
        os.close(theirs)


def test_a_process_that_ends_without_closing_leaves_its_rows(run: Run) -> None:
    code = WRITER.replace("while True:", "if True:").replace("writer.flush()", "sys.exit(3)")
    done = subprocess.run([sys.executable, "-c", code, str(run.folder), "0"], check=False)
    assert done.returncode == 3
    assert [row["step"] for row in read_metrics(run)] == list(range(1, 8))


@pytest.mark.parametrize(
    "torn",
    [b'{"a": 1', b"[" * 3000, b"\xff\xfe", b"null", b"3", b'"x"', b'{"kind": ["epoch"]}', b"", b"\0\0"],
)
def test_lines_that_are_no_rows_are_passed_over(run: Run, torn: bytes) -> None:
    run.metrics.write_bytes(b'{"step": 1}\n' + torn + b'\n{"step": 2}\n{"step": 3')
    found = read_metrics(run)
    assert [row["step"] for row in found if "step" in row] == [1, 2]


def test_a_long_file_is_read_in_blocks(run: Run) -> None:
    with MetricsWriter(run) as writer:
        for step in range(20_000):
            writer.append({"kind": "epoch", "step": step, "loss": 1 / (step + 1)})
    reader = MetricsReader(run)
    blocks = list(reader.blocks())
    assert len(blocks) > 3
    rows = [row for rows in blocks for row in rows]
    assert rows == [json.loads(line) | {"kind": "eval"} for line in run.metrics.read_text().splitlines()]
    assert reader.place == run.metrics.stat().st_size
    assert MetricsReader(run, place=reader.place - 1).new_rows() == []


def test_a_run_in_a_folder_that_may_not_be_written(run: Run, tmp_path: Path) -> None:
    run.metrics.unlink()
    run.metrics.mkdir()
    with pytest.raises(DltuiError, match=r"can't write .*metrics.jsonl: Is a directory"):
        MetricsWriter(run)


def test_a_run_whose_rows_can_not_be_read_hides_no_other(run: Run) -> None:
    other = new_run(model="m", data="d", settings={})
    run.metrics.unlink(missing_ok=True)
    run.metrics.mkdir()
    assert read_metrics(run) == []
    rows = overview_all().numbers["runs"]
    assert isinstance(rows, list)
    assert {row["name"] for row in rows} == {run.name, other.name}
