"""The layout of a run's folder: checkpoints that are whole or not there, cards that several change, requests."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dltui.errors import DltuiError, UsageError
from dltui.runs import (
    MetricsWriter,
    Requests,
    Run,
    ask,
    begin_again,
    change,
    find_run,
    finish,
    list_runs,
    new_checkpoint,
    new_run,
    open_run,
    read_metrics,
)
from dltui.runs.checkpoint import leftovers, sweep
from dltui.runs.find import find_snapshot
from dltui.runs.folder import step_of
from dltui.runs.new import check_name


def a_run(name: str = "", **told: object) -> Run:
    return new_run(model="mlp", data="moons", settings={}, name=name, **told)  # type: ignore[arg-type]


def keep(run: Run, step: int, *names: str, text: str = "w") -> None:
    with new_checkpoint(run, step) as folder:
        for name in names or ("weights.safetensors",):
            (folder / name).write_text(text)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_checkpoints_are_folders_with_and_without_state() -> None:
    run = a_run()
    assert (run.steps(), run.resumable(), run.latest()) == ([], [], None)
    keep(run, 0)
    keep(run, 480, "weights.safetensors", "state.safetensors")
    keep(run, 1_234_567)
    assert run.steps() == [0, 480, 1_234_567]
    assert run.resumable() == [480]
    assert run.checkpoint(480) == run.folder / "checkpoints" / "step-000480" / "weights.safetensors"
    assert (run.folder / "latest").read_text() == "step-1234567\n"
    newest = run.latest()
    assert newest == run.checkpoint(1_234_567)
    assert step_of(newest) == 1_234_567
    assert find_snapshot(f"run:{run.name}@step=480").path == run.checkpoint(480)


def test_checkpoints_of_older_versions_are_read() -> None:
    run = a_run()
    for step in (0, 40):
        (run.folder / "checkpoints" / f"step-{step:06d}.safetensors").write_bytes(b"weights")
    (run.folder / "latest").write_text("step-000040.safetensors\n")
    assert run.steps() == [0, 40]
    assert run.latest() == run.checkpoint(40) == run.folder / "checkpoints" / "step-000040.safetensors"
    assert find_snapshot("run:latest").step == 40
    keep(run, 80)
    assert run.steps() == [0, 40, 80]
    assert find_snapshot("run:latest").step == 80


def test_a_checkpoint_that_fails_leaves_nothing() -> None:
    run = a_run()
    keep(run, 10)
    with pytest.raises(RuntimeError), new_checkpoint(run, 20) as folder:
        (folder / "weights.safetensors").write_text("half")
        raise RuntimeError
    assert run.steps() == [10]
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["step-000010"]
    assert (run.folder / "latest").read_text() == "step-000010\n"


def test_a_checkpoint_for_which_there_is_no_room_is_one_sentence() -> None:
    run = a_run()
    keep(run, 10)
    with (
        pytest.raises(
            DltuiError, match=r"can't keep step 20 of the run .*: No space left on device; what was kept"
        ),
        new_checkpoint(run, 20) as folder,
    ):
        (folder / "weights.safetensors").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert run.steps() == [10]
    assert leftovers(run) == []


def test_a_step_that_is_kept_again_takes_the_place_of_the_old_one() -> None:
    run = a_run()
    keep(run, 10, text="old")
    keep(run, 10, "weights.safetensors", "state.safetensors", text="new")
    assert run.checkpoint(10).read_text() == "new"
    assert run.resumable() == [10]
    assert len(list((run.folder / "checkpoints").iterdir())) == 1


def test_what_dead_writers_left_is_swept_and_what_living_ones_write_is_not() -> None:
    run = a_run()
    keep(run, 10)
    folder, dead = run.folder / "checkpoints", dead_pid()
    (folder / f"step-000020.tmp-{dead}").mkdir()
    (folder / f"step-000020.tmp-{dead}" / "weights.safetensors").write_text("half")
    (run.folder / f".run.json.tmp-{dead}").write_text("{")
    (folder / f"step-000030.tmp-{os.getpid()}").mkdir()
    (folder / f"step-000040.old.tmp-{dead}").mkdir()  # killed while step 40 was kept again
    (folder / f"step-000040.old.tmp-{dead}" / "weights.safetensors").write_text("whole")
    assert run.steps() == [10]
    assert len(leftovers(run)) == 3
    assert sweep(run) == 3
    assert leftovers(run) == []
    assert run.steps() == [10, 40]
    assert (folder / f"step-000030.tmp-{os.getpid()}").is_dir()


def test_cards_of_older_versions_are_read() -> None:
    run = a_run()
    card = json.loads((run.folder / "run.json").read_text())
    for new in ("tags", "recipe", "world", "attempt", "host", "pid"):
        del card[new]
    for old, now in (("cancelled", "stopped"), ("killed", "died"), ("done", "done"), ("failed", "failed")):
        (run.folder / "run.json").write_text(json.dumps(card | {"state": old}))
        assert open_run(run.folder).state_now() == now
    (run.folder / "run.json").write_text(json.dumps(card | {"state": "asleep", "recipe": ""}))
    with pytest.raises(DltuiError, match="its state is 'asleep'; expected one of running, done"):
        open_run(run.folder)
    with MetricsWriter(run) as writer:
        writer.append({"kind": "epoch", "epoch": 1})
    assert read_metrics(run) == [{"kind": "eval", "epoch": 1}]


def test_a_card_keeps_what_others_change_meanwhile() -> None:
    run = a_run(tags=["first"], recipe={"optimizer": {"lr": 0.1}}, world=2)
    change(run, tags=["first", "second"])
    ended = finish(run, "done")  # knows nothing of the second tag
    assert ended == open_run(run.folder)
    assert (ended.tags, ended.state, ended.recipe, ended.world) == (
        ["first", "second"], "done", {"optimizer": {"lr": 0.1}}, 2,
    )  # fmt: skip
    fields = [f"f{i}" for i in range(24)]

    def put(name: str) -> None:
        now = open_run(run.folder)
        change(now, settings=now.settings | {name: 1}) if name == "f0" else change(now, reason=name)

    with ThreadPoolExecutor(8) as crew:
        list(crew.map(put, fields))
    assert open_run(run.folder).settings == {"f0": 1}


def test_a_run_is_gone_on_with() -> None:
    run = a_run()
    with pytest.raises(DltuiError, match="still going on"):
        begin_again(run)
    finish(run, "stopped", "asked to")
    again = begin_again(run, world=2)
    assert (again.state, again.reason, again.attempt, again.world, again.pid) == (
        "running", "", 2, 2, os.getpid(),
    )  # fmt: skip
    assert again.state_now() == "running"


def test_a_run_whose_process_is_gone_has_died() -> None:
    run = a_run()
    assert change(run, pid=dead_pid()).state_now() == "died"
    assert change(run, pid=os.getpid(), host="elsewhere").state_now() == "died"
    assert change(run, pid=0, host="").state_now() == "died"


def test_names_are_chosen_and_unique() -> None:
    run = a_run("first.try-1")
    assert (run.name, run.id) == ("first.try-1", "first.try-1")
    with pytest.raises(UsageError, match=r"there is a run named first.try-1 already"):
        a_run("first.try-1")
    change(run, name="best")
    assert find_run("best").id == "first.try-1"
    assert find_run("first.try-1").name == "best"
    with pytest.raises(UsageError, match="there is a run named best already"):
        check_name("best")
    for bad in ("latest", "a/b", "-x", ".x", "a b", "", "a,b", "x" * 81, "a@b"):
        with pytest.raises(UsageError, match="can't name a run"):
            check_name(bad)
    assert len(list_runs()) == 1


def test_requests_come_in_order_and_once() -> None:
    run = a_run()
    requests = Requests(run)
    assert requests.new() == []
    ask(run, "pause")
    ask(run, "go-on")
    assert requests.new() == ["pause", "go-on"]
    assert requests.new() == []
    with (run.folder / "control.jsonl").open("a") as file:
        file.write('{"ask": "explode"}\nrubbish\n{"ask": "st')
    assert requests.new() == []
    with (run.folder / "control.jsonl").open("a") as file:
        file.write('op"}\n')
    assert requests.new() == ["stop"]


def test_requests_to_earlier_attempts_do_not_count(tmp_path: Path) -> None:
    run = a_run()
    ask(run, "stop")
    assert Requests(run).new() == ["stop"]  # asked before the first step
    finish(run, "stopped")
    with pytest.raises(DltuiError, match="can't stop: it is stopped, not running"):
        ask(run, "stop")
    again = begin_again(run)
    requests = Requests(again)
    assert requests.new() == []
    ask(again, "checkpoint")
    assert requests.new() == ["checkpoint"]
    with pytest.raises(UsageError, match="can't be asked to 'fly': expected one of stop, pause, go-on"):
        ask(run, "fly")  # type: ignore[arg-type]
