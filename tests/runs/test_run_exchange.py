"""Runs for other programs, and other programs' metrics as runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltui.errors import DltuiError, UsageError
from dltui.runs import MetricsWriter, Run, change, finish, list_runs, new_checkpoint, new_run, read_metrics
from dltui.runs.exports import export, standing
from dltui.runs.imports import adopt
from dltui.runs.metrics import Row

NAN = float("nan")
ROWS: list[Row] = [
    {"kind": "start", "step": 0, "seconds": 0.0, "split": 'a "fixed" fifth, of all'},
    *({"kind": "step", "step": s, "seconds": s / 10, "epoch": s / 5, "loss": 1 / s, "grad_norm": s}
      for s in range(1, 11)),
    {"kind": "layers", "step": 10, "seconds": 1.0, "grad_norm": {"fc1": 0.5, "fc2": NAN}},
    {"kind": "eval", "step": 10, "seconds": 1.25, "epoch": 2, "test_loss": NAN, "test_accuracy": 0.5},
    {"kind": "note", "step": 10, "level": "info", "text": "ä, \n b"},
    {"kind": "start", "step": 8, "seconds": 2.0, "attempt": 2, "resumed_from": 8},
    {"kind": "step", "step": 9, "seconds": 2.1, "epoch": 1.8, "loss": 0.25, "grad_norm": 1},
]  # fmt: skip


@pytest.fixture
def run() -> Run:
    run = new_run(model="lenet", data="digits", settings={"lr": 0.1}, started="2026-01-02T03:04:05+00:00")
    with MetricsWriter(run) as writer:
        for row in ROWS:
            writer.append(row)
    with run.metrics.open("ab") as file:
        file.write(b'{"kind": "st')
    return finish(run, "done")


def curves(run: Run) -> list[tuple[Any, ...]]:
    """Return the numbers of a run, whatever else its rows say."""
    return [
        (row["kind"], row["step"], row.get("loss"), row.get("test_accuracy"), row.get("test_loss"))
        for row in standing(run)
        if row["kind"] in {"step", "eval"}
    ]


def test_what_was_made_again_counts_once(run: Run) -> None:
    assert [row[1:3] for row in curves(run) if row[0] == "step"] == [(s, 1 / s) for s in range(1, 9)] + [
        (9, 0.25)
    ]
    assert len(read_metrics(run)) == len(ROWS)  # the file keeps all


def test_csv(run: Run, tmp_path: Path) -> None:
    export(run, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0])[:4] == ["kind", "step", "epoch", "seconds"]
    assert [(line["step"], line["loss"]) for line in lines if line["kind"] == "step"][:2] == [
        ("1", "1.0"),
        ("2", "0.5"),
    ]
    assert lines[0]["split"] == 'a "fixed" fifth, of all'
    assert "nonfinite_fields" not in lines[0]


def test_csv_tells_what_was_not_finite(tmp_path: Path) -> None:
    run = new_run(model="mlp", data="moons", settings={})
    with MetricsWriter(run) as writer:
        writer.append({"kind": "layers", "step": 1, "grad_norm": {"fc1": 0.5, "fc2": NAN}, "list": [1]})
        writer.append({"kind": "step", "step": 2, "loss": NAN})
    export(run, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().split("\n") == [
        "kind,step,epoch,seconds,grad_norm/fc1,grad_norm/fc2,list,loss", "layers,1,,,0.5,nan,[1],",
        "step,2,,,,,,nan", "",
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "tensorboard"])
def test_there_and_back_again(run: Run, tmp_path: Path, target: str) -> None:
    export(run, tmp_path / target)
    back = adopt(tmp_path / target, name="back", model="lenet", data="digits")
    assert (back.name, back.model, back.state, back.state_now()) == ("back", "lenet", "done", "done")
    expected = [(k, s, loss and float(np.float32(loss)), acc, test) for k, s, loss, acc, test in curves(run)]
    found = [(k, s, loss and float(np.float32(loss)), acc, test) for k, s, loss, acc, test in curves(back)]
    assert found == expected
    if target == "tensorboard":
        assert back.started.startswith("20")
    else:
        assert [row for row in standing(back) if row["kind"] == "eval"] == [
            row for row in standing(run) if row["kind"] == "eval"
        ]


def test_jsonl_holds_whole_rows(run: Run, tmp_path: Path) -> None:
    export(run, tmp_path / "out.jsonl")
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == list(
        standing(run)
    )


def test_other_peoples_names_and_steps(tmp_path: Path) -> None:
    (tmp_path / "wandb.csv").write_text(
        "\ufeffepoch,global_step,train/loss,val_acc,_timestamp,note\n0,10,0.5,,1700000000,x\n1,20,0.25,0.75,1700000060.5,\n"
    )
    rows = read_metrics(adopt(tmp_path / "wandb.csv"))
    assert rows == [
        {"kind": "step", "step": 10, "seconds": 0.0, "epoch": 0, "loss": 0.5},
        {"kind": "step", "step": 20, "seconds": 60.5, "epoch": 1, "loss": 0.25},
        {"kind": "eval", "step": 20, "seconds": 60.5, "epoch": 1, "test_accuracy": 0.75},
    ]
    (tmp_path / "mine.jsonl").write_text(
        '{"loss": 1}\nrubbish\n{"loss": NaN, "lr": 0.1, "grad_norm/fc": 2}\n'
    )
    rows = read_metrics(adopt(tmp_path / "mine.jsonl"))
    assert rows[0] == {"kind": "step", "step": 1, "loss": 1}
    assert rows[1]["nonfinite_fields"] == ["loss"]
    assert rows[2] == {"kind": "layers", "step": 2, "grad_norm": {"fc": 2}}
    assert {run.name for run in list_runs()} == {"wandb", "mine"}
    assert adopt(tmp_path / "mine.jsonl").name == "mine-2"


def test_a_runs_folder_from_elsewhere(run: Run, tmp_path: Path) -> None:
    with new_checkpoint(run, 10) as folder:
        (folder / "weights.safetensors").write_text("w")
    change(run, state="running", host="elsewhere")
    run.folder.rename(tmp_path / "carried")
    found = adopt(tmp_path / "carried")
    assert (found.name, found.model, found.steps(), found.state_now()) == ("carried", "lenet", [10], "died")
    assert adopt(tmp_path / "carried", name="again").id == "again"
    assert (tmp_path / "carried" / "run.json").is_file()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere", "there is no .*nowhere: expected a folder of TensorBoard, FILE.csv"),
        ("empty", "empty holds no event files of TensorBoard"),
        ("notes.txt", "can't import .*notes.txt: expected"),
        ("empty.csv", "empty.csv holds no numbers of a training"),
        ("words.csv", "words.csv holds no numbers of a training"),
        ("bytes.csv", "can't read .*bytes.csv as CSV"),
        ("several", "several holds 2 trainings: import one of them: a, b"),
        ("broken/events.out.tfevents.1", "is damaged after 0 bytes"),
    ],
)
def test_what_can_not_be_imported_is_one_sentence(tmp_path: Path, source: str, sentence: str) -> None:
    from dltui.runs.tensorboard import write_events

    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "words.csv").write_text("a,b\nx,y\n")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00a,b\n\x80\x81,1\n")
    for name in ("a", "b"):
        write_events([{"kind": "step", "step": 1, "loss": 1.0}], tmp_path / "several" / name, 1.0)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "events.out.tfevents.1").write_bytes(b"\x01" * 100)
    with pytest.raises(DltuiError, match=sentence):
        adopt(tmp_path / source)
    assert list_runs() == []


def test_what_can_not_be_exported_to_is_one_sentence(run: Run, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"can't export to .*x.png: expected FILE.csv, FILE.jsonl, or a folder"
    ):
        export(run, tmp_path / "x.png")
    export(run, tmp_path / "tb")
    with pytest.raises(UsageError, match="holds event files already"):
        export(run, tmp_path / "tb")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="can't export to"):
        export(run, tmp_path / "file")
    with pytest.raises(DltuiError, match="can't write .*out.csv"):
        export(run, tmp_path / "file" / "out.csv")
