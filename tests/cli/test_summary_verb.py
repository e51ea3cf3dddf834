"""``dltui summary`` as a person or a script calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltui.cli import run
from dltui.commands._calls import command_of
from dltui.commands._joined import joined
from dltui.commands._summary_source import read_inputs
from dltui.errors import UsageError
from dltui.results import load

NETS = """
import torch
from torch import nn

class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 16)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(16, 16), nn.ReLU()) for _ in range(6))
        self.head = nn.Linear(16, 50)
        self.head.weight = self.table.weight
        self.spare = nn.Linear(3, 3)

    def forward(self, tokens, scale=None):
        print("noise from the user's own code")
        h = self.table(tokens)
        for block in self.blocks:
            h = block(h)
        return {"logits": self.head(h if scale is None else h * scale)}

def giant():
    return nn.Sequential(*(nn.Linear(2**15, 2**15) for _ in range(60)))

def shaped(input_shape, outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(input_shape[0] * 4, outputs))
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's own in the current folder; its name is new each time."""
    name = f"nets_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(NETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return name


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run(["summary", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert run(["summary", *words, "--quiet"]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "lenet")
    assert found["schema"] == "summary/1"
    assert (found["parameters"], found["macs"]) == (21_386, 66_600)
    assert found["inputs"] == [{"name": "0", "shape": [1, 1, 8, 8], "dtype": "float32"}]
    assert found["rows"][1]["path"] == "conv1"
    assert found["memory"]["training_bytes"] == 2 * 4 * 21_386 + found["memory"]["kept_bytes"]
    assert found["made"]["command"].startswith("dltui")


def test_named_networks_are_built_for_what_goes_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "resnet20", "-i", "1,3,32,32")["parameters"] == 269_722
    assert asked(capsys, "mlp:width=8", "--data", "moons")["parameters"] == (2 + 1) * 8 + (8 + 1) * 2
    assert asked(capsys, "resnet20", "-i", "1,3,32,32", "--flops", "mac")["flops"] == 40_551_040


def test_the_tree(capsys: pytest.CaptureFixture[str], nets: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = lines(capsys, f"{nets}:Blocks", "-i", "2,7")
    assert page[0].split() == ["module", "output", "parameters", "MACs", "kept", "field"]
    assert max(map(len, page)) <= 80
    assert page[2].startswith("Blocks")
    assert any(line.startswith("│  └─ 1 … 5: 5 more like 0") for line in page)
    assert any("head Linear" in line and "tied" in line for line in page)
    assert any("spare Linear" in line and "unused" in line for line in page)
    assert "input 2×7 int64 → output logits 2×7×50" in page
    monkeypatch.setenv("COLUMNS", "140")
    wide = lines(capsys, f"{nets}:Blocks", "-i", "2,7")
    assert not any("more like" in line for line in wide)
    assert any("Linear(in_features=16, out_features=16, bias=True)" in line for line in wide)


@pytest.mark.parametrize("columns", ["60", "80", "120", "200"])
def test_any_width(capsys: pytest.CaptureFixture[str], columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    page = lines(capsys, "resnet20", "-i", "1,3,32,32")
    assert max(map(len, page)) <= int(columns)
    assert any("parameters 269,722" in line for line in page)
    plain = lines(capsys, "resnet20", "-i", "1,3,32,32", "--ascii")
    assert "".join(plain).isascii()
    assert max(map(len, plain)) <= int(columns)


def test_columns_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    page = lines(capsys, "lenet", "--columns", "kernel_size,num_params", "--rows", "depth", "--depth", "1")
    assert page[0].split() == ["module", "kernel", "parameters"]
    assert page[3].split()[:4] == ["├─", "Conv2d(1,", "6,", "kernel_size=(5,"] or "Conv2d: 1-1" in page[3]


def test_inputs_by_name_and_type(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    found = asked(capsys, f"{nets}:Blocks", "--input", "tokens=2,7:int64", "--input=scale=1:float32")
    assert [one["name"] for one in found["inputs"]] == ["tokens", "scale"]


def test_what_the_users_code_prints_goes_elsewhere(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    assert run(["summary", f"{nets}:Blocks", "-i", "2,7", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["title"] == f"{nets}:Blocks"
    assert "noise" in told.err


def test_a_giant_needs_no_memory(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    found = asked(capsys, f"{nets}:giant", "-i", f"1,{2**15}")
    assert found["parameters"] == 60 * (2**30 + 2**15)  # 64 billion, 258 GB
    assert found["device"] == "meta"


def test_a_function_that_asks_for_shapes(capsys: pytest.CaptureFixture[str], nets: str) -> None:
    assert asked(capsys, f"{nets}:shaped", "-i", "1,5,2,2")["parameters"] == 21 * 10


def test_it_is_kept_and_shown_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "lenet.safetensors"
    page = lines(capsys, "lenet", "--save", str(file), "--figure", str(tmp_path / "lenet.html"))
    assert load(file).parameters == 21_386
    assert run(["open", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == page
    assert "conv1 Conv2d" in (tmp_path / "lenet.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nix"], "unknown model 'nix'"),
        (["lenet", "-i", "N,1,8,8"], "has letters, which only dltui shapes LAYER takes"),
        (["lenet", "-i", "1;;"], "can't read --input"),
        (["lenet", "-i", "1,1,8,8:flaot32"], "did you mean"),
        (["lenet", "-i", "1,1,8,8", "-i", "x=2"], "name all or none"),
        (["lenet", "--columns", "outputs"], "did you mean output_size"),
        (["lenet", "-i", "1,1,8"], "lenet needs pictures"),
        (["mlp", "-i", "1,1,8,8:int64"], "mlp can't take inputs of shape (1, 1, 8, 8)"),
    ],
)
def test_wrong_input_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert run(["summary", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert "Traceback" not in told.err


def test_reading_inputs() -> None:
    assert read_inputs(None).sizes is None
    assert read_inputs("1,2; 3").sizes == [(1, 2), (3,)]
    assert read_inputs("a=1,2;b=").sizes == {"a": (1, 2), "b": ()}
    with pytest.raises(UsageError, match="one name twice"):
        read_inputs("a=1;a=2")


def test_joining_a_repeated_option() -> None:
    command = command_of("summary")

    def told(*words: str) -> list[str]:
        return joined(command, list(words), "--input", "-i")

    assert told("m", "-i", "1", "--json") == ["m", "-i", "1", "--json"]
    assert told("m", "-i", "1", "--input=2", "x") == ["m", "--input", "1;2", "x"]
    assert told("--", "-i", "-i") == ["--", "-i", "-i"]
    assert told("-i", "1", "--columns", "-i") == ["-i", "1", "--columns", "-i"]
