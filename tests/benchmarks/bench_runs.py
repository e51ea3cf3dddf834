"""What keeping metrics costs, and how soon they are seen: ``python tests/benchmarks/bench_runs.py [part ...]``.

Parts: ``write`` (microseconds a row, beside TensorBoard's SummaryWriter), ``train`` (what a row for every step of a
small CNN costs), ``live`` (age of what a reader at 20 Hz sees beside a writer at 1,000 rows a second), ``kill``
(acknowledged rows that kill -9 costs), ``open`` (a run of a million rows), ``events`` (reading event files, beside
TensorBoard's EventAccumulator). All when none is named.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

from dltui.runs import Follower, MetricsReader, MetricsWriter, Run, finish, new_run, open_run, read_metrics
from dltui.runs.curves import curves_of
from dltui.runs.index import RunIndex
from dltui.runs.metrics import Row
from dltui.runs.tensorboard import EventReader

Say = Callable[[str], object]

ROWS = 20_000  # handed over at a time
MANY = 1_000_000  # rows of a long run
EVENTS = 100_000
SECONDS = 10.0  # of a live run
RATE = 1000  # rows a second
POLL = 1 / 20
KILLS = 20
STEPS = 5000
SCALARS = ("loss", "learning_rate", "grad_norm", "weight_norm", "update_ratio", "rate")


def a_row(step: int) -> Row:
    """Return a row as every step of a training writes one."""
    return {
        "kind": "step", "step": step, "seconds": round(step * 0.00123, 3), "epoch": step / 977,
        "loss": 3 / step**0.3, "learning_rate": 1e-3, "grad_norm": 1 / (step % 7 + 0.3), "nonfinite": 0,
        "weight_norm": 12.5 + step / 7e6, "update_ratio": 1e-3 / (step % 5 + 0.7), "rate": 12345.678,
        "memory": 123456789,
    }  # fmt: skip


def a_run() -> Run:
    """Begin a run."""
    return new_run(model="gpt", data="hamlet", settings={})


def write(say: Say) -> None:
    """Time handing rows over, by turns with a SummaryWriter that takes six scalars, and one."""
    from torch.utils.tensorboard import SummaryWriter

    rows = [a_row(step) for step in range(1, ROWS + 1)]
    took: dict[str, list[float]] = {"ours": [], "six scalars": [], "one scalar": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        MetricsWriter(a_run()) as writer,
        SummaryWriter(folder) as peer,
    ):
        for _ in range(5):
            started = time.perf_counter()
            for row in rows:
                writer.append(row)
            took["ours"].append((time.perf_counter() - started) / ROWS)
            writer.flush()
            for name, keys in (("six scalars", SCALARS), ("one scalar", SCALARS[:1])):
                some = rows[: ROWS // 10]
                started = time.perf_counter()
                for row in some:
                    for key in keys:
                        peer.add_scalar(key, row[key], row["step"])
                took[name].append((time.perf_counter() - started) / len(some))
                peer.flush()
    ours, six, one = (1e6 * median(times) for times in took.values())
    say(
        f"a row of {len(a_row(1))} values: {ours:.1f} us; SummaryWriter: {six:.1f} us for six, {one:.1f} us for one"
    )


def train(say: Say) -> None:
    """Take the processor time of the steps of a small CNN, and of the row that each writes, in both threads."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Conv2d(6, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)
    )
    optimizer = torch.optim.AdamW(net.parameters())
    x, y = torch.randn(32, 1, 8, 8), torch.randint(0, 10, (32,))
    own = step = 0.0
    with MetricsWriter(a_run()) as writer:
        whole, main = time.process_time(), time.thread_time()
        for number in range(1, STEPS + 1):
            started = time.thread_time()
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            row = a_row(number) | {"loss": loss.item()}
            handed = time.thread_time()
            writer.append(row)
            own += time.thread_time() - handed
            step += handed - started
        other = (time.process_time() - whole) - (time.thread_time() - main)  # of the thread that writes
    parts = (
        f"{1e6 * own / STEPS:.1f} us of the training's thread, {1e6 * other / STEPS:.1f} us of the writer's"
    )
    say(f"a step takes {1e6 * step / STEPS:.0f} us; its row {parts}: {100 * (own + other) / step:.2f} %")


def write_live(folder: Path, seconds: float) -> None:
    """Write rows at their times, each telling when it was made; print the processor time that it took."""
    began, busy = time.perf_counter(), 0.0
    with MetricsWriter(open_run(folder)) as writer:
        for step in range(1, int(seconds * RATE) + 1):
            time.sleep(max(0.0, began + step / RATE - time.perf_counter()))
            row = a_row(step) | {"made": time.time()}
            before = time.perf_counter()
            writer.append(row)
            busy += time.perf_counter() - before
    print(busy / seconds / RATE * 1e6)


def live(say: Say) -> None:
    """Read a run at 20 Hz while another process writes it, and take the age of every row when it is seen."""
    run, ages, seen = a_run(), [], 0
    process = subprocess.Popen(
        [sys.executable, __file__, "write-live", str(run.folder), str(SECONDS)], stdout=-1
    )
    reader = MetricsReader(run)
    while process.poll() is None:
        time.sleep(POLL)
        rows = reader.new_rows()
        now = time.time()
        ages += [now - row["made"] for row in rows]
        seen += len(rows)
    assert process.stdout is not None
    cost = float(process.stdout.read())
    seen += len(reader.new_rows())
    at = quantiles(ages, n=100)
    say(
        f"age when seen: median {1e3 * median(ages):.0f} ms, p99 {1e3 * at[98]:.0f} ms, most {1e3 * max(ages):.0f} ms"
    )
    say(f"{seen} of {int(SECONDS * RATE)} rows seen; {cost:.1f} us a row for the writer")


KILLED = """
import sys
from pathlib import Path
from dltui.runs import MetricsWriter, open_run
writer, step = MetricsWriter(open_run(Path(sys.argv[1]))), int(sys.argv[2])
while True:
    step += 1
    writer.append({"kind": "step", "step": step, "loss": 1 / step})
    if step % 10 == 0:
        writer.flush()
        print(step, flush=True)
"""


def kill(say: Say) -> None:
    """Kill a writer at random moments and look for every row that it had acknowledged."""
    run, lost, step, draw = a_run(), 0, 0, random.Random(0)
    for _ in range(KILLS):
        words = [sys.executable, "-c", KILLED, str(run.folder), str(step)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().split()
        process.wait()
        found = [row["step"] for row in read_metrics(run)]
        acknowledged = int(told[-1]) if told else step
        lost += max(0, acknowledged - len(found)) + (found != list(range(1, len(found) + 1)))
        step = len(found)
    say(f"{KILLS} kills -9, {step} rows: {lost} acknowledged rows lost")


def open_long(say: Say) -> None:
    """Time a long run: without an index, with one, and its tail."""
    run = a_run()
    with MetricsWriter(run) as writer:
        for step in range(1, MANY + 1):
            writer.append(a_row(step))
            if step % 20_000 == 0:
                writer.append({"kind": "eval", "step": step, "epoch": step / 977, "test_loss": 3 / step**0.3})
                writer.flush()
    finish(run, "done")
    first, tail = _opened(run), []
    again = [_opened(run) for _ in range(5)]
    follower = Follower(run)
    follower.look()
    with MetricsWriter(run) as writer:
        for step in range(MANY + 1, MANY + 51):
            writer.append(a_row(step))
            writer.flush()
            started = time.perf_counter()
            curves_of(follower.look())
            tail.append(time.perf_counter() - started)
    size, index = run.metrics.stat().st_size, RunIndex(run).path.stat().st_size
    say(
        f"{MANY} rows ({size / 1e6:.0f} MB): {first:.2f} s without an index, {1e3 * median(again):.0f} ms with one"
    )
    say(f"index {index / 1e6:.0f} MB; its tail, with every curve: {1e3 * median(tail):.1f} ms")


def _opened(run: Run) -> float:
    """Return the seconds to all curves of a run."""
    started = time.perf_counter()
    curves_of(Follower(run).look())
    return time.perf_counter() - started


def events(say: Say) -> None:
    """Time reading an event file, by turns with TensorBoard's own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            for step in range(EVENTS):
                writer.add_scalar("loss", 1 / (step + 1), step)
        ours, theirs = [], []
        for _ in range(3):
            started = time.perf_counter()
            rows = EventReader(Path(folder)).new_rows()
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            told = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload().Scalars("loss")
            theirs.append(time.perf_counter() - started)
            assert len(rows) == len(told) == EVENTS
    one, other = median(ours), median(theirs)
    say(f"{EVENTS} events: {one:.2f} s; EventAccumulator: {other:.2f} s ({other / one:.1f} times as long)")


PARTS = {"write": write, "train": train, "live": live, "kill": kill, "open": open_long, "events": events}


def main(parts: Sequence[str], say: Say) -> None:
    """Measure some parts in a home of their own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DLTUI_HOME"], os.environ["DLTUI_CACHE"] = f"{home}/home", f"{home}/cache"
        for part in parts or PARTS:
            PARTS[part](lambda text, part=part: say(f"{part}: {text}"))  # type: ignore[misc]


if __name__ == "__main__":
    if sys.argv[1:2] == ["write-live"]:
        write_live(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        main(sys.argv[1:], print)
