"""Messages that replace each other never queue up, on either side of the pipe."""

from __future__ import annotations

import time
from multiprocessing import Pipe

import pytest

from dltui.jobs import Cancelled, Done, Job, Note, Partial, Progress, Started
from dltui.jobs.outbox import EACH, Outbox
from dltui.results.gallery import Gallery


def _nothing(job: Job) -> None:
    pass


def test_the_newest_progress_and_partial_wait_for_a_slow_reader() -> None:
    job = Job("a", ("data", "list"), _nothing)
    job.take(Started(1))
    for step in range(1000):
        job.take(Progress(step, 1000, None))
        job.take(Partial(Gallery(title=str(step))))
    job.take(Note("so far"))
    kinds = [type(event) for event in job.events()]
    assert kinds == [Started, Progress, Partial, Note]
    assert job.progress.done == 999
    assert job.partial.title == "999"
    assert job.events() == []


def test_nothing_is_told_after_the_end() -> None:
    job = Job("a", ("data", "list"), _nothing)
    job.take(Cancelled(None))
    job.take(Progress(1, 2, None))
    job.take(Done(None, Gallery()))
    assert [type(event) for event in job.events()] == [Cancelled]
    assert job.state == "cancelled"
    assert job.wait(0)


def test_the_worker_sends_ten_times_a_second_and_never_waits() -> None:
    here, there = Pipe()
    outbox = Outbox(there)
    outbox.send(Started(1))
    started = time.perf_counter()
    for step in range(5000):
        outbox.progress(Progress(step, 5000, None))
        outbox.partial(Partial(Gallery(title=str(step))))
    seconds = time.perf_counter() - started
    outbox.close(Cancelled(None))
    told = []
    while here.poll():
        told.append(here.recv())
    partials = [event for event in told if isinstance(event, Partial)]
    assert 1 <= len(partials) <= seconds / EACH + 3
    assert partials[-1].result.title == "4999"
    assert isinstance(told[-1], Cancelled)


def test_the_worker_is_not_kept_waiting_by_a_reader_that_sleeps() -> None:
    """The pipe is full after a few pictures of a megabyte that nobody takes out."""
    here, there = Pipe()
    outbox = Outbox(there)
    started = time.perf_counter()
    for step in range(50):
        outbox.partial(Partial(Gallery(title="x" * 1_000_000 + str(step))))
        outbox.progress(Progress(step, 50, None))
    assert time.perf_counter() - started < 5
    here.close()
    outbox.close(Cancelled(None))  # its thread must be gone before the pipe is
    there.close()


@pytest.mark.parametrize("state", ["queued", "starting"])
def test_cancel_before_there_is_a_process(state: str) -> None:
    job = Job("a", ("data", "list"), _nothing)
    if state == "starting":
        assert job.starting()
    job.cancel()
    assert job.state == "cancelled"
    assert not job.starting()
