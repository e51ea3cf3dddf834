"""From folders to what is shown: sources, TensorBoard's files, the page, the verb."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dltui.errors import DltuiError, UsageError
from dltui.figures import Heatmap, Lines, Prose, Table
from dltui.results.gallery import Gallery
from dltui.runs import MetricsWriter, Run, finish, new_run
from dltui.runs.compare import tints
from dltui.runs.control import ask
from dltui.runs.curves import Sight
from dltui.runs.metrics import Row
from dltui.runs.new import begin_again
from dltui.runs.tensorboard import write_events
from dltui.watching.board import Board, Wish
from dltui.watching.follow import follow
from dltui.watching.page import colours_of, page
from dltui.watching.panes import panes, picture
from dltui.watching.source import find_sources
from dltui.watching.telling import duration
from tests.cli.conftest import in_this_process

ROOT = Path(__file__).resolve().parents[2]
Done = subprocess.CompletedProcess[str]


def told(steps: int, *, state: str = "done", **start: object) -> list[Row]:
    """The rows of a healthy run."""
    rows: list[Row] = [{"kind": "start", "step": 0, "seconds": 0.0, "steps": steps, "classes": 10} | start]
    for n in range(1, steps + 1):
        place = {"step": n, "seconds": n / 10, "epoch": n / 20}
        rows.append({"kind": "step", **place, "loss": 2.3 * 0.95**n, "learning_rate": 0.1, "grad_norm": 1.0})
        if n % 5 == 0:
            rows.append({"kind": "layers", **place, "grad_norm": {"a": 0.1 * n, "b": 0.0, "c": 2.0}})
        if n % 20 == 0:
            rows.append({
                "kind": "eval",
                **place,
                "train_loss": 1 / n,
                "test_loss": 1 / n,
                "test_accuracy": 0.9,
            })
    return [*rows, {"kind": "device", "step": steps, "seconds": 1.0, "utilisation": 0.5, "memory_used": 2**30,
                    "memory_total": 2**34, "power": 250.0, "temperature": 61.0},
            {"kind": "end", "state": state}]  # fmt: skip


def made(rows: list[Row], name: str = "") -> Run:
    run = new_run(model="lenet", data="digits", settings={}, name=name)
    with MetricsWriter(run) as writer:
        for row in rows:
            writer.append(row)
    (run.folder / "log.txt").write_text("10:00 began\n10:01 saved step 20\n")
    return finish(run, "done")


def test_runs_are_found_by_name_folder_and_folder_of_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, two = made(told(40), "one"), made(told(20), "two")

    def names(*words: str) -> list[str]:
        return sorted(source.name for source in find_sources([*words]))

    assert names() == ["two"]
    assert names("one", "run:two", "one") == ["one", "two"]
    assert names(str(one.folder), "tw") == ["one", "two"]
    assert names(str(two.folder.parent)) == ["one", "two"]
    monkeypatch.chdir(one.folder)
    assert names(".") == ["one"]
    with pytest.raises(UsageError, match="unknown run 'three'"):
        find_sources(["three"])
    with pytest.raises(UsageError, match="holds nothing to watch"):
        find_sources([str(tmp_path)])


def test_too_many_runs_are_refused() -> None:
    for number in range(9):
        made(told(1), f"run{number}")
    with pytest.raises(UsageError, match="9 runs are too many"):
        find_sources([f"run{number}" for number in range(9)])


def test_a_board_reads_on_and_makes_only_what_has_changed() -> None:
    run = made(told(40), "one")
    board = Board(find_sources(["one"]))
    wish = Wish(count=6)
    seen = board.look(wish)
    assert seen.names == ("loss", "gradients", "accuracy", "learning rate", "gradient norm", "device", "log")
    assert seen.shown == seen.names[:6]
    assert not board.changed
    assert all(a is b for a, b in zip(board.look(wish).figures, seen.figures, strict=True))
    with run.metrics.open("a") as file:
        file.write(
            '{"kind": "step", "step": 41, "seconds": 4.1, "loss": 0.25, "learning_rate": 0.1}\n{"kind": "st'
        )
    assert board.changed
    again = board.look(wish)
    assert board.runs[0].course.step == 41
    same = [a is b for a, b in zip(again.figures, seen.figures, strict=True)]
    assert same == [False, True, True, False, False, True]


def test_pictures_tell_what_rows_told() -> None:
    made(told(40), "one")
    runs = follow(find_sources(["one"]))
    loss = picture("loss", runs, runs[0], Sight(smooth=0.9))
    assert isinstance(loss, Lines)
    raw, smooth, train, test = loss.series
    assert raw.y.tolist() == pytest.approx([2.3 * 0.95**n for n in range(1, 41)])
    assert smooth.y[-1] > raw.y[-1]
    assert train.y.tolist() == test.y.tolist() == [1 / 20, 1 / 40]
    assert loss.levels[0][0] == math.log(10)
    over_epochs = picture("loss", runs, runs[0], Sight("epoch"))
    assert isinstance(over_epochs, Lines)
    assert over_epochs.series[0].x[-1] == 2.0
    layers = picture("gradients", runs, runs[0], Sight())
    assert isinstance(layers, Heatmap)
    assert layers.row_names == ("a", "b", "c")
    assert layers.values[0].tolist() == pytest.approx([0.1 * n for n in range(5, 41, 5)])
    assert 0 < layers.values[1].max() < 1e-30  # 0 has a colour, too: that of what vanishes
    log = picture("log", runs, runs[0], Sight())
    assert isinstance(log, Table)
    assert log.rows == (("10:01 saved step 20",), ("10:00 began",))


def test_what_the_model_made_and_what_was_probed_is_shown() -> None:
    rows: list[Row] = [
        {"kind": "step", "step": 1, "seconds": 1.0, "loss": 2.0},
        {"kind": "probe", "step": 1, "seconds": 1.1, "top_eigenvalue": 12.5},
        {
            "kind": "sample",
            "step": 1,
            "seconds": 1.2,
            "name": "text",
            "file": "samples/gone.safetensors",
            "text": "to be",
        },
    ]
    run = made(rows, "poet")
    runs = follow(find_sources(["poet"]))
    assert panes(runs, runs[0]) == ["loss", "sample", "metric top_eigenvalue", "log"]
    text = picture("sample", runs, runs[0], Sight())
    assert isinstance(text, Prose)
    assert text.text == "to be"
    kept = Gallery(title="poem", shown=(Lines(title="a line", series=()),))
    kept.save(run.folder / "samples" / "gone.safetensors")
    assert isinstance(picture("sample", runs, runs[0], Sight()), Lines)
    probed = picture("metric top_eigenvalue", runs, runs[0], Sight())
    assert isinstance(probed, Lines)
    assert probed.series[0].y.tolist() == [12.5]


def test_a_long_run_keeps_its_peaks() -> None:
    loss = np.full(20_000, 1.0)
    loss[7_777] = 50.0
    rows: list[Row] = [
        {"kind": "step", "step": n, "seconds": n / 1e3, "loss": x} for n, x in enumerate(loss.tolist())
    ]
    made([{"kind": "start", "classes": None}, *rows], "long")
    runs = follow(find_sources(["long"]))
    chart = picture("loss", runs, runs[0], Sight())
    assert isinstance(chart, Lines)
    assert len(chart.series[0].x) < 10_000
    assert chart.series[0].y.max() == 50.0
    assert runs[0].findings[0].rule == "loss-jumps"
    assert runs[0].course.first[0] == (0, 1.0)


def test_a_run_that_was_gone_on_with_is_judged_by_what_is_true_now() -> None:
    rows = told(40)[:-1]
    rows = [
        row if row.get("step", 0) < 30 else row | {"loss": 9e9} for row in rows if row["kind"] != "device"
    ]
    again: Row = {"kind": "start", "step": 20, "steps": 40, "classes": 10, "resumed_from": 20, "seconds": 2.0}
    made([*rows, again, *[row for row in told(40) if row.get("step", 0) > 20]], "again")
    course = follow(find_sources(["again"]))[0].course
    assert course.steps["loss"].high.max() < 2.3
    assert course.steps["loss"].at("step").tolist() == list(range(1, 41))


def test_others_event_files_are_watched(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"kind": "step", "step": n, "seconds": float(n), "loss": 2.0 * 0.9**n, "reward": n / 10}
        for n in range(1, 60)
    ]
    write_events(rows, tmp_path / "logs" / "a", 1_700_000_000.0)
    write_events(rows[:30], tmp_path / "logs" / "b", 1_700_000_000.0)
    sources = find_sources([str(tmp_path / "logs")])
    assert sorted(source.name for source in sources) == ["a", "b"]
    runs = follow(find_sources([str(tmp_path / "logs" / "a")]))
    assert runs[0].state in {"running", "quiet"}
    assert panes(runs, runs[0]) == ["loss", "metric reward"]
    chart = picture("metric reward", runs, runs[0], Sight())
    assert isinstance(chart, Lines)
    assert chart.series[0].y[-1] == pytest.approx(5.9)
    with pytest.raises(DltuiError, match="was not begun by dltui"):
        runs[0].ask("pause")


def test_event_files_that_grow_are_read_on(tmp_path: Path) -> None:
    writer = pytest.importorskip("tensorboard.summary.writer.event_file_writer").EventFileWriter(
        str(tmp_path)
    )
    event = pytest.importorskip("tensorboard.compat.proto.event_pb2").Event
    summary = pytest.importorskip("tensorboard.compat.proto.summary_pb2").Summary

    def write(step: int) -> None:
        value = summary.Value(tag="Loss/train", simple_value=1.0 / step)
        writer.add_event(event(wall_time=100.0 + step, step=step, summary=summary(value=[value])))
        writer.flush()

    write(1)
    board = Board(find_sources([str(tmp_path)]))
    board.look(Wish())
    write(2)
    assert board.changed
    board.look(Wish())
    assert board.runs[0].course.steps["loss"].mean.tolist() == [1.0, 0.5]
    writer.close()


def test_the_page_holds_all_of_it() -> None:
    made(told(40), "one")
    found = page(follow(find_sources(["one"])), Sight(smooth=0.9))
    assert [figure.title for figure in found.shown[:3]] == ["Run one", "Diagnosis", "Loss"]
    assert sum(found.rows) == len(found.shown)
    (run,) = found.numbers["runs"]
    assert (run["state"], run["step"], run["steps"]) == ("done", 40, 40)
    assert run["metrics"]["test_accuracy"] == 0.9
    assert run["device"]["power"] == 250.0
    assert run["diagnosis"] == []
    assert found.document()  # which is JSON


@pytest.mark.parametrize(("seconds", "words"), [
    (math.nan, "–"), (3.21, "3.2 s"), (59.6, "1 min 00 s"), (3725, "1 h 02 min"), (200_000, "2 d 7 h"), (12, "12 s"),
])  # fmt: skip
def test_times_are_written_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_torch_is_not_needed(tmp_path: Path) -> None:
    made(told(40), "one")
    code = "import sys; from dltui.cli import run; run(['watch', 'one', '--once']); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False"


def test_a_pause_of_an_earlier_attempt_is_no_pause() -> None:
    run = new_run(model="lenet", data="digits", settings={})
    with MetricsWriter(run) as writer:
        writer.append({"kind": "start"})
        writer.flush()
        (one,) = follow(find_sources([run.name]))
        assert not one.paused
        ask(run, "pause")
        ask(run, "checkpoint")
        one.look()
        assert one.paused
        ask(run, "go-on")
        one.look()
        assert not one.paused
        ask(run, "pause")
    again = begin_again(run)
    with MetricsWriter(again):
        assert not follow(find_sources([run.name]))[0].paused


def test_runs_of_both_kinds_have_colours_of_their_own(tmp_path: Path) -> None:
    rows: list[Row] = [{"kind": "step", "step": 1, "seconds": 1.0, "loss": 2.0}]
    write_events(rows, tmp_path / "theirs", 1_700_000_000.0)
    one, two = made(told(20), "one"), made(told(20), "two")
    runs = follow(find_sources([str(tmp_path / "theirs"), "one", "two"]))
    colours = colours_of(runs)
    assert list(map(colours.get, ("one", "two"))) == [tints([one, two])[name] for name in ("one", "two")]
    assert len(set(colours.values())) == 3


# the verb


@pytest.fixture
def dltui(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    return in_this_process


def test_without_a_terminal_it_tells_how_things_stand_and_ends(dltui: Callable[..., Done]) -> None:
    made(told(40), "one")
    rows = told(40)
    rows[1] = rows[1] | {"loss": 30.0}
    made(rows, "ill")
    shown = dltui("watch", "one")
    assert shown.returncode == 0
    for part in (
        "done · step 40/40",
        "nothing found that is ill",
        "Gradient norm by layer",
        "10:01 saved step 20",
    ):
        assert part in shown.stdout
    document = json.loads(dltui("watch", "one", "ill", "--json").stdout)
    both = document["numbers"]["runs"]
    assert [one["name"] for one in both] == ["one", "ill"]
    assert [finding["rule"] for finding in both[1]["diagnosis"]] == ["initial-loss"]
    words = dltui("watch", "ill", "--plain").stdout
    assert "warning: The first loss is 30" in words
    assert "│" not in words
    assert "nothing found" not in dltui("runs", "show", "ill").stdout
    assert (
        json.loads(dltui("runs", "show", "ill", "--json").stdout)["numbers"]["diagnosis"][0]["rule"]
        == "initial-loss"
    )


def test_what_can_not_be_watched_is_a_sentence(dltui: Callable[..., Done]) -> None:
    done = dltui("watch")
    assert done.returncode == 2
    assert "there are no runs" in done.stderr
    made(told(5), "digits-one")
    done = dltui("watch", "digits-two")
    assert done.returncode == 2
    assert "did you mean" in done.stderr
