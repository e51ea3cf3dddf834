"""Whatever is wrong, a person gets one sentence that names it, an exit code that tells, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from dltui.errors import ExitCode

Run = Callable[..., subprocess.CompletedProcess[str]]

CONV = ["shapes", "conv2d", "-i", "1,3,8,8", "-o", "4", "-k", "3"]


def _check_says(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    for part in parts:
        assert part in sentence, sentence


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["landscpae", "lenet"], ["unknown verb 'landscpae'", "landscape"]),
        (["landscape", "lenett"], ["unknown model 'lenett'", "lenet"]),
        (["landscape", "lenet", "--data", "digitz"], ["digitz", "digits"]),
        (["landscape"], ["MODEL", "dltui landscape --help"]),
        (["landscape", "lenet", "--stepz", "3"], ["--stepz", "dltui landscape --help"]),
        (["landscape", "lenet", "--steps", "many"], ["many", "--steps"]),
        (["landscape", "lenet", "--steps", "4"], ["4", "5"]),
        (["landscape", "lenet", "--device", "gpu"], ["--device 'gpu'", "cuda:0"]),
        (["landscape", "lenet", "--device", "cuda:63"], ["cuda:63", "cpu"]),
        (["landscape", "lenet", "--data", "moons"], ["lenet", "2 features", "mlp"]),
        (["hessian", "run:latest"], ["run"]),
        (["gradients", "mlp:widht=3"], ["widht", "width"]),
        (["train", "mlp", "--optimizer", "adma"], ["adma", "adam"]),
        (["lab", "run", "two-weight-sadle"], ["two-weight-sadle", "two-weight-saddle"]),
        (["lab", "run", "two-weight-saddle", "--lr", "99"], ["lr", "99"]),
        (["shapes", "conv2e"], ["conv2e"]),
        ([*CONV, "--padding", "fulll"], ["fulll", "same"]),
        (["shapes", "conv2d", "-i", "1,3,?,8", "-o", "4", "-k", "3"], ["1,3,?,8", "1,3,224,224"]),
        (["shapes", "conv2d", "-i", "1,3,4,4", "-o", "4", "-k", "7"], ["kernel reaches 7", "pad"]),
        ([*CONV, "--figure", "x.bmp"], [".bmp", "png"]),
        (["landscape", ""], ["MODEL is empty"]),
        (["cloud", ""], ["NAME is empty"]),
        (["landscape", "lenet", "--data", ""], ["unknown data set ''", "digits"]),
        (["landscape", "lenet", "--seed", "9" * 23], ["--seed is 999", "9223372036854775807"]),
        (["landscape", "lenet", "--steps", "9" * 23], ["--steps is 999", "9223372036854775807"]),
        (["landscape", "lenet", "--steps", "100001"], ["1e+10 points", "100,000,000"]),
        (["sdf", "sphere(1)", "--probe", "nan,0,0"], ["--probe nan,0,0", "finite"]),
        (["sdf", "sphere(1)", "--reach", "inf"], ["--reach is inf", "finite"]),
        (["train", "mlp", "--threads", "99999999"], ["--threads", "1024"]),
        (["train", "mlp", "--nodes", "2"], ["--nodes", "--on slurm"]),
        (["train", "mlp", "--time", "8h"], ["--time", "--on slurm"]),
        (["shapes", "memory", "gpt2", "--limit", "nan"], ["--limit is nan"]),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_usage(here: Run, arguments: list[str], parts: list[str]) -> None:
    _check_says(here(*arguments), ExitCode.USAGE, *parts)


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"x": np.zeros((9, 4)), "y": np.zeros(8, int)}, ["x", "9", "y", "8"]),
        (
            {"x": np.where(np.arange(36).reshape(9, 4) == 7, np.nan, 0), "y": np.zeros(9, int)},
            ["x", "1 in all", "nan at index [1, 3]"],
        ),
        ({"a": np.zeros(3)}, ["x", "y"]),
        ({"x": np.zeros((9, 4)), "y": np.zeros((9, 2, 2), int)}, ["y", "(9, 2, 2)"]),
    ],
    ids=["lengths", "nan", "names", "dimensions"],
)
def test_data_that_can_not_be(
    here: Run, tmp_path: Path, arrays: dict[str, np.ndarray], parts: list[str]
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)  # type: ignore[arg-type]
    done = here("landscape", "mlp", "--data", "mine.npz")
    assert done.returncode in {ExitCode.FAILED, ExitCode.USAGE}
    _check_says(done, done.returncode, "mine.npz", *parts)


def test_pickled_arrays_are_not_opened(here: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", x=np.array([print], dtype=object), y=np.zeros(1))
    done = here("landscape", "mlp", "--data", "mine.npz")
    _check_says(done, done.returncode, "mine.npz", "x")
    assert done.returncode in {ExitCode.FAILED, ExitCode.USAGE}


def test_weights_that_do_not_fit(here: Run, tmp_path: Path) -> None:
    save_file({"a.weight": np.zeros((2, 2), np.float32)}, tmp_path / "other.safetensors")
    done = here("gradients", "mlp", "--weights", "other.safetensors")
    _check_says(
        done,
        ExitCode.FAILED,
        "other.safetensors",
        "hidden.0.weight",
        "hidden.0.bias",
        "head.weight",
        "2 more",
    )


@pytest.mark.parametrize(
    "verb",
    [
        ["open", "gone.safetensors"],
        ["landscape", "gone.safetensors"],
        ["inspect", "gone.safetensors"],
        ["cloud", "gone.ply"],
        ["nerf", "render", "gone.safetensors"],
        ["nerf", "info", "gone.tar"],
        ["splat", "render", "gone.ply"],
        ["shapes", "chain", "gone.txt"],
        ["shapes", "memory", "gone.safetensors"],
        ["landscape", "mlp", "--along", "gone.safetensors"],
        ["batch", "gone.toml"],
        ["attention", "vit", "-i", "gone.png"],
    ],
    ids=" ".join,
)
def test_missing_file(here: Run, verb: list[str]) -> None:
    done = here(*verb)
    _check_says(done, ExitCode.USAGE, f"no file {verb[-1]}")


@pytest.mark.parametrize(
    "verb",
    [
        ["open", "folder.safetensors"],
        ["batch", "folder.toml"],
        ["shapes", "chain", "folder.txt"],
        ["cloud", "folder.ply"],
        ["splat", "render", "folder.ply"],
        ["explain", "lenet", "-i", "folder.png"],
        ["explain", "lenet", "-i", "folder.npy"],
        ["landscape", "mlp", "--data", "folder.npz"],
    ],
    ids=" ".join,
)
def test_a_folder_where_a_file_is_expected(here: Run, tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / verb[-1]).mkdir()
    _check_says(here(*verb), ExitCode.USAGE, f"{verb[-1]} is a folder")


@pytest.mark.parametrize(
    ("verb", "part"),
    [
        (["attention", "lenet", "-i", "digits[0]"], "attention"),
        (["critical", "lenet"], "maximum over points"),
        (["remake", "lenet"], "makes no shapes"),
        (["explain", "lenet", "-i", "digits[0]", "--method", "logit-lens"], "lenet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_model_without_what_the_verb_looks_at(here: Run, verb: list[str], part: str) -> None:
    done = here(*verb)
    assert done.returncode == ExitCode.USAGE
    assert part in done.stderr.lower()


@pytest.mark.parametrize(
    ("closed", "words", "code"),
    [
        ("<&- >&- 2>&-", CONV, ExitCode.DONE),
        ("2>&-", ["nosuch"], ExitCode.USAGE),
        (">&-", ["nosuch"], ExitCode.USAGE),
    ],
)
def test_streams_that_the_caller_closed(
    root: Path, tmp_path: Path, closed: str, words: list[str], code: int
) -> None:
    line = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "dltui", *words]
    env = os.environ | {"PYTHONPATH": str(root)}
    assert subprocess.run(line, cwd=tmp_path, env=env, timeout=60, check=False).returncode == code


def test_a_folder_that_can_not_be_written(here: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _check_says(here(*CONV, "--save", "file/x.safetensors"), ExitCode.FAILED, "file/x.safetensors", "write")


def test_the_tui_without_a_terminal(dltui: Run) -> None:
    _check_says(dltui(), ExitCode.USAGE, "terminal")


@pytest.mark.parametrize(
    "line", [("landscape", "lenett"), ("shapes", "conv2e"), ("landscape",)], ids=" ".join
)
def test_the_program_says_the_same(dltui: Run, here: Run, line: tuple[str, ...]) -> None:
    ours, theirs = here(*line), dltui(*line)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_debug_shows_the_traceback(dltui: Run) -> None:
    done = dltui("open", "gone.safetensors", "--debug")
    assert "Traceback" in done.stderr
    assert done.returncode == ExitCode.USAGE


@pytest.mark.parametrize(
    "verb",
    [
        CONV,  # without torch
        ("lab", "list", "--json"),  # one long line
        ("diff", *2 * [str(files("dltui") / "assets" / "pnet.pt")]),  # must not say that they are the same
        ("--help",),
    ],
    ids=lambda verb: verb[0],
)
def test_a_reader_that_leaves_early(root: Path, verb: tuple[str, ...]) -> None:
    """Ends without a word, as a tool that SIGPIPE ends: 141."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dltui", *verb],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"},
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (ExitCode.UNREAD, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_in_the_middle_of_a_line(root: Path, tmp_path: Path, unbuffered: str) -> None:
    save_file({f"t{i}": np.zeros(1, np.float32) for i in range(2000)}, tmp_path / "many.safetensors")
    with subprocess.Popen(
        [sys.executable, "-m", "dltui", "inspect", "many.safetensors", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": unbuffered},
    ) as done:
        assert done.stdout is not None
        assert os.read(done.stdout.fileno(), 1) == b"{"
        done.stdout.close()
        assert done.wait(60) == ExitCode.UNREAD


def test_ctrl_c_in_the_middle(tmp_path: Path, root: Path) -> None:
    """Training that is interrupted leaves with 130, no result, no half file, and a run that can be looked at."""
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "dltui", "train", "mlp", "--epochs", "5000", "--save", "out.safetensors"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1", "DLTUI_HOME": str(home)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 120
    while not list(home.glob("runs/*/metrics.jsonl")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == ExitCode.CANCELLED, err
    assert out == ""
    assert "Traceback" not in err
    assert "stopped after step" in err or "cancelled" in err
    assert not (tmp_path / "out.safetensors").exists()
    assert not [path for path in tmp_path.rglob("*") if ".tmp-" in path.name]
    listed = subprocess.run(
        [sys.executable, "-m", "dltui", "runs", "list", "--json"],
        env=os.environ | {"PYTHONPATH": str(root), "DLTUI_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "stopped" in listed.stdout
