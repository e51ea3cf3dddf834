"""``dltui shapes`` as a person types it, in this process where its pipes prove nothing more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import in_this_process  # noqa: TID252 - the tests of this folder share it


def shapes(*arguments: str) -> subprocess.CompletedProcess[str]:
    return in_this_process("shapes", *arguments)


def piped(root: object, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dltui", "shapes", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        input=stdin,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"},
        check=False,
    )


def document(*arguments: str) -> dict:
    done = shapes(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "output", "parameters"),
    [
        (
            ["conv2d", "-i", "1,3,224,224", "-o", "64", "-k", "7", "-s", "2", "-p", "3"],
            [1, 64, 112, 112],
            9472,
        ),
        (["Conv2d(3, 64, 7, stride=2, padding=3)", "-i", "1,3,224,224"], [1, 64, 112, 112], 9472),
        (
            ["conv2d", "-i", "N,3,H,W", "-o", "8", "-k", "7,5", "-s", "2"],
            ["N", 8, "⌊(H−1)/2⌋−2", "⌊(W−1)/2⌋−1"],
            848,
        ),
        (["lstm", "-i", "5,2,10", "-o", "20", "--bidirectional"], [5, 2, 40], 5120),
        (["cat", "-i", "1,2,3", "-i", "1,4,3", "--dim", "1"], [1, 6, 3], 0),
        (
            ["multiheadattention", "--query", "10,2,64", "--key", "7,2,64", "--num-heads", "4"],
            [10, 2, 64],
            16640,
        ),
        (["bilinear", "-i", "2,3", "-i", "2,4", "--out-features", "5"], [2, 5], 65),
        (["stack", "-i", "2,3; 2,3; 2,3"], [3, 2, 3], 0),
        (["layernorm", "-i", "2,5,8"], [2, 5, 8], 16),
        (["adaptiveavgpool2d", "-i", "1,8,9,9", "--output-size", "none,3"], [1, 8, 9, 3], 0),
    ],
)
def test_layers(arguments: list[str], output: list, parameters: int) -> None:
    found = document(*arguments)
    assert (found["output"], found["parameters"]) == (output, parameters)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["conv2d", "-i", "1,3,4,4", "-o", "4", "-k", "7"], "pad 2 more on each side"),
        (["con2d", "-i", "1,3,4,4"], "did you mean conv2d"),
        (["conv2d", "-i", "1,3,4"], "--out-channels"),
        (["conv2d", "-i", "1,3,0,4", "-o", "4", "-k", "1"], "below 1"),
        (["conv2d", "-i", "1,3,4,4", "-o", "4", "-k", "x"], "no size"),
        (["conv2d", "-i", "1,3,4,4", "-o", "4", "-k", "1", "--flops", "double"], "way of counting"),
        (["conv2d", "-i", "1,3,4,4", "-o", "4", "-k", "1", "--dtype", "int7"], "unknown dtype"),
        (["Conv2d(3, 4, __import__('os').getpid())", "-i", "1,3,4,4"], "no plain value"),
        (["relu", "-i", "1,3", "-i", "2,3"], "takes 1 shapes"),
        (["chain", "conv2d 4 9", "-i", "1,3,4,4"], "row 1"),
        (["chain", "resnet51"], "did you mean resnet50"),
        (["resnet50"], "dltui shapes chain 'resnet50'"),
        (["conv2d 8 3 | relu", "-i", "1,3,8,8"], "is a chain and no layer"),
        (["--batch", os.devnull, "conv2d"], "leave out conv2d"),
        (["solve", "conv2d", "--from", "32"], "--to"),
        (["solve", "conv2d", "--to", "32", "--receptive-field", "5"], "needs --from"),
        (["solve", "lenet", "--receptive-field", "5"], "dltui shapes chain"),
        (
            ["solve", "lenet", "--from", "1,1,H,H", "--to", "10", "--channels", "1,2"],
            "--channels is asked of one",
        ),
        (["solve", "convtranspose2d", "--receptive-field", "5"], "not ConvTranspose2d"),
        (["solve", "maxpool2d", "--receptive-field", "5", "--channels", "3,4"], "no weights"),
        (["solve", "conv2d", "--receptive-field", "5", "--max-parameters", "100"], "needs channels"),
        (["solve", "conv2d", "--receptive-field", "5", "--channels", "3"], "takes two numbers"),
        (["solve", "conv2d", "--from", "8", "--same", "--max-layers", "5"], "layers in a row"),
    ],
)
def test_wrong_questions(arguments: list[str], told: str) -> None:
    done = shapes(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_network_by_name(root: object) -> None:
    found = document("chain", "vgg16")
    assert (found["parameters"], found["output"]) == (138_357_544, [1, 1000])
    assert len(found["rows"]) == 40
    told = shapes("chain", "resnet50").stdout
    assert "parameters 25,557,032" in told
    assert max(map(len, told.splitlines())) <= 80
    assert piped(root, "chain", "resnet50").stdout == told


def test_a_chain_from_a_file(tmp_path: Path) -> None:
    rows = tmp_path / "net.chain"
    rows.write_text("# mine\n# input: 1,3,8,8\nconv2d 4 3 > a\nrelu\nadd < _ a\n", encoding="utf-8")
    assert document("chain", str(rows))["output"] == [1, 4, 6, 6]
    source = tmp_path / "net.py"
    source.write_text(
        "import torch.nn as nn\nnet = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())\n", encoding="utf-8"
    )
    assert document("chain", str(source), "-i", "1,3,8,8")["output"] == [1, 4, 6, 6]
    done = shapes("chain", str(tmp_path / "none.chain"), "-i", "1")
    assert (done.returncode, "no file" in done.stderr) == (2, True)


def test_a_chain_that_breaks_is_shown_as_far_as_it_goes() -> None:
    done = shapes("chain", "conv2d 4 3 | relu | conv2d 4 9", "-i", "1,3,8,8", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 2
    assert [row["output"] for row in found["rows"]] == [[1, 4, 6, 6]] * 2
    assert found["refusal"]["row"] == 3
    assert found["refusal"]["repair"] == "conv2d out_channels=4 kernel_size=9 padding=2"


def test_solve() -> None:
    found = document("solve", "conv2d", "--from", "32", "--to", "16")
    assert found["count"] == 39
    assert found["solutions"][0]["kernel_size"] == 2
    cheap = document(
        "solve", "conv2d", "--from", "8", "--same", "--channels", "3,4", "--max-parameters", "200"
    )
    assert [one["kernel_size"] for one in cheap["solutions"]][:2] == [1, 3]
    assert document("solve", "conv2d 4 3 | maxpool2d 2", "--from", "1,3,H,H", "--to", "2")["sizes"] == [
        6,
        7,
    ]


def test_layers_in_a_row_that_look_back_so_far() -> None:
    found = document("solve", "conv2d", "--receptive-field", "31", "--from", "64", "--channels", "3,8")
    assert found["solutions"][0] == {
        "layers": 15, "kernel_size": 3, "stride": 1, "dilation": [1] * 15, "padding": [1] * 15, "jump": 1,
        "touched": 31, "sizes": [64, 64], "parameters": 27 * 8 + 14 * 72 * 8 + 15 * 8,
        "macs": (27 * 8 + 14 * 72 * 8) * 64 * 64,
    }  # fmt: skip
    assert [1, 2, 4, 8] in [one["dilation"] for one in found["solutions"]]
    told = shapes("solve", "conv2d", "--receptive-field", "31").stdout
    assert "25 stacks of conv2d look back over 31 places" in told
    bounded = document(
        "solve", "conv1d", "--receptive-field", "1024", "--max-dilation", "512", "--max-kernel", "2"
    )
    assert [1 << i for i in range(10)] in [one["dilation"] for one in bounded["solutions"]]


def test_a_batch(root: object, tmp_path: Path) -> None:
    line = '{"layer":"conv2d","input":[1,3,32,32],"out_channels":8,"kernel_size":3}'
    done = piped(root, "--batch", "-", stdin=f"{line}\nno\n{line}\n")
    answers = [json.loads(one) for one in done.stdout.splitlines()]
    assert answers[0] == answers[2] == {"output": [1, 8, 30, 30], "parameters": 224, "macs": 194400}
    assert "error" in answers[1]
    assert shapes("--batch", str(tmp_path / "none")).returncode == 2


def test_help_has_a_line_for_each_layer() -> None:
    from dltui.shapes.layers import LAYERS

    told = shapes("--help").stdout
    for name, entry in LAYERS.items():
        assert f"  {name} " in told
        assert entry.summary.split(maxsplit=1)[0] in told
    layer = shapes("conv2d", "--help").stdout
    for option in ("-k, --kernel-size", "-s, --stride", "-p, --padding", "-d, --dilation", "-g, --groups"):
        assert option in layer


def test_memory(tmp_path: Path) -> None:
    found = document("memory", "params=10e9", "--fsdp", "8")
    assert (found["total_bytes"], found["devices"], found["fits"]) == (15e9, 8, True)
    told = shapes("memory", "params=10b").stdout
    assert "120 GB does not fit into 80 GB" in told
    chain = document("memory", "conv2d 8 3 | relu | flatten | linear 10", "-i", "1,3,8,8")
    assert [part["name"] for part in chain["parts"]] == [
        "weights",
        "gradients",
        "optimiser states",
        "activations",
    ]
    assert document("memory", "llama3-8b", "--serve", "--tokens", "8k")["parts"][1]["name"] == "KV cache"
    for words, told in (
        (["llama9"], "did you mean llama"),
        (["params=many"], "no number"),
        (["params=0"], "is no model"),
        (["params=7e9", "--tokens", "8"], "no layers to count tokens in"),
        (["conv2d 8 9", "-i", "1,3,4,4"], "row 1"),
        (["lenet", "--tp", "2"], "a chain or a network is split by dp and fsdp"),
    ):
        done = shapes("memory", *words)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    (tmp_path / "w.safetensors").write_bytes(b"no")
    assert shapes("memory", str(tmp_path / "w.safetensors")).returncode == 1
    assert "no file none.safetensors: expected" in shapes("memory", "none.safetensors").stderr


def test_attention() -> None:
    found = document("attention", "layers=1 hidden=64 heads=1", "--tokens", "512,4096", "--dtype", "float32")
    assert [one["plain_bytes"] for one in found["lengths"]] == [2**20, 64 * 2**20]
    assert shapes("attention", "params=7e9").returncode == 2
    assert shapes("attention", "llama3-8b", "--window", "8").returncode == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("params=1e9 --batch 8", "--batch 8 changes nothing for params=1e9"),
        ("params=1e9 --input 1,3", "--input changes nothing"),
        ("llama3-8b --batch 4", "need --tokens"),
        ("llama3-8b --input 1,2", "only a chain or a network"),
        ("llama3-8b --tokens 4k --window 512", "cache of --serve"),
        ("llama3-8b --tokens 4k --zero 2", "--fsdp above 1"),
        ("llama3-8b --tokens 4k --no-sequence-parallel", "--tp above 1"),
        ("llama3-8b --tokens 4k --serve --checkpointing full", "--serve neither trains"),
        ("llama3-8b --serve --master", "--serve neither trains"),
        ("params=1e9 --optimizer sgd --states bfloat16", "sgd keeps no moments"),
        ("params=1e9 --optimizer adam8bit --states bfloat16", "adam8bit keeps bytes"),
        ("resnet50 --attention math", "layers of a language model"),
        ("resnet50 --checkpointing full", "layers of a language model"),
        ("resnet50 --serve --batch 8", "its weights only"),
        ("resnet50 --input 2,3,224,224 --batch 8", "leave out --batch 8"),
        ("transformer_base --batch 8", "does not begin with a batch of 1"),
    ],
)
def test_what_changes_nothing_is_refused(words: str, told: str) -> None:
    done = shapes("memory", *words.split())
    assert (done.returncode, told in done.stderr, done.stdout) == (2, True, ""), done.stderr


def test_the_batch_of_a_chain() -> None:
    eight = document("memory", "resnet50", "--batch", "8")
    assert eight["parts"] == document("memory", "resnet50", "--input", "8,3,224,224")["parts"]
    assert eight["parts"] != document("memory", "resnet50")["parts"]
    two, given = (
        ["sd_text", "--batch", "2"],
        ["sd_text", "--input", "2,77; 77"],
    )  # the places are those of both
    assert document("memory", *two)["parts"] == document("memory", *given)["parts"]
