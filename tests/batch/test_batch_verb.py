"""``dltui batch`` as a person runs it: what is done, what is done again, and every way in which a job can end."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from dltui.batch.log import Lines, LogWriter, Standings, ask, running
from dltui.commands._batch_live import pictured
from dltui.errors import DltuiError
from dltui.results import load

Run = Callable[..., subprocess.CompletedProcess[str]]
Begin = Callable[..., subprocess.Popen[str]]


def write(work: Path, text: str) -> None:
    (work / "jobs.toml").write_text(text)


def job(name: str, run: str, *more: str) -> str:
    return "\n".join(["[[job]]", f'name = "{name}"', f'run = "{run}"', *more, ""])


def rows(out: str) -> dict[str, dict[str, object]]:
    return {job["name"]: job for job in json.loads(out)["jobs"]}


def states(out: str) -> dict[str, object]:
    return {name: job["state"] for name, job in rows(out).items()}


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.02)


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


CHAIN = """
collect = ["parameters", "output.1"]
[limits]
jobs = 2
[[job]]
name = "conv"
run = "shapes conv2d --input 1,3,32,32 -o {out} -k 3"
matrix = { out = [8, 16] }
[[job]]
name = "head"
run = "shapes linear --input 1,{conv.json.parameters} -o 10"
matrix = "conv"
[[job]]
name = "again"
run = "open {head.save}"
needs = "head"
matrix = { out = [16] }
"""


def test_results_go_from_job_to_job_and_what_is_done_is_kept(dltui: Run, work: Path, tmp_path: Path) -> None:
    write(work, CHAIN)
    first = dltui("batch", "jobs.toml", "--json")
    assert first.returncode == 0, first.stderr
    assert set(states(first.stdout).values()) == {"done"}
    found = rows(first.stdout)
    for out in (8, 16):  # weights and biases of the convolution, then of what reads their number
        conv = out * 3 * 9 + out
        assert found[f"conv[out={out}]"]["values"] == {"parameters": conv, "output.1": out}
        assert found[f"head[out={out}]"]["values"] == {"parameters": 10 * conv + 10, "output.1": 10}
    folder = Path(json.loads(first.stdout)["folder"])
    assert folder.parent == tmp_path / "home" / "batches"
    with (folder / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [row["parameters"] for row in table] == ["224", "448", "2250", "4490", ""]
    assert load(folder / "jobs" / "head-out=8" / "result.safetensors").figures()

    again = dltui("batch", "jobs.toml", "--json")
    assert set(states(again.stdout).values()) == {"kept"}
    assert rows(again.stdout)["head[out=8]"]["values"] == found["head[out=8]"]["values"]

    write(work, CHAIN.replace("out = [8, 16]", "out = [8, 32]").replace("out = [16]", "out = [8]"))
    changed = states(dltui("batch", "jobs.toml", "--json").stdout)
    assert changed == {
        "conv[out=8]": "kept", "conv[out=32]": "done", "head[out=8]": "kept", "head[out=32]": "done",
        "again[out=8]": "done",
    }  # fmt: skip


def test_a_job_is_done_again_when_a_file_it_reads_has_changed_or_its_result_is_gone(
    dltui: Run, work: Path
) -> None:
    write(
        work,
        job("a", "data show x.npz") + job("b", "data show mine:noted") + job("c", "runs list", "needs = 'a'"),
    )
    np.savez(work / "x.npz", x=np.zeros((4, 2), np.float32), y=np.arange(4) % 2)
    assert set(states(dltui("batch", "jobs.toml", "--json").stdout).values()) == {"done"}
    np.savez(work / "x.npz", x=np.ones((4, 2), np.float32), y=np.arange(4) % 2)
    found = dltui("batch", "jobs.toml", "--json")
    assert states(found.stdout) == {"a": "done", "b": "kept", "c": "done"}  # c needs what a read
    (work / "mine.py").write_text((work / "mine.py").read_text() + "\n# changed\n")
    Path(str(rows(found.stdout)["c"]["folder"]), "result.safetensors").unlink()
    assert states(dltui("batch", "jobs.toml", "--json").stdout) == {"a": "kept", "b": "done", "c": "done"}


def test_a_failure_stops_what_has_not_begun_and_is_told_with_its_last_lines(dltui: Run, work: Path) -> None:
    write(
        work,
        job("a", "open nothing.safetensors") + job("b", "runs list", "needs = 'a'") + job("c", "runs list"),
    )
    found = dltui("batch", "jobs.toml", "--json")
    assert found.returncode == 1
    assert states(found.stdout) == {"a": "failed", "b": "skipped", "c": "waiting"}
    assert "no file nothing.safetensors" in found.stderr
    assert found.stderr.strip().splitlines()[-1].startswith("error: 1 of 3 jobs failed: a; 2 were not done")
    assert "Traceback" not in found.stderr
    going = dltui("batch", "jobs.toml", "--json", "--keep-going")
    assert going.returncode == 1
    assert states(going.stdout) == {"a": "failed", "b": "skipped", "c": "done"}
    assert rows(going.stdout)["b"]["reason"] == "needs a, which failed"


def test_files_that_differ_are_an_answer_and_no_failure(dltui: Run, work: Path) -> None:
    for name in "ab":
        np.save(work / f"{name}.npy", np.full(3, ord(name)))
    write(
        work,
        job("differ", "diff a.npy b.npy") + job("after", "open {differ.save}")
        + job("strict", "diff a.npy b.npy", "ok = 0") + job("broken", "open jobs.toml", "ok = [0, 1]"),
    )  # fmt: skip
    found = dltui("batch", "jobs.toml", "--json", "--keep-going")
    assert states(found.stdout) == {"differ": "done", "after": "done", "strict": "failed", "broken": "failed"}
    assert rows(found.stdout)["differ"]["exit_code"] == 1
    again = dltui("batch", "jobs.toml", "--json", "--keep-going")
    assert states(again.stdout)["differ"] == "kept"


def test_retries_wait_longer_each_time_but_wrong_usage_is_not_tried_again(dltui: Run, work: Path) -> None:
    write(
        work,
        '[defaults]\nretries=2\nbackoff=0.3\n[[job]]\nname="a"\nrun="data show mine:third"\n'
        '[[job]]\nname="b"\nrun="open jobs.toml"\nneeds="a"\n'
        '[[job]]\nname="c"\nrun="data show {a.json.numbers.name}x"\n',
    )
    found = dltui("batch", "jobs.toml", "--json", "--keep-going")
    jobs = rows(found.stdout)
    assert (jobs["a"]["state"], jobs["a"]["attempt"]) == ("done", 3)
    first, second, third = map(float, (work / "tries").read_text().split())
    assert second - first >= 0.3
    assert third - second >= 0.6
    assert (jobs["b"]["state"], jobs["b"]["attempt"]) == ("failed", 3)  # no result: exit 1
    assert (jobs["c"]["state"], jobs["c"]["attempt"]) == ("failed", 1)  # no such function: exit 2
    assert "again in 0.3 s" in found.stderr


def test_a_job_over_its_time_is_ended(dltui: Run, work: Path) -> None:
    write(work, '[[job]]\nname="a"\nrun="data show mine:slow"\ntimeout="1s"\n')
    began = time.monotonic()
    found = dltui("batch", "jobs.toml", "--json")
    assert time.monotonic() - began < 30
    job = rows(found.stdout)["a"]
    assert (job["state"], job["reason"], job["exit_code"]) == (
        "failed",
        "took longer than 1 s",
        -signal.SIGTERM,
    )


@pytest.mark.parametrize(("limit", "most"), [("jobs = 3\ncuda = 1", 1), ("jobs = 2", 2)])
def test_limits_hold(dltui: Run, work: Path, limit: str, most: int) -> None:
    write(
        work,
        f"[limits]\n{limit}\n"
        + job("a", "data show mine:noted_{w} --device cuda", "matrix = {w = ['x', 'y', 'z']}"),
    )
    (work / "mine.py").write_text(
        (work / "mine.py").read_text()
        + "".join(f"\ndef noted_{who}():\n    return noted(who='{who}')\n" for who in "xyz")
    )
    found = dltui("batch", "jobs.toml", "--json")
    assert found.returncode == 0, found.stderr
    events = sorted(
        (float(at), 1 if what == "begins" else -1)
        for _, what, at in map(str.split, (work / "times").read_text().splitlines())
    )
    together = [sum(change for _, change in events[: place + 1]) for place in range(len(events))]
    assert max(together) == most


def test_threads_of_jobs_fill_the_cores_and_no_more(
    work: Path, environment: dict[str, str], begin: Begin
) -> None:
    told = "pathlib.Path('threads').write_text(os.environ['OMP_NUM_THREADS'] + os.environ['MORE'])"
    mine = (work / "mine.py").read_text()
    (work / "mine.py").write_text(f"import os\n{mine}\ndef env():\n    {told}\n    return noted(last=0)\n")
    cores = len(os.sched_getaffinity(0))
    write(work, f'[limits]\njobs={cores}\n[[job]]\nrun="data show mine:env"\nenv={{MORE="!"}}\n')
    process = begin("batch", "jobs.toml", "--quiet")
    assert process.wait(60) == 0
    assert (work / "threads").read_text() == "1!"


def test_ctrl_c_stops_the_jobs_and_the_same_command_goes_on(begin: Begin, dltui: Run, work: Path) -> None:
    write(work, '[[job]]\nname="a"\nrun="runs list"\n[[job]]\nname="b"\nrun="data show mine:slow"\n')
    process = begin("batch", "jobs.toml", "--json")
    until(lambda: (work / "began").exists(), "the slow job")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert states(out) == {"a": "done", "b": "stopped"}
    assert "stopped with 1 of 2 jobs done; the same command goes on" in err
    (work / "mine.py").write_text(
        (work / "mine.py").read_text().replace("time.sleep(60)", "return noted(last=0)")
    )
    found = dltui("batch", "jobs.toml", "--json")
    assert states(found.stdout) == {"a": "kept", "b": "done"}


def test_a_training_that_was_stopped_goes_on_in_the_same_run(
    begin: Begin, dltui: Run, work: Path, tmp_path: Path
) -> None:
    line = "train mlp --data moons --device cpu --set epochs=150 --set save_every=20"
    write(work, job("a", line) + job("b", "runs show {a.run}"))
    process = begin("batch", "jobs.toml", "--json")
    until(lambda: list(tmp_path.glob("home/runs/*/checkpoints/step-*20")), "a checkpoint")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert states(out) == {"a": "stopped", "b": "waiting"}
    found = dltui("batch", "jobs.toml", "--json", timeout=300)
    assert states(found.stdout) == {"a": "done", "b": "done"}, found.stderr
    (run,) = (tmp_path / "home" / "runs").iterdir()
    card = json.loads((run / "run.json").read_text())
    assert (card["state"], card["attempt"]) == ("done", 2)
    assert f"--resume run:{run.name}" in str(rows(found.stdout)["a"]["command"])
    again = dltui("batch", "jobs.toml", "--json")
    assert states(again.stdout) == {"a": "kept", "b": "kept"}


def test_a_job_ends_with_a_batch_that_is_killed(begin: Begin, work: Path, tmp_path: Path) -> None:
    write(work, '[[job]]\nname="a"\nrun="data show mine:slow"\n')
    process = begin("batch", "jobs.toml")
    until(lambda: (work / "began").exists(), "the slow job")
    (batch,) = (tmp_path / "home" / "batches").iterdir()
    assert running(batch)
    place = json.loads((batch / "jobs" / "a" / "job.json").read_text())["place"]
    number = int(place.removeprefix("pid "))
    assert alive(number)
    process.kill()
    process.wait()
    until(lambda: not alive(number), "the end of the job")
    assert not running(batch)


def test_a_crash_is_told_and_the_rest_goes_on(dltui: Run, work: Path) -> None:
    (work / "mine.py").write_text("import os, signal\ndef die():\n    os.kill(os.getpid(), signal.SIGSEGV)\n")
    write(work, '[[job]]\nname="a"\nrun="data show mine:die"\n[[job]]\nname="b"\nrun="runs list"\n')
    found = dltui("batch", "jobs.toml", "--json", "-k")
    assert states(found.stdout) == {"a": "failed", "b": "done"}
    assert rows(found.stdout)["a"]["reason"] == "killed by SIGSEGV"


def test_others_can_stop_a_job_and_the_batch(begin: Begin, work: Path, tmp_path: Path) -> None:
    write(
        work,
        job("a", "data show mine:slow")
        + job("b", "data show mine:slow")
        + job("c", "runs list", "needs = 'a'"),
    )
    process = begin("batch", "jobs.toml")
    until(lambda: (work / "began").exists(), "the slow job")
    (work / "began").unlink()
    (batch,) = (tmp_path / "home" / "batches").iterdir()
    ask(batch, "stop", "a")
    until(lambda: (work / "began").exists(), "the next job")
    ask(batch, "stop")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the batch was asked to stop" in err
    standings = Standings()
    for row in Lines(batch / "log.jsonl").new():
        standings.take(row)
    assert {name: job.state for name, job in standings.jobs.items()} == {
        "a": "stopped",
        "b": "stopped",
        "c": "skipped",
    }
    assert standings.state == "stopped"


def test_two_cannot_run_one_batch(tmp_path: Path) -> None:
    with LogWriter(tmp_path), pytest.raises(DltuiError, match="running already"):
        LogWriter(tmp_path)


def test_a_torn_line_of_the_log_costs_nothing_else(tmp_path: Path) -> None:
    with LogWriter(tmp_path) as log:
        log.write("begin", jobs=["a"])
    with (tmp_path / "log.jsonl").open("ab") as file:
        file.write(b'{"kind": "job", "job": "a", "st')
    with LogWriter(tmp_path) as log:
        log.write("job", job="a", state="done")
    assert [row["kind"] for row in Lines(tmp_path / "log.jsonl").new()] == ["begin", "job"]


def test_dry_run_lists_what_a_shell_could_take(dltui: Run, work: Path, tmp_path: Path) -> None:
    write(work, CHAIN)
    found = dltui("batch", "jobs.toml", "--dry-run")
    lines = found.stdout.splitlines()
    assert lines[:2] == ["# conv[out=8]", "dltui shapes conv2d --input 1,3,32,32 -o 8 -k 3"]
    assert "# head[out=16], needs conv[out=16]" in lines
    assert not (tmp_path / "home").exists()
    assert dltui("batch", "jobs.toml", "--quiet").returncode == 0
    told = json.loads(dltui("batch", "jobs.toml", "-n", "--json").stdout)
    assert [job["kept"] for job in told["jobs"]] == [True] * 5


def test_what_no_json_has_is_told_with_the_nearest_name(dltui: Run, work: Path) -> None:
    write(work, '[[job]]\nrun="shapes conv2d --input 1,3,8,8 -o 4 -k 3"\n')
    found = dltui("batch", "jobs.toml", "--collect", "parametres,seconds", "--figure", str(work / "out.csv"))
    assert found.returncode == 0
    assert "no job's JSON has 'parametres': did you mean parameters" in found.stderr
    assert (work / "out.csv").read_text().splitlines()[0] == "job,state,seconds,parametres"
    assert "▸" not in found.stdout


WRONG = {
    "missing": ("nothing.toml", "", "no file nothing.toml"),
    "toml": ("jobs.toml", "[[job]\n", "jobs.toml is no TOML"),
    "verb": ("jobs.toml", '[[job]]\nname="a"\nrun="shape conv2d"\n', "job 'a': unknown verb 'shape'"),
    "option": (
        "jobs.toml",
        '[[job]]\nname="a"\nrun="shapes conv2d --inputt 3"\n',
        "no such option: --inputt",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_told_in_a_sentence_and_nothing_runs(
    dltui: Run, work: Path, tmp_path: Path, name: str
) -> None:
    file, text, what = WRONG[name]
    write(work, text)
    found = dltui("batch", file)
    assert found.returncode == 2
    assert found.stdout == ""
    assert what in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home").exists()


def test_a_table_is_written_over_in_a_terminal(work: Path) -> None:
    standings = Standings()
    standings.take({"kind": "begin", "time": 0.0, "jobs": [f"job{number}" for number in range(40)]})
    standings.take({"kind": "job", "job": "job30", "state": "failed", "reason": "it broke", "attempt": 2})
    console = Console(width=60, height=12, file=StringIO(), no_color=True)
    console.print(pictured(standings, work, 9))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 9
    assert any("✗ job30 (try 2)" in line and "it broke" in line for line in lines)
    assert lines[-1].strip() == "0 of 40 done (39 waiting, 1 failed)"
    console = Console(width=60, height=12, file=StringIO(), no_color=True)
    console.print(pictured(standings, work, 9, ascii_only=True))
    assert console.file.getvalue().isascii()  # type: ignore[attr-defined]


def test_batches_reach_neither_torch_nor_textual() -> None:
    rooms = (
        "commands.batch",
        "commands.sweep",
        "commands._batch_live",
        "batch.run",
        "batch.cluster",
        "sweep.run",
    )
    heavy = {"torch", "textual", "submitit", "optuna"}
    code = f"import sys\nfor room in {rooms}: __import__(f'dltui.{{room}}')\nprint(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
