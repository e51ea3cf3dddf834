"""``dltui runs`` as a user calls it: what it prints, asks, moves and refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.runs import MetricsWriter, Run, find_run, finish, new_checkpoint, new_run, trash_folder

Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run() -> Run:
    run = new_run(
        model="lenet", data="digits", settings={"epochs": 2}, name="first", command="dltui train lenet"
    )
    with MetricsWriter(run) as writer:
        writer.append({"kind": "start", "step": 0, "steps": 40, "epochs": 2})
        for step in (20, 40):
            row = {
                "kind": "eval",
                "step": step,
                "epoch": step // 20,
                "test_loss": 4 / step,
                "test_accuracy": 0.5,
            }
            writer.append(row)
    for step in (0, 20, 40):
        with new_checkpoint(run, step) as folder:
            (folder / "weights.safetensors").write_bytes(b"w" * 1000)
    return finish(run, "done")


def test_list_is_a_list(run: Run, here: Here, tmp_path: Path) -> None:
    (line,) = json.loads(here("runs", "list", "--json", "--save", "kept.safetensors").stdout)
    assert (line["id"], line["name"], line["status"], line["steps"]) == ("first", "first", "done", 40)
    assert line["metrics"] == {"test_loss": 0.1, "test_accuracy": 0.5}
    assert (tmp_path / "kept.safetensors").is_file()
    told = here("runs", "list", "--sort", "test_loss", "--model", "lenet").stdout
    assert "first" in told
    assert "test loss" in told


def test_rename_tag_and_find(run: Run, here: Here) -> None:
    assert here("runs", "rename", "first", "best").returncode == 0
    assert here("runs", "tag", "run:best", "paper,fig-2").returncode == 0
    (line,) = json.loads(here("runs", "list", "--tag", "paper", "--json").stdout)
    assert (line["id"], line["name"], line["tags"]) == ("first", "best", ["paper", "fig-2"])
    assert json.loads(here("runs", "show", "best", "--json").stdout)["numbers"]["tags"] == ["paper", "fig-2"]
    assert here("runs", "tag", "best", "paper", "--remove").returncode == 0
    assert json.loads(here("runs", "list", "--tag", "paper", "--json").stdout) == []


def test_rm_needs_a_yes_and_tells_the_way_back(run: Run, here: Here) -> None:
    done = here("runs", "rm", "first")
    assert done.returncode == 2
    assert "Move the run first to the trash? Nobody is here to answer: add --yes" in done.stderr
    assert run.folder.is_dir()
    done = here("runs", "rm", "first", "--yes", "--json")
    told = json.loads(done.stdout)["numbers"]["moved"]
    assert told == [{"run": "first", "from": str(run.folder), "to": str(trash_folder() / "first")}]
    assert f"mv '{trash_folder() / 'first'}' '{run.folder}'" in done.stderr
    assert not run.folder.exists()


@pytest.mark.parametrize(("answer", "code", "there"), [("n", 130, True), ("y", 0, False)])
def test_rm_asks_on_a_terminal(run: Run, root: Path, answer: str, code: int, there: bool) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dltui", "runs", "rm", "first"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while b"[y/N]" not in told:
        told += os.read(ours, 1000)
    os.write(ours, f"{answer}\n".encode())
    process.communicate()
    os.close(ours)
    assert b"Move the run first to the trash?" in told
    assert process.returncode == code
    assert run.folder.exists() == there


def test_gc_says_bytes_before_it_deletes(run: Run, here: Here) -> None:
    with MetricsWriter(run) as writer:
        writer.append({"kind": "eval", "step": 40, "epoch": 3, "test_loss": 0.01})
    done = here("runs", "gc")
    assert done.returncode == 2
    assert "Delete 1 checkpoints and 0 leftovers of 1 runs, 1.0 kB in all? Nobody is here" in done.stderr
    assert run.steps() == [0, 20, 40]
    told = json.loads(here("runs", "gc", "first", "--yes", "--json").stdout)["numbers"]
    assert told["bytes"] == 1000
    assert told["deleted"][0]["steps"] == [20]
    assert run.steps() == [0, 40]
    assert "there is nothing to delete" in here("runs", "gc").stderr


def test_export_and_import(run: Run, here: Here, tmp_path: Path) -> None:
    for target in ("out.csv", "out.jsonl", "logs"):
        assert here("runs", "export", "first", target).returncode == 0
        done = here("runs", "import", target, "--name", f"from-{target}", "--model", "lenet", "--json")
        assert done.returncode == 0
        found = find_run(f"from-{target}")
        assert found.model == "lenet"
        (line,) = (row for row in json.loads(here("runs", "list", "--json").stdout) if row["id"] == found.id)
        assert line["metrics"]["test_loss"] == pytest.approx(0.1)
    assert "from-out.csv" in here("runs", "compare", "first,from-out.csv").stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["rename", "first", "a/b"], 2, "'a/b' can't name a run"),
        (["rename", "gone", "x"], 2, "unknown run 'gone'"),
        (["tag", "first", "a b"], 2, "'a b' can't be a tag"),
        (["list", "--status", "asleep"], 2, "unknown status 'asleep'"),
        (["list", "--sort", "beauty"], 2, "unknown order 'beauty'"),
        (["export", "first", "x.png"], 2, "can't export to x.png"),
        (["import", "nowhere"], 2, "there is no nowhere: expected"),
        (["rm", "gone", "--yes"], 2, "unknown run 'gone'"),
        (["gc", "gone"], 2, "unknown run 'gone'"),
    ],
)
def test_wrong_input_is_one_sentence(
    run: Run, here: Here, words: list[str], code: int, sentence: str
) -> None:
    done = here("runs", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_a_run_that_goes_on_is_not_removed(here: Here) -> None:
    run = new_run(model="mlp", data="moons", settings={}, name="on")
    with MetricsWriter(run) as writer:
        writer.append({"step": 1})
        writer.flush()
        done = here("runs", "rm", "on", "--yes")
    assert (done.returncode, run.folder.is_dir()) == (1, True)
    assert "the run on is still going on: stop it before you put it away" in done.stderr
