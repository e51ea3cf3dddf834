"""Keeping runs in order: names, tags, lists, and room on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dltui.errors import DltuiError, UsageError
from dltui.runs import MetricsWriter, Run, change, find_run, finish, new_checkpoint, new_run, open_run
from dltui.runs import glance as glancing
from dltui.runs.glance import glances
from dltui.runs.metrics import Row
from dltui.runs.overview import Wanted, overview, overview_all
from dltui.runs.tidy import rename, tag
from dltui.runs.waste import clear, waste


def made(name: str = "", *rows: Row, **told: object) -> Run:
    asked = {"model": "mlp", "data": "moons", "settings": {}, "name": name} | told
    run = new_run(**asked)  # type: ignore[arg-type]
    with MetricsWriter(run) as writer:
        for row in rows:
            writer.append(row)
    return finish(run, "done")


def evaluated(step: int, loss: float | None, **more: float) -> Row:
    return {"kind": "eval", "step": step, "seconds": step / 2, "epoch": step / 10, "test_loss": loss, **more}


def keep(run: Run, *steps: int, state: bool = False) -> None:
    for step in steps:
        with new_checkpoint(run, step) as folder:
            (folder / "weights.safetensors").write_bytes(b"w" * 1000)
            if state:
                (folder / "state.safetensors").write_bytes(b"s" * 500)


def names(**wanted: str) -> list[str]:
    return [str(row["name"]) for row in overview_all(Wanted(**wanted)).numbers["runs"]]


def test_a_run_is_renamed_while_its_id_stays() -> None:
    run = made("first")
    again = rename(run, "second")
    assert (again.id, again.name, again.folder) == ("first", "second", run.folder)
    assert find_run("second") == find_run("first") == again
    with pytest.raises(UsageError, match="there is a run named second already"):
        rename(made("other"), "second")
    assert rename(again, "first").name == "first"
    assert rename(again, "first") == find_run("first")


def test_tags() -> None:
    run = tag(made(), ["b", "a", "b"])
    assert run.tags == ["b", "a"]
    assert tag(run, ["c", "b"]).tags == ["a", "c", "b"]
    assert tag(open_run(run.folder), ["a", "c"], remove=True).tags == ["b"]
    with pytest.raises(UsageError, match="has no tag 'x': it has b"):
        tag(open_run(run.folder), ["x"], remove=True)
    for bad in ("", "a b", "ä", "-a", "x" * 41):
        with pytest.raises(UsageError, match="can't be a tag"):
            tag(run, [bad])


def test_lists_are_filtered_and_sorted() -> None:
    made("slow", evaluated(10, 0.5, test_accuracy=0.7), tags=["x"], started="2026-01-01T00:00:00+00:00")
    made(
        "good",
        evaluated(30, 0.1, test_accuracy=0.9),
        model="lenet:width=2",
        started="2026-01-02T00:00:00+00:00",
    )
    made("bare", started="2026-01-03T00:00:00+00:00", tags=["x", "y"])
    finish(find_run("bare"), "failed", "no reason")
    assert names() == ["bare", "good", "slow"]
    assert names(sort="name") == ["bare", "good", "slow"]
    assert names(sort="steps") == ["good", "slow", "bare"]
    assert names(sort="test_loss") == ["good", "slow", "bare"]  # the smallest first
    assert names(sort="test_accuracy") == ["good", "slow", "bare"]  # the largest first
    assert names(sort="status") == ["good", "slow", "bare"]
    assert names(tag="x") == ["bare", "slow"]
    assert names(model="lenet") == ["good"]
    assert names(status="failed") == ["bare"]
    assert names(status="running") == []
    with pytest.raises(UsageError, match="unknown status 'failing': did you mean failed"):
        names(status="failing")
    with pytest.raises(UsageError, match="unknown order 'test_los': did you mean test_loss"):
        names(sort="test_los")


def test_a_line_of_the_list() -> None:
    run = made(
        "one", {"kind": "start", "steps": 40}, {"kind": "step", "step": 12, "loss": 0.5, "learning_rate": 0.1},
        evaluated(10, float("nan"), perplexity=3.0),
    )  # fmt: skip
    (line,) = overview_all().numbers["runs"]
    assert {key: line[key] for key in ("id", "name", "status", "steps", "epochs", "seconds", "metrics")} == {
        "id": "one", "name": "one", "status": "done", "steps": 12, "epochs": 1, "seconds": 5.0,
        "metrics": {"loss": 0.5, "learning_rate": 0.1, "test_loss": None, "perplexity": 3.0},
    }  # fmt: skip
    told = overview(change(run, recipe={"optimizer": {"name": "sgd", "lr": 0.5}, "epochs": 3}, tags=["a"]))
    assert told.numbers["metrics"] == line["metrics"]
    (table, *_) = told.figures()
    shown = dict(table.rows)  # type: ignore[attr-defined]
    assert (shown["optimizer.lr"], shown["tags"], shown["status"]) == (0.5, "a", "done")


def test_a_glance_is_kept_until_the_metrics_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glancing, "SHORT", 1)
    run = made("one", evaluated(10, 0.5))
    first = glances([run])
    reads: list[Run] = []
    read = glancing.read_digest
    monkeypatch.setattr(glancing, "read_digest", lambda run: reads.append(run) or read(run))
    assert glances([run]) == first
    assert reads == []
    with MetricsWriter(run) as writer:
        writer.append(evaluated(20, 0.25))
    assert glances([run])[0].metrics == {"test_loss": 0.25}
    assert len(reads) == 1
    path = glancing.cache_folder() / glancing.FILE
    for harm in (b"", b"no database", path.read_bytes()[:1000]):
        path.write_bytes(harm)
        assert glances([run])[0].steps == 20


def test_waste_is_what_nobody_needs() -> None:
    run = made(
        "one", *(evaluated(s, loss) for s, loss in ((10, 0.9), (20, 0.2), (30, 0.5), (40, 0.6))),
        settings={"keep_every": 25},
    )  # fmt: skip
    keep(run, 0, 10, 20, 25, 30, 35, 40, 50)
    keep(run, 30, state=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = run.folder / "checkpoints" / f"step-000060.tmp-{dead.pid}"
    left.mkdir()
    (left / "weights.safetensors").write_bytes(b"w" * 7)
    found = waste(run)
    assert found.steps == (10, 35, 40)
    assert found.kept == {
        0: "first", 20: "best", 25: "one of every 25", 30: "to go on from", 50: "last",
    }  # fmt: skip
    assert (found.left, found.size) == ((left,), 3007)
    before = run.metrics.read_bytes()
    clear(found)
    assert run.steps() == [0, 20, 25, 30, 50]
    assert run.resumable() == [30]
    assert not left.exists()
    assert run.metrics.read_bytes() == before
    assert (waste(run).steps, waste(run).size) == ((), 0)


def test_waste_of_runs_of_older_versions() -> None:
    run = made()
    for step in (0, 10, 20):
        (run.folder / "checkpoints" / f"step-{step:06d}.safetensors").write_bytes(b"w" * 10)
    found = waste(run)
    assert (found.steps, found.size) == ((10,), 10)
    clear(found)
    assert run.steps() == [0, 20]


def test_a_run_that_goes_on_keeps_all() -> None:
    run = new_run(model="mlp", data="moons", settings={})
    keep(run, 0, 10, 20)
    assert waste(run).steps == ()
    ended = waste(finish(run, "stopped"))
    assert ended.steps == (10,)
    change(run, state="running")
    with pytest.raises(DltuiError, match="goes on again: nothing of it was deleted"):
        clear(ended)
    assert run.steps() == [0, 10, 20]


def test_the_list_of_many_runs_is_looked_up(tmp_path: Path) -> None:
    for number in range(3):
        made(f"run{number}", *({"kind": "step", "step": s, "loss": 1 / s} for s in range(1, 800)))
    first = overview_all()
    assert overview_all().numbers == first.numbers
    assert (glancing.cache_folder() / glancing.FILE).is_file()
