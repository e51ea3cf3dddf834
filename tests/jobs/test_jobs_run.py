"""A job gives what the command line gives, tells as it goes, and keeps everything."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dltui.cli import run
from dltui.errors import UsageError
from dltui.jobs import Done, Engine, Failed, Job, Note, Partial, Progress, Started
from dltui.results import load
from dltui.runs import home, results_folder

from .conftest import PATIENT, until  # noqa: TID252 - the tests of this folder share it

SCAN = {"model": "mlp:width=8", "data": "moons", "steps": 9, "seed": 3}


def test_the_numbers_are_those_of_the_command_line(engine: Engine, tmp_path: Path) -> None:
    job = engine.submit("landscape", SCAN)
    assert job.wait(PATIENT)
    assert job.line == "dltui landscape mlp:width=8 --data moons --steps 9 --seed 3"
    assert run([*job.words, "--save", str(tmp_path / "cli.safetensors"), "--quiet"]) == 0
    ours, theirs = load(job.path), load(tmp_path / "cli.safetensors")
    assert np.array_equal(ours.loss, theirs.loss)
    assert np.array_equal(ours.accuracy, theirs.accuracy)
    assert (ours.title, ours.made.seed, ours.made.device) == (
        theirs.title,
        theirs.made.seed,
        theirs.made.device,
    )
    assert ours.made.command == job.line
    assert 0 < ours.made.seconds < PATIENT


def test_events_come_in_order_and_the_result_is_kept_before_it_is_told(mine: Path) -> None:
    told: list[object] = []
    there: list[bool] = []

    def note(job: Job) -> None:
        for event in job.events():
            told.append(event)
            if isinstance(event, Done):
                there.append(event.path.is_file())

    engine = Engine(on_news=note)
    job = engine.submit("landscape", {"model": "mine:slow", "data": "mine:data", "steps": 11, "exact": True})
    assert job.wait(PATIENT)
    until(lambda: there, "the last event")
    kinds = [type(event) for event in told]
    assert kinds[0] is Started
    assert kinds[-1] is Done
    assert {Note, Progress, Partial} <= set(kinds)
    assert there == [True]
    steps = [event.done for event in told if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert all(event.total == 121 for event in told if isinstance(event, Progress))
    assert job.progress.done == 121
    holes = [int(np.isnan(event.result.loss).sum()) for event in told if isinstance(event, Partial)]
    assert holes == sorted(holes, reverse=True)
    assert holes[-1] == 0
    first, second = job.notes
    assert first == "mine:slow: random weights, seed 0"
    assert second.startswith("every point ran the model itself: it can't be traced")
    assert job.path.parent == results_folder()
    assert np.array_equal(load(job.path).loss, job.result.loss)
    engine.close()


VERBS = {
    "train": ("train", {"model": "mlp:width=4", "data": "moons", "epochs": 2}, "training"),
    "hessian": ("hessian", {"model": "mlp:width=2", "data": "moons"}, "spectrum"),
    "gradients": ("gradients", {"model": "mlp:width=4", "data": "moons", "per_sample": False}, "gradients"),
    "explain": (
        "explain",
        {"model": "lenet", "given": "digits[12]", "method": "saliency,occlusion", "data": "digits"},
        "explanation",
    ),
    "light": (
        "shapes conv2d",
        {"input_shape": "1,3,8,8", "out_channels": 4, "kernel_size": "3"},
        "figures",
    ),
    "exhibit": ("lab run two-weight-saddle", {"lr": 0.2, "mode": "escape"}, "figures"),
    "data": ("data show", {"data": "moons"}, "figures"),
}


@pytest.mark.parametrize("name", VERBS)
def test_every_kind_of_verb_runs(engine: Engine, name: str) -> None:
    verb, arguments, schema = VERBS[name]
    job = engine.submit(verb, arguments)
    assert job.wait(PATIENT)
    assert job.state == "done", job.failure
    kept = load(job.path)
    assert kept.schema.partition("/")[0] == schema
    assert kept.made.command == job.line
    assert not list(Path(home() / "scratch").glob("*"))


def test_a_result_that_is_opened_again_is_not_kept_twice(engine: Engine) -> None:
    first = engine.submit("data show", {"data": "moons"})
    assert first.wait(PATIENT)
    again = engine.submit("open", {"files": first.path})
    assert again.wait(PATIENT)
    assert again.state == "done"
    assert again.path is None
    assert again.result.made.command == first.line
    assert list(results_folder().iterdir()) == [first.path]


WRONG = {
    "model": ({"model": "lenett"}, "unknown model 'lenett': did you mean lenet"),
    "steps": ({"model": "lenet", "steps": 4}, "can't scan 4 steps"),
    "raises": ({"model": "mlp", "data": "mine:raises"}, "mine:raises failed: RuntimeError: no such luck"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_is_the_sentence_of_the_command_line(engine: Engine, mine: Path, name: str) -> None:
    arguments, said = WRONG[name]
    job = engine.submit("landscape", arguments)
    assert job.wait(PATIENT)
    assert job.state == "failed"
    assert said in job.failure.sentence
    assert job.failure.last_lines == ()
    assert job.path is None


def test_code_that_leaves_is_told_with_its_traceback(engine: Engine, mine: Path) -> None:
    job = engine.submit("data show", {"data": "mine:leaves"})
    assert job.wait(PATIENT)
    assert "SystemExit: gone home" in job.failure.sentence
    assert any("sys.exit" in line for line in job.failure.last_lines)


def test_wrong_arguments_are_refused_at_once(engine: Engine) -> None:
    with pytest.raises(UsageError, match="did you mean steps"):
        engine.submit("landscape", {"model": "lenet", "stepz": 5})
    with pytest.raises(UsageError, match="needs model"):
        engine.submit("landscape", {})
    assert engine.jobs == []


def test_two_run_at_once(engine: Engine, mine: Path) -> None:
    """Each waits until the other is there, so that they end only side by side."""
    jobs = [engine.submit("data show", {"data": "mine:together"}) for _ in range(2)]
    assert all(job.wait(PATIENT) for job in jobs)
    assert [job.state for job in jobs] == ["done", "done"]
    assert len({job.path for job in jobs}) == 2


def test_others_wait_for_their_turn(mine: Path) -> None:
    engine = Engine(size=1)
    first, second, third = (engine.submit("data show", {"data": "mine:once_there_is_go"}) for _ in range(3))
    until(lambda: first.state == "running", "the first job's start")
    assert (second.state, third.state) == ("queued", "queued")
    second.cancel()
    assert second.state == "cancelled"
    (mine / "go").touch()
    assert first.wait(PATIENT)
    assert third.wait(PATIENT)
    assert (first.state, second.state, third.state) == ("done", "cancelled", "done")
    assert second.began is None
    engine.close()


def test_a_job_lives_where_it_was_asked_for(
    engine: Engine, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was forked in another folder with another environment."""
    first = engine.submit("data show", {"data": "mine:data"})
    assert first.wait(PATIENT)
    other = mine / "elsewhere"
    monkeypatch.setenv("DLTUI_HOME", str(other))
    second = engine.submit("data show", {"data": "mine:data"})
    assert second.wait(PATIENT)
    assert first.path.parent.parent != second.path.parent.parent == other
    assert os.environ.get("DLTUI_FORK_SERVER") is None


def test_failed_checks_keep_their_table(engine: Engine, mine: Path) -> None:
    job = engine.run(["lab", "check", "two-weight-saddle"])
    assert job.wait(PATIENT)
    assert job.state == "done", job.failure
    assert not isinstance(job.failure, Failed)


def test_a_cancelled_training_is_stopped_and_can_go_on(engine: Engine) -> None:
    from dltui.runs import find_run

    told = {"model": "moons-mlp", "set_fields": ["batch_size=8", "optimizer.betas=0.9,0.95"], "epochs": 2000}
    job = engine.submit("train", told | {"name": "long"})
    until(lambda: job.progress is not None and job.progress.done > 40, "some steps")
    job.cancel()
    assert job.wait(PATIENT)
    assert job.state == "cancelled"
    run = find_run("long")
    assert (run.state_now(), run.recipe["batch_size"]) == ("stopped", 8)
    assert run.recipe["optimizer"]["betas"] == [0.9, 0.95]
    again = engine.submit(
        "train", {"resume": "run:long", "set_fields": [f"steps={run.resumable()[-1] + 20}"]}
    )
    assert again.wait(PATIENT)
    assert again.state == "done", again
    assert find_run("long").state_now() == "done"
