"""``dltui weights`` and ``dltui diff`` as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from .conftest import Run  # noqa: TID252 - the tests of this folder share it


@pytest.fixture
def files(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    before = {
        "net.fc.weight": generator.standard_normal((40, 30)).astype(np.float32),
        "net.fc.bias": np.zeros(40, np.float32),
    }
    update = generator.standard_normal((40, 2)) @ generator.standard_normal((2, 30))
    after = before | {"net.fc.weight": before["net.fc.weight"] + update.astype(np.float32)}
    save_file(before, tmp_path / "a.safetensors")
    save_file(after, tmp_path / "b.safetensors")
    return tmp_path


def test_all_tensors_as_json(files: Path, here: Run) -> None:
    done = here("weights", "a.safetensors", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["schema"] == "weights/1"
    assert [one["name"] for one in told["tensors"]] == ["net.fc.bias", "net.fc.weight"]
    assert told["tensors"][0]["sparsity"] == 1
    assert told["tensors"][1]["spectrum"] is None
    deep = json.loads(here("weights", "a.safetensors", "--spectra", "--json").stdout)
    assert deep["tensors"][1]["spectrum"]["stable_rank"] > 1


def test_one_tensor_by_the_end_of_its_name(files: Path, here: Run) -> None:
    told = json.loads(here("weights", "b.safetensors", "fc.weight", "--json").stdout)
    assert told["schema"] == "tensor/1"
    assert told["name"] == "net.fc.weight"
    assert len(told["spectrum"]["singular_values"]) == 30
    assert {one["kind"] for one in told["quantization"]} == {"int8", "int4", "e4m3", "e5m2"}


def test_it_is_shown_saved_and_opened(files: Path, here: Run) -> None:
    done = here("weights", "a.safetensors", "--save", "kept.safetensors")
    assert "net.fc.weight" in done.stdout
    assert "all 0: net.fc.bias" in done.stdout
    again = here("open", "kept.safetensors")
    assert again.stdout == done.stdout
    assert here("weights", "a.safetensors", "--ascii").stdout.isascii()


def test_exit_codes_of_diff_are_those_of_diff(files: Path, here: Run) -> None:
    same = here("diff", "a.safetensors", "a.safetensors")
    assert (same.returncode, same.stderr) == (0, "")
    assert "the same 2 tensors" in same.stdout
    different = here("diff", "a.safetensors", "b.safetensors", "--json")
    assert (different.returncode, different.stderr) == (1, "")
    told = json.loads(different.stdout)
    assert told["same"] is False
    assert told["tensors"][0]["rank"] == 2
    assert told["tensors"][0]["low_rank"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a.safetensors", "missing.safetensors"], "no file missing.safetensors"),
        (["a.safetensors", "broken.safetensors"], "broken.safetensors"),
        (["a.safetensors", "b.safetensors", "fc.weigth"], "did you mean"),
        (["a.safetensors"], "missing argument"),
        (["a.safetensors", "b.safetensors", "--save", "no.txt"], "its name must end in .safetensors"),
    ],
)
def test_trouble_is_never_taken_for_a_difference(
    files: Path, here: Run, words: list[str], sentence: str
) -> None:
    (files / "broken.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{nonsense")
    done = here("diff", *words)
    assert done.returncode == 2
    assert sentence.lower() in done.stderr.lower()
    assert done.stderr.count("\n") == 1


def test_the_difference_of_one_tensor(files: Path, here: Run) -> None:
    done = here("diff", "a.safetensors", "b.safetensors", "fc.weight", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["schema"] == "tensor-diff/1"
    assert told["rank"] == 2
    same = here("diff", "a.safetensors", "b.safetensors", "fc.bias", "--json")
    assert same.returncode == 0
    assert json.loads(same.stdout)["relative"] == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a.safetensors", "--along-run"], "expected run:NAME"),
        (["run:latest", "--along-run"], "follows one tensor"),
        (["a.safetensors", "fc.weight", "--spectra"], "leave one of them out"),
        (["a.safetensors", "nothing"], "unknown tensor 'nothing'"),
        (["nothing.gguf"], "no file nothing.gguf"),
    ],
)
def test_wrong_words_are_refused_in_one_sentence(
    files: Path, here: Run, words: list[str], sentence: str
) -> None:
    done = here("weights", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_by_name_has_weights_too(here: Run) -> None:
    done = here("weights", "mlp:width=7", "--json")
    assert "random weights, seed 0" in json.loads(done.stdout)["title"]
    assert here("diff", "mlp:width=7", "mlp:width=7").returncode == 0
    reshaped = here("diff", "mlp:width=7", "mlp:width=8", "--json")
    assert json.loads(reshaped.stdout)["counts"]["reshaped"] >= 1


def test_files_are_read_without_torch(files: Path, dltui: Run) -> None:
    code = (
        "import sys; from dltui.cli import run; "
        "assert run(['weights', 'a.safetensors', '--json']) == 0; "
        "assert run(['weights', 'a.safetensors', 'fc.weight', '--json']) == 0; "
        "assert run(['diff', 'a.safetensors', 'b.safetensors', '--json']) == 1; "
        "sys.exit('torch' in sys.modules)"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
