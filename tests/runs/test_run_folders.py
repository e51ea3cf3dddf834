"""Run folders: written, found, read while they grow, and readable after anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dltui.errors import DltuiError, UsageError
from dltui.runs import (
    MetricsReader,
    MetricsWriter,
    Run,
    find_run,
    finish,
    history,
    home,
    list_runs,
    new_checkpoint,
    new_run,
    open_run,
    read_metrics,
    results_folder,
    runs_folder,
)
from dltui.runs.find import find_snapshot


def a_run(model: str = "lenet", data: str = "digits") -> Run:
    return new_run(
        model=model, data=data, settings={"epochs": 2, "learning_rate": 0.1}, seed=3, command="dltui train"
    )


def with_checkpoints(*steps: int) -> Run:
    run = a_run()
    for step in steps:
        with new_checkpoint(run, step) as folder:
            (folder / "weights.safetensors").write_bytes(b"weights")
    return run


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DLTUI_HOME", "~/nets")
    assert home() == Path("~/nets").expanduser()
    monkeypatch.delenv("DLTUI_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "dltui" / "runs"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert results_folder() == tmp_path / ".local" / "share" / "dltui" / "results"


@pytest.mark.parametrize(
    ("model", "data", "stem"),
    [
        ("lenet", "digits", "digits-lenet-"),
        ("mlp:width=128,depth=3", "moons:noise=0.2", "moons-mlp-"),
        ("my_pkg.nets:build", "folder/My Data.npz", "my_data-build-"),
    ],
)
def test_names_are_short_and_readable(model: str, data: str, stem: str) -> None:
    name = a_run(model, data).name
    assert name.startswith(stem)
    assert len(name) == len(stem) + 4


def test_card_round_trip() -> None:
    run = a_run()
    assert open_run(run.folder) == run
    ended = finish(run, "failed", "the loss became nan")
    assert open_run(run.folder) == ended
    assert (ended.state, ended.reason, ended.seed) == ("failed", "the loss became nan", 3)


def test_card_of_a_newer_version_is_read() -> None:
    run = a_run()
    card = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps(card | {"tomorrow": 1}))
    assert open_run(run.folder) == run


def test_list_is_newest_first_and_passes_over_rubbish() -> None:
    assert list_runs() == []
    first, second = a_run(), a_run("mlp", "moons")
    (runs_folder() / "rubbish").mkdir()
    (runs_folder() / "broken").mkdir()
    (runs_folder() / "broken" / "run.json").write_text("{")
    assert [run.name for run in list_runs()] == [second.name, first.name]


def test_find() -> None:
    first, second = a_run(), a_run("mlp", "moons")
    assert find_run("latest") == second
    assert find_run(first.name) == first
    assert find_run("moons") == second


def test_find_refuses() -> None:
    with pytest.raises(UsageError, match="there are no runs in .* yet: try dltui train lenet"):
        find_run("latest")
    first, _second = a_run(), a_run()
    with pytest.raises(UsageError, match="2 runs begin with 'digits': digits-lenet-"):
        find_run("digits")
    with pytest.raises(UsageError, match=f"unknown run '.*': did you mean .*{first.name}"):
        find_run(first.name.replace("digits", "digist"))
    (first.folder / "run.json").write_text("{")
    with pytest.raises(DltuiError, match="can't read .*run.json"):
        find_run(first.name)


def test_snapshots() -> None:
    run = with_checkpoints(0, 40, 80)
    assert run.steps() == [0, 40, 80]
    assert find_snapshot("run:latest").step == 80
    assert find_snapshot(f"run:{run.name}@step=40").path == run.checkpoint(40)
    with MetricsWriter(run) as writer:
        for epoch, step, loss in (
            (1, 40, 0.3),
            (2, 80, 0.5),
            (3, 120, 0.1),
        ):  # no weights were kept at step 120
            writer.append({"kind": "epoch", "epoch": epoch, "step": step, "test_loss": loss})
    assert find_snapshot("run:latest@best").step == 40


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("step=41", "kept no step 41: the nearest are 0, 40, 80"),
        ("step=x", "can't read @step=x in 'run:latest@step=x': expected @step=300 or @best"),
        ("last", "can't read @last"),
        ("best", "has no evaluation with both a checkpoint and a held-out loss yet"),
    ],
)
def test_snapshots_refuse(moment: str, sentence: str) -> None:
    with_checkpoints(0, 40, 80)
    with pytest.raises(DltuiError) as caught:
        find_snapshot(f"run:latest@{moment}")
    assert sentence in str(caught.value)


def test_a_run_without_checkpoints() -> None:
    run = a_run()
    with pytest.raises(DltuiError, match=f"the run {run.name} has no checkpoint"):
        find_snapshot("run:latest")


def test_latest_falls_back_on_the_files() -> None:
    run = with_checkpoints(0, 40)
    (run.folder / "latest").write_text("step-999999\n")
    assert run.latest() == run.checkpoint(40)
    (run.folder / "latest").unlink()
    assert run.latest() == run.checkpoint(40)


def test_reader_follows_and_leaves_torn_lines() -> None:
    run = a_run()
    reader = MetricsReader(run)
    assert reader.new_rows() == []
    with MetricsWriter(run) as writer:
        writer.append({"step": 1, "loss": 0.5})
        writer.append({"step": 2, "loss": float("nan")})
        writer.flush()
        assert reader.new_rows() == [
            {"step": 1, "loss": 0.5},
            {"step": 2, "loss": None, "nonfinite_fields": ["loss"]},
        ]
        assert reader.new_rows() == []
        writer.append({"step": 3})
    with run.metrics.open("ab") as file:
        file.write(b'{"step": 4, "lo')
    assert reader.new_rows() == [{"step": 3}]
    with run.metrics.open("ab") as file:
        file.write(b'ss": 1}\n')
    assert reader.new_rows() == [{"step": 4, "loss": 1}]


def test_a_writer_after_a_kill_begins_a_new_line() -> None:
    run = a_run()
    run.metrics.write_bytes(b'{"step": 1}\n{"step": 2, "lo')
    with MetricsWriter(run) as writer:
        writer.append({"step": 3})
    assert read_metrics(run) == [{"step": 1}, {"step": 3}]


def test_only_one_writer() -> None:
    run = a_run()
    with (
        MetricsWriter(run),
        pytest.raises(DltuiError, match=f"another process is writing the run {run.name}"),
    ):
        MetricsWriter(run)


def test_state_tells_a_kill() -> None:
    run = a_run()
    assert run.state_now() == "running"  # this process has only begun it
    with MetricsWriter(run) as writer:
        writer.append({"step": 1})
        writer.flush()
        assert run.state_now() == "running"
    assert run.state_now() == "died"
    assert finish(run, "done").state_now() == "done"


def test_history_of_a_growing_run() -> None:
    run = a_run()
    assert history(run).epochs.size == 0
    with MetricsWriter(run) as writer:
        writer.append({"kind": "start", "parameters": 12, "split": "a fifth", "device": "cpu", "seconds": 0})
        writer.append({"kind": "step", "step": 10, "loss": 0.7, "seconds": 1})
        writer.append({"kind": "epoch", "epoch": 1, "train_loss": 0.5, "test_loss": 0.6, "test_accuracy": None,
                       "learning_rate": 0.1, "seconds": 2.5})  # fmt: skip
    found = history(run)
    assert found.epochs.tolist() == [1]
    assert found.train_loss.tolist() == [0.5]
    assert np.isnan(found.test_accuracy[0])
    assert (found.parameters, found.split, found.made.seconds, found.made.seed) == (12, "a fifth", 2.5, 3)


def test_unwritable_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(DltuiError, match="can't write .*; set DLTUI_HOME to a folder that you may write to"):
        a_run()


def test_no_torch_is_imported() -> None:
    code = "import sys, dltui.runs, dltui.runs.overview, dltui.models, dltui.data; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
