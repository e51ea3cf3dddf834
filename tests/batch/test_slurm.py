"""On a real SLURM of two nodes on this host, from Debian's packages: jobs, refusals, the end of their time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from dltui.runs import open_run, read_metrics
from dltui.training.launch.slurm import Command, Wish, submit

from .slurm_node import Cluster, missing  # noqa: TID252 - the tests of this folder share it

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")
Run = Callable[..., subprocess.CompletedProcess[str]]
Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("slurm"), nodes=2)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def environment(environment: dict[str, str], cluster: Cluster) -> dict[str, str]:
    return environment | cluster.environment


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.1)


def test_a_batch_runs_there_with_needs_and_failures(dltui: Run, work: Path) -> None:
    (work / "jobs.toml").write_text(
        'collect = ["parameters"]\n[limits]\njobs = 2\n[slurm]\npartition = "debug"\ntime = "5m"\n'
        '[[job]]\nname = "conv"\nrun = "shapes conv2d --input 1,3,8,8 -o 4 -k 3"\n'
        '[[job]]\nname = "head"\nrun = "shapes linear --input 1,{conv.json.parameters} -o 10"\n'
        '[[job]]\nname = "wrong"\nrun = "open nothing.safetensors"\n'
        '[[job]]\nname = "nowhere"\nrun = "runs list"\nslurm = { partition = "gpus" }\n'
    )
    found = dltui("batch", "jobs.toml", "--on", "slurm", "--json", "-k")
    assert found.returncode == 1
    jobs = {job["name"]: job for job in json.loads(found.stdout)["jobs"]}
    assert {name: job["state"] for name, job in jobs.items()} == {
        "conv": "done", "head": "done", "wrong": "failed", "nowhere": "failed",
    }  # fmt: skip
    assert jobs["head"]["values"]["parameters"] == 10 * (4 * 27 + 4) + 10
    assert "no file nothing.safetensors" in jobs["wrong"]["reason"]
    assert "SLURM refuses" in jobs["nowhere"]["reason"]
    assert "partition" in jobs["nowhere"]["reason"]
    again = dltui("batch", "jobs.toml", "--on", "slurm", "--json", "-k")
    assert [job["state"] for job in json.loads(again.stdout)["jobs"]] == ["kept", "kept", "failed", "failed"]


def test_ctrl_c_takes_the_jobs_back(begin: Begin, work: Path, cluster: Cluster) -> None:
    (work / "jobs.toml").write_text('[[job]]\nname="a"\nrun="data show mine:slow"\n')
    process = begin("batch", "jobs.toml", "--on", "slurm", "--json")
    until(lambda: (work / "began").exists(), "the slow job")
    assert "RUNNING" in cluster.ask("squeue", "-h", "-o", "%T")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["jobs"][0]["state"] == "stopped"
    until(lambda: "RUNNING" not in cluster.ask("squeue", "-h", "-o", "%T"), "the end of the job")


def test_a_job_whose_batch_was_killed_is_taken_up_again(
    begin: Begin, dltui: Run, work: Path, cluster: Cluster
) -> None:
    (work / "mine.py").write_text(
        (work / "mine.py").read_text().replace("last: float = 0.4", "last: float = 4.0")
    )
    (work / "jobs.toml").write_text('[[job]]\nname="a"\nrun="data show mine:noted"\n')
    before = cluster.ask("squeue", "-h", "-t", "all", "-o", "%i").split()
    process = begin("batch", "jobs.toml", "--on", "slurm", "--json")
    until(lambda: (work / "times").exists(), "the job")
    process.kill()
    found = dltui("batch", "jobs.toml", "--on", "slurm", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["jobs"][0]["state"] == "done"
    assert len((work / "times").read_text().splitlines()) == 2  # begun and ended once
    assert len(cluster.ask("squeue", "-h", "-t", "all", "-o", "%i").split()) == len(before) + 1


TOLD_TO_SAVE = """
import os, pathlib, signal, sys, time

def save(number, frame):
    pathlib.Path("saved").write_text(pathlib.Path("began").read_text())
    sys.exit(75)

def waits():
    signal.signal(signal.SIGTERM, save)
    pathlib.Path("began").write_text(os.environ["SLURM_JOB_ID"])
    time.sleep(60)

def goes_on():
    import numpy as np
    assert pathlib.Path("saved").read_text() == os.environ["SLURM_JOB_ID"]
    return np.zeros((4, 2), np.float32), np.arange(4) % 2
"""


def test_what_saved_when_its_time_ended_is_queued_again_and_goes_on(
    work: Path, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """The signal that SLURM sends before the end of a job's time, sent by hand: minutes are its smallest unit."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (work / "mine.py").write_text(TOLD_TO_SAVE)
    folder = tmp_path / "job"
    command = Command(
        words=("data", "show", "mine:waits", "--json"),
        again=("data", "show", "mine:goes_on", "--json"),
        folder=str(folder),
        work=str(work),
    )
    job = submit("saves", command, Wish(minutes=5))
    until(lambda: (work / "began").exists() and (work / "began").read_text(), "the job")
    assert job.poll() is None
    cluster.ask("scancel", "--signal=TERM", job.id)
    until(lambda: (work / "saved").exists(), "what was saved")

    def ended() -> bool:
        cluster.ask(
            "scontrol", "update", f"JobId={job.id}", "StartTime=now"
        )  # SLURM lets it wait two minutes
        return job.poll() is not None

    until(ended, "the end of the job")
    assert job.poll() == 0
    assert json.loads((folder / "stdout.json").read_text())["title"] == "mine:goes_on"
    assert (folder / "stderr.txt").is_file()


TRAIN = ("train", "mlp", "--data", "moons", "--device", "cpu", "--json", "--set", "save_every=20")


def weights(told: str) -> dict[str, np.ndarray]:
    run = open_run(Path(json.loads(told)["folder"]))
    return load_file(run.checkpoint(run.steps()[-1]))


def test_two_processes_on_one_node_or_two_train_what_two_processes_here_train(
    begin: Begin, dltui: Run, cluster: Cluster, tmp_path: Path
) -> None:
    """On two nodes after a while in which the partition is full."""
    until(lambda: not cluster.ask("squeue", "-h").strip(), "an empty queue")
    said = cluster.ask(
        "sbatch", "--nodes=2", "--exclusive", f"--output={tmp_path}/full", "--wrap", "sleep 300"
    )
    until(lambda: "RUNNING" in cluster.ask("squeue", "-h", "-o", "%T"), "what fills the partition")
    words = (*TRAIN, "--set", "epochs=2")
    process = begin(*words, "--on", "slurm", "--nodes", "2", "--partition", "debug")
    assert process.stderr
    waits = process.stderr.readline()
    assert "waits: Resources" in waits, waits
    here = dltui(*words, "--devices", "2")
    cluster.ask("scancel", said.split()[-1])
    two, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "runs on here[1-2]" in err
    one = dltui(*words, "--devices", "2", "--on", "slurm", "--time", "5m")
    assert here.returncode == one.returncode == 0, one.stderr
    assert (
        json.loads(here.stdout)["metrics"] == json.loads(one.stdout)["metrics"] == json.loads(two)["metrics"]
    )
    for told in (one.stdout, two):
        run = open_run(Path(json.loads(told)["folder"]))
        assert (run.world, run.state) == (2, "done")
        assert (run.folder / "slurm" / "stderr.txt").is_file()


def test_a_sweep_trains_its_trials_there(dltui: Run, cluster: Cluster) -> None:
    words = (
        "sweep",
        "moons-mlp",
        "--search",
        "optimizer.lr=0.01|0.1",
        "--method",
        "grid",
        "--set",
        "epochs=1",
    )
    before = cluster.ask("squeue", "-h", "-t", "all", "-o", "%i").split()
    found = dltui(*words, "--on", "slurm", "--partition", "debug", "--jobs", "2", "--json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert [trial["state"] for trial in told["trials"]] == ["done", "done"]
    names = cluster.ask("squeue", "-h", "-t", "all", "-o", "%i %j").splitlines()
    assert sorted(line.split()[1] for line in names if line.split()[0] not in before) == [
        "dltui-trial-001", "dltui-trial-002",
    ]  # fmt: skip
    again = json.loads(dltui(*words, "--json").stdout)  # here: what was done there is not done again
    assert again["trials"] == told["trials"]
    refused = dltui(*words, "--gpus", "1")
    assert (refused.returncode, "--on slurm" in refused.stderr) == (2, True)


def test_a_training_that_must_make_room_goes_on_to_the_last_bit(
    dltui: Run, begin: Begin, tmp_path: Path, cluster: Cluster
) -> None:
    words = (*TRAIN, "--set", "epochs=150")
    process = begin(*words, "--on", "slurm")
    until(lambda: list(tmp_path.glob("home/runs/*/checkpoints/step-000*")), "a checkpoint")
    number = cluster.ask("squeue", "-h", "-o", "%i").strip()
    cluster.ask("scancel", "--signal=TERM", number)

    def ended() -> bool:
        cluster.ask(
            "scontrol", "update", f"JobId={number}", "StartTime=now"
        )  # SLURM lets it wait two minutes
        return process.poll() is not None

    until(ended, "the end of the training")
    told, err = process.communicate()
    assert process.returncode == 0, err
    run = open_run(Path(json.loads(told)["folder"]))
    assert run.attempt == 2
    assert any(row.get("resumed_from") for row in read_metrics(run) if row["kind"] == "start")
    whole = weights(dltui(*words).stdout)
    found = weights(told)
    assert whole.keys() == found.keys()
    assert all(np.array_equal(whole[name], found[name]) for name in whole)


def test_without_a_cluster_one_sentence_says_so(
    work: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (work / "jobs.toml").write_text('[[job]]\nrun="runs list"\n')
    (tmp_path / "bin").mkdir()
    found = subprocess.run(
        [sys.executable, "-m", "dltui", "batch", "jobs.toml", "--on", "slurm"],
        cwd=work, env=environment | {"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert "there is no SLURM here" in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1
