"""Menus, forms and figures in words, by the real binary."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.results import load

Talk = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]


def flat(text: str) -> str:
    """Return text without its line breaks."""
    return " ".join(text.split())


def test_a_saved_result_in_words_and_numbers(talk: Talk, shelf: Path) -> None:
    done = talk("results", "bowl", "numbers", "made", "2", ":b", "squares", "99")
    told = flat(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "A field of 21 × 21 values of loss: lowest 0.1 at α 0, β 0" in told
    assert "loss: 21 × 21 numbers from 0.1 to 4.1; all with --json" in told
    assert "center_loss: 0.1" in told
    assert "seed: 7" in told
    assert "command: dltui landscape bowl" in told
    assert "Loss from above" in told
    assert "n 7. n² 49." in told  # a table is read out row by row
    assert "40 rows more." in told
    assert "There is no number 99; expected 1 to 3, or :b to go back." in told
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


def test_a_form_asks_refuses_explains_and_runs(talk: Talk, tmp_path: Path) -> None:
    answers = [
        "lab",
        "two-weight-saddle",
        "run",
        "sideways",
        ":?",
        "descend",
        "abc",
        ":b",
        "",
        "0.2",
        ".",
        "mine",
    ]
    done = talk(*answers, ":q")
    told = flat(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 8, mode (descend, escape; default descend): sideways" in told
    assert "Refused: the knob mode takes one of descend, escape, not 'sideways'" in told
    assert "On the command line: --mode." in told
    assert "Refused: the knob w1 takes" in told
    assert "The same as a command: dltui lab run two-weight-saddle --w1 0.2" in told
    assert "L = (1 − w₁w₂)² from above A field of 81 × 81 values of L" in told
    kept = load(tmp_path / "home" / "results" / "mine.safetensors")
    assert kept.made.command == "dltui lab run two-weight-saddle --w1 0.2"


def test_a_light_verb_and_a_question_that_must_be_answered(talk: Talk) -> None:
    asked = [
        "verbs",
        "/cost",
        "1",
        "/transpose2",
        "1",
        ":b",
        "/",
        "conv2d",
        "",
        ".",
        "1,3,8,8",
        "4",
        "3",
        ".",
    ]
    told = flat(talk(*asked).stdout)
    assert "shapes: 1 to choose from. 1. convtranspose2d" in told
    assert "1 of 12, input shape (needed): Refused: " in told
    assert (
        "The same as a command: dltui shapes conv2d --input 1,3,8,8 --out-channels 4 --kernel-size 3" in told
    )
    assert "MACs = outputs × window = 144 × 27 = 3,888" in told


def test_a_model_leads_to_the_verbs_that_look_at_it(talk: Talk) -> None:
    told = flat(talk("models", "lenet", "hessian", ":b", "nothing", "/eigen").stdout)
    assert "dltui hessian: " in told
    assert "questions." in told
    assert "of 9, model" not in told  # it is known already
    assert "Nothing here is called nothing" in told
    assert "hessian: Eigenvalues, trace and spectral density of the Hessian." in told


@pytest.mark.parametrize("answers", [(), ("4",), ("verbs", "landscape"), (":q", "never read")], ids=str)
def test_the_end_of_a_pipe_is_no_trouble(talk: Talk, answers: tuple[str, ...]) -> None:
    done = talk(*answers)
    assert (done.returncode, done.stderr) == (0, "")
    assert "never read" not in done.stdout


def test_what_goes_wrong_is_a_sentence_and_the_talk_goes_on(talk: Talk, shelf: Path) -> None:
    (shelf / "broken.safetensors").write_bytes(b"garbage")
    broken, gone = ("results", "broken", ":b"), ("verbs", "open", "nowhere.safetensors", ".")
    done = talk(*broken, *gone, "lab", "show", "no-such", ":q")
    told = flat(done.stdout)
    assert "Error: can't read" in told
    assert "Error: no file nowhere.safetensors" in told
    assert "Error: unknown exhibit 'no-such'" in told
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr


def test_tui_plain_opens_a_file(talk: Talk, shelf: Path) -> None:
    path = shelf / "bowl.safetensors"
    done = talk(":b", ":q", arguments=("tui", "--plain", str(path)))
    assert "lowest 0.1 at α 0, β 0" in flat(done.stdout)
    assert "Home: " in done.stdout


def test_old_encodings_get_ascii(talk: Talk, shelf: Path) -> None:
    done = talk("results", "bowl", PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "lowest 0.1 at alpha 0, beta 0" in flat(done.stdout)


def test_a_dumb_terminal_is_talked_to(tmp_path: Path) -> None:
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dltui"],
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "dumb", "DLTUI_HOME": str(tmp_path / "home")},
    )
    os.close(child)
    os.write(main, b"models\nlenet\n:q\n")
    told, end = b"", time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([main], [], [], 0.1)[0]:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            told += part
        elif process.poll() is not None:
            break
    os.close(main)
    assert process.wait(timeout=60) == 0
    assert b"hessian: Eigenvalues" in told
    assert b"\x1b" not in told


def test_home_offers_each_thing_once_and_a_chain_its_table(talk: Talk) -> None:
    done = talk("shapes", "lenet", "table", ":b", ":b", ":q")
    told = flat(done.stdout)
    assert "Home: 10 to choose from." in told
    assert told.count("everything that computes or shows something") == 1
    assert "the verbs shelf" not in told
    assert "The same as a command: dltui shapes chain lenet" in told
    assert "48,120" in told
    assert done.returncode == 0
