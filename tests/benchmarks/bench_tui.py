"""The bars of the TUI on a real pseudo-terminal: first paint, keys, pictures, cancelling, sliders.

``python tests/benchmarks/bench_tui.py [rounds]`` prints medians, 95th percentiles and ratios, and never fails on time.
What is compared runs by turns in one loop. The terminal is read by a thread of its own, as fast as it can or at a rate.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
APP = str(Path(__file__).with_name("bench_tui_app.py"))
EMPTY = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class Empty(App):\n    def compose(self):\n        yield Static('painted')\n"
    "Empty().run()"
)
SCAN = ["landscape", "lenet", "--steps", "101", "--exact"]
KEYS = 60
ASKED = b"\x1b[c"  # the last of our questions to a terminal
KITTY = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.40.1)\x1b\\\x1b[6;16;8t\x1b[?62;c"  # what kitty says to them
BETWEEN = (
    0.3  # seconds from one start to the next, as no process of real-time priority may have a core for itself
)
TAIL = 256  # bytes kept of what was read before, for answers that come in two parts


class Reading:
    """A process on a terminal that a thread reads."""

    def __init__(
        self,
        command: list[str],
        columns: int = 160,
        rows: int = 52,
        *,
        drain: float | None = None,
        answer: bytes = b"",
        **more: str,
    ) -> None:
        self.keyboard, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = os.environ | {
            "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"
        } | more  # fmt: skip
        # an installed package keeps its compiled modules, as Textual does here
        for name in ("SSH_CONNECTION", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True
        )
        os.close(child)
        self._drain, self._answer, self._heard = drain, answer, threading.Condition()
        self._wanted: re.Pattern[bytes] | None = None  # what is waited for, and once it came: what and when
        self._found: tuple[re.Match[bytes], float] | None = None
        self._tail, self.bytes = b"", 0
        self._open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """Read until the end, at most so many bytes a second."""
        while self._open:
            if not select.select([self.keyboard], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(self.keyboard, 16384)
            except OSError:
                break
            if self._drain:
                time.sleep(len(part) / self._drain)
            with self._heard:
                self._tail = (self._tail + part)[-TAIL - len(part) :]
                self.bytes += len(part)
                if self._answer and ASKED in self._tail:
                    os.write(self.keyboard, self._answer)
                    self._answer = b""
                self._look()

    def _look(self) -> None:
        """Look whether what is waited for has come."""
        match = self._wanted.search(self._tail) if self._wanted else None
        if match:
            self._wanted, self._tail = None, self._tail[match.end() :]
            self._found = match, time.perf_counter()
            self._heard.notify_all()

    def _want(self, pattern: str) -> None:
        """Look for a text from now on."""
        with self._heard:
            self._wanted, self._found = re.compile(pattern.encode()), None
            self._look()

    def find(self, pattern: str, seconds: float = 60) -> tuple[str, float]:
        """Wait for text; return what matched, and when it came."""
        self._want(pattern)
        return self._await(pattern, seconds)

    def _await(self, pattern: str, seconds: float = 60) -> tuple[str, float]:
        """Wait for the text that is looked for; return what matched, and when it came."""
        with self._heard:
            if not self._heard.wait_for(lambda: self._found is not None, seconds) or self._found is None:
                raise TimeoutError(f"{pattern!r} never came; the last was {self._tail[-500:]!r}")
            return self._found[0].group().decode(), self._found[1]

    def until(self, text: str) -> float:
        """Wait for a text; return when it came."""
        return self.find(text)[1]

    def press(self, key: str, answer: str) -> float:
        """Press a key; return the seconds until its answer was painted."""
        self._want(answer)  # before the key, or frames may carry the answer past a slow reader
        began = time.perf_counter()
        os.write(self.keyboard, key.encode())
        return self._await(answer)[1] - began

    def cpu(self) -> float:
        """Return the seconds of processor time of the process so far, all threads together."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._open = False
        self.process.kill()
        self.process.wait()
        self._thread.join()
        os.close(self.keyboard)


def staged(drain: float | None = None, **settings: Any) -> Reading:
    """Return the application that is measured, once it has painted."""
    reading = Reading([sys.executable, APP, json.dumps(settings)], drain=drain)
    reading.until("opened;")
    time.sleep(0.5)
    return reading


def told(name: str, seconds: list[float], bar: str) -> None:
    """Print middle and tail of some times."""
    tail = quantiles(seconds, n=20)[-1]
    print(f"{name:<58} median {1e3 * median(seconds):6.1f} ms   p95 {1e3 * tail:6.1f} ms   bar {bar}")


def first_paint(rounds: int, answer: bytes = b"") -> None:
    """Compare the first picture with that of an application that has none, on a terminal that answers or is silent."""
    both: dict[str, list[tuple[float, float]]] = {"painted": [], "Results": []}
    ours = "import sys; sys.argv = ['dltui']; from dltui.__main__ import main; main()"
    for turn in range(rounds + 1):
        for text, code in (("painted", EMPTY), ("Results", ours)):
            with Reading([sys.executable, "-c", code], 120, 36, answer=answer) as reading:
                painted = reading.until(text)
                if code is ours:
                    painted = reading.until("quit")  # the last word of home, below on the right
                seconds = painted - reading.began
                if turn:  # the first one compiles
                    both[text].append((seconds, reading.cpu()))
                torch = "libtorch" in Path(f"/proc/{reading.process.pid}/maps").read_text()
            assert not torch, "torch was loaded by the first paint"
            time.sleep(BETWEEN)
    which = "a terminal that answers" if answer else "a silent terminal"
    for place, what in enumerate(("wall time", "processor time")):
        empty, mine = ([one[place] for one in both[text]] for text in ("painted", "Results"))
        ratio = median(a / b for a, b in zip(mine, empty, strict=True))
        print(
            f"first paint, {what}, {which}".ljust(58)
            + f" {1e3 * median(mine):6.0f} ms   empty app {1e3 * median(empty):.0f} ms"
            f"   ratio {ratio:.2f}   bar 1.3"
        )


def keys(name: str, bar: str, reading: Reading) -> None:
    """Press a key again and again."""
    seconds = []
    with reading:
        for count in range(1, KEYS + 1):
            seconds.append(reading.press("x", f"pressed {count};"))
            time.sleep(0.03 + 0.007 * (count % 5))
    told(name, seconds, bar)


def spinning(name: str, rate: float, seconds: float = 5, **settings: Any) -> None:
    """Tell what a full-colour picture costs that changes all the time."""
    with staged(rate=rate, **settings) as reading:
        share, frames, sent = _changing(reading, seconds)
    print(
        f"{name}, 160 × 50, {rate:.0f} frames/s asked".ljust(58)
        + f" {frames:6.1f} frames/s   {share:.0%} of a core, {1e3 * share / frames:.1f} ms a frame"
        f"   {sent / 1e6:.1f} MB/s   bar 15 % at 30"
    )


def _changing(reading: Reading, seconds: float) -> tuple[float, float, float]:
    """Return the share of a core, frames and bytes a second."""
    began, before, sent = time.perf_counter(), reading.cpu(), reading.bytes
    first = _frames(reading, 1)
    time.sleep(seconds)
    last = _frames(reading, 2)
    took = time.perf_counter() - began
    return (reading.cpu() - before) / took, (last - first) / took, (reading.bytes - sent) / took


def _frames(reading: Reading, asked: int) -> int:
    """Ask how many frames were drawn."""
    os.write(reading.keyboard, b"f")
    return int(reading.find(rf"question {asked}, frames \d+(?=;)")[0].split()[-1])


def cancelling(rounds: int) -> None:
    """Tell how soon a job that is cancelled says so, and how soon it has ended."""
    said, ended = [], []
    for _ in range(rounds):
        with staged(jobs=[SCAN], warm=True) as reading:
            reading.until("job running;")
            time.sleep(1)
            said.append(reading.press("c", "job cancelling;"))
            began = time.perf_counter()
            ended.append(reading.until("job cancelled;") - began)
    print(
        f"{'cancel, said':<58} median {1e3 * median(said):6.1f} ms   most {1e3 * max(said):6.1f} ms   bar 100 ms"
    )
    print(
        f"{'cancel, ended':<58} median {1e3 * median(ended):6.1f} ms   most {1e3 * max(ended):6.1f} ms   bar 1 s"
    )


def sliding() -> None:
    """Tell how soon a turned knob of an exhibit has a new picture."""
    seconds = []
    with staged(exhibit="two-weight-saddle") as reading:
        for turn in range(1, 41):
            seconds.append(reading.press("z", f"turned {turn};"))
            time.sleep(0.05)
    told("a turned knob to its new picture", seconds[1:], "100 ms")


def main(rounds: int) -> None:
    """Measure everything."""
    first_paint(rounds)
    first_paint(rounds, KITTY)
    keys("key, idle", "p95 50 ms", staged())
    keys("key, 30 frames/s", "p95 100 ms", staged(spin=True))
    keys(
        "key, 30 frames/s, two landscapes computed",
        "p95 100 ms",
        staged(spin=True, warm=True, jobs=[SCAN, SCAN]),
    )
    keys("key, 30 frames/s, terminal takes 2 MB/s", "p95 200 ms", staged(2e6, spin=True))
    for rate in (30, 60):
        spinning("full-colour canvas", rate, ready=True)
        spinning("landscape drawn anew", rate, spin=True)
    cancelling(max(3, rounds // 3))
    sliding()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["DLTUI_HOME"] = home
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
