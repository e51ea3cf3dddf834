"""However a job ends, it says so, leaves nothing behind and loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dltui.jobs import Cancelled, Engine, Failed, Job
from dltui.results import load
from dltui.runs import home

from .conftest import PATIENT, until  # noqa: TID252 - the tests of this folder share it

SLOW = {"model": "mine:slow", "data": "mine:data", "steps": 101}


def _alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _scanning(engine: Engine) -> Job:
    job = engine.submit("landscape", SLOW)
    until(lambda: job.partial is not None or job.over, "a partial result")
    assert not job.over, job.failure
    return job


def test_cancel_is_acknowledged_at_once_and_keeps_what_is_known(engine: Engine, mine: Path) -> None:
    job = _scanning(engine)
    asked = time.perf_counter()
    job.cancel()
    acknowledged = time.perf_counter() - asked
    assert job.state in {"cancelling", "cancelled"}
    assert acknowledged < 0.1
    assert job.wait(PATIENT)
    assert job.state == "cancelled"
    assert isinstance(job.events()[-1], Cancelled)
    assert job.path.parent == home() / "scratch"
    kept = load(job.path)
    assert "· cancelled at " in kept.title
    assert kept.title.endswith(f"of {101 * 101}")
    assert kept.made.command == job.line
    assert kept.made.seconds > 0
    assert 0 < np.isfinite(kept.loss).sum() < kept.loss.size
    job.cancel()  # once more changes nothing
    assert job.state == "cancelled"


def test_a_job_that_ignores_cancel_is_killed_with_its_children(engine: Engine, mine: Path) -> None:
    job = engine.submit("data show", {"data": "mine:stubborn"})
    until(lambda: (mine / "pids").exists() and job.state == "running", "the user's function")
    pids = [int(word) for word in (mine / "pids").read_text().split()]
    asked = time.perf_counter()
    job.cancel()
    assert job.state == "cancelling"
    assert job.wait(PATIENT)
    assert time.perf_counter() - asked >= 0.9  # it had its second
    assert job.state == "cancelled"
    assert job.path is None
    until(lambda: not any(map(_alive, pids)), "the end of its processes")


CRASHES = {
    "exits": ("exit code 7", "the disk is on fire"),
    "segfaults": ("SIGSEGV", "Segmentation fault"),
    "killed": ("SIGKILL", None),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_told_and_survived(engine: Engine, mine: Path, name: str) -> None:
    how, line = CRASHES[name]
    job = engine.submit("data show", {"data": f"mine:{name}"})
    assert job.wait(PATIENT)
    assert job.state == "failed"
    assert how in job.failure.sentence
    assert job.line in job.failure.sentence
    assert line is None or any(line in told for told in job.failure.last_lines)
    (mine / "mine.py").write_text(
        (mine / "mine.py").read_text().replace(f"def {name}():", f"{name} = data\ndef _():")
    )
    again = engine.retry(job)
    assert again.wait(PATIENT)
    assert again.state == "done", again.failure


def test_what_is_known_survives_a_crash(engine: Engine, mine: Path) -> None:
    job = _scanning(engine)
    (mine / "crash").touch()
    assert job.wait(PATIENT)
    assert isinstance(job.failure, Failed)
    assert "exit code 9" in job.failure.sentence
    kept = load(job.path)
    assert "· crashed at " in kept.title
    assert np.isfinite(kept.loss).any()


def test_a_result_that_can_not_be_written_is_shown_all_the_same(engine: Engine) -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / "results").write_text("a file where the folder should be")
    job = engine.submit("data show", {"data": "moons"})
    assert job.wait(PATIENT)
    assert job.state == "failed"
    assert "can't write" in job.failure.sentence
    assert job.partial.title


def test_closing_keeps_what_is_known_and_leaves_no_process(mine: Path) -> None:
    engine = Engine()
    job = _scanning(engine)
    pid = next(event.pid for event in job.events() if hasattr(event, "pid"))
    engine.close()
    assert job.state == "cancelled"
    assert load(job.path).title
    until(lambda: not _alive(pid), "the end of its process")


def test_no_process_is_left_unburied(engine: Engine) -> None:
    from multiprocessing.forkserver import _forkserver

    jobs = [engine.submit("data show", {"data": "moons"}) for _ in range(3)]
    assert all(job.wait(PATIENT) for job in jobs)
    server = _forkserver._forkserver_pid

    def children() -> list[str]:
        return Path(f"/proc/{server}/task/{server}/children").read_text().split()

    until(lambda: not children(), "the burial of every process")


SCRIPT = """
import os, signal, sys, time
from dltui.jobs import Engine
if __name__ == "__main__":
    engine = Engine()
    engine.start()
    job = engine.submit("data show", {"data": "mine:stubborn"})
    while not os.path.exists("pids"):
        assert not job.over, job.failure
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL) if sys.argv[1] == "killed" else None
"""


@pytest.mark.parametrize("how", ["killed", "ends"])
def test_nothing_outlives_the_application(mine: Path, root: Path, how: str) -> None:
    (mine / "app.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "app.py", how],
        cwd=mine,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=PATIENT,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if how == "killed" else 0), done.stderr.decode()
    worker, grandchild = (int(word) for word in (mine / "pids").read_text().split())
    until(lambda: not _alive(worker), "the end of the worker")
    until(lambda: not _alive(grandchild), "the end of what the worker started")
