"""``dltui sweep`` as a person runs it: real trainings of a second each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.figures import Bars, Lines, Table
from dltui.results import load
from dltui.runs import open_run
from dltui.runs.home import runs_folder

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def dltui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dltui", *words],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            capture_output=True, text=True, encoding="utf-8", timeout=500, check=False,
        )  # fmt: skip

    return run


def test_a_sweep_finds_the_better_step_size_gives_up_the_worse_and_goes_on(
    dltui: Run, tmp_path: Path
) -> None:
    words = (
        "sweep",
        "digits-mlp",
        "--set",
        "epochs=9",
        "--search",
        "optimizer.lr=1e-6|0.1|2e-6",
        "--method",
        "grid",
    )
    words = (*words, "--prune", "--device", "cpu", "--jobs", "2", "--metric", "test_accuracy")
    first = dltui(*words, "--json", "--save", str(tmp_path / "sweep.safetensors"))
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    states = {one["name"]: one["state"] for one in told["trials"]}
    assert told["best"]["values"] == {"optimizer.lr": 0.1}
    assert told["best"]["value"] > 0.9
    assert states["trial-002"] == "done"
    assert "pruned" in states.values()  # at the latest the last of the two that learn nothing
    for one in told["trials"]:  # ordinary runs, at their own step sizes
        run = open_run(runs_folder() / one["run"])
        assert run.recipe["optimizer"]["lr"] == one["values"]["optimizer.lr"]
        assert run.tags == [Path(told["folder"]).name]
        assert run.state == ("done" if one["state"] == "done" else "stopped")
    again = dltui(*words, "--json")
    assert json.loads(again.stdout)["trials"] == told["trials"]
    assert "running" not in again.stderr
    whole = dltui(*(word for word in words if word != "--prune"), "--json")
    trials = json.loads(whole.stdout)["trials"]
    assert {one["state"] for one in trials} == {"done"}
    assert [one["run"] for one in trials] == [
        one["run"] for one in told["trials"]
    ]  # they go on where they were
    figures = load(tmp_path / "sweep.safetensors").figures()
    assert [type(figure) for figure in figures[:3]] == [Table, Lines, Bars]


def test_optuna_proposes_and_its_journal_is_gone_on_with(dltui: Run, tmp_path: Path) -> None:
    words = (
        "sweep",
        "digits-mlp",
        "--set",
        "epochs=1",
        "--search",
        "optimizer.lr=log:1e-3..1",
        "--method",
        "tpe",
    )
    words = (*words, "--device", "cpu", "--json", "--folder", "tpe")
    one = json.loads(dltui(*words, "--trials", "1").stdout)
    two = json.loads(dltui(*words, "--trials", "2").stdout)
    assert two["trials"][0] == one["trials"][0]
    assert len(two["trials"]) == 2
    assert two["done"] == 2
    assert (tmp_path / "tpe" / "optuna.journal").read_text().count('"datetime_complete"') == 2


WRONG = {
    "field": (("digits-mlp", "--search", "optimizer.lrr=1|2"), "lrr"),
    "recipe": (("digits-mpl", "--search", "optimizer.lr=1|2"), "digits-mlp"),
    "nothing": (("digits-mlp",), "nothing to search"),
    "grid": (("digits-mlp", "--search", "optimizer.lr=0.1..1", "--method", "grid"), "/5"),
    "trials": (
        ("digits-mlp", "--search", "optimizer.lr=0.1|1", "--method", "grid", "--trials", "1"),
        "leave --trials out",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_sentence(dltui: Run, tmp_path: Path, name: str) -> None:
    words, hint = WRONG[name]
    found = dltui("sweep", *words)
    assert found.returncode == 2
    assert hint in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home").exists()
