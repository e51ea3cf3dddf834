"""What answers in a blink must not import what takes seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import pytest

HEAVY = {"torch", "numpy", "textual", "pydantic", "rich", "plotext", "matplotlib", "safetensors"}
CONV = [
    "shapes",
    "conv2d",
    "--input",
    "1,3,224,224",
    "--out-channels",
    "64",
    "--kernel-size",
    "7",
    "--stride",
    "2",
]

PROBE = """
import json, sys
from dltui.cli import run
code = run(json.loads(sys.argv[1]))
sys.stderr.write("\\n" + json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["shapes", "--help"],
        ["shapes", "memory", "llama3-8b", "--tokens", "4k"],
        ["shapes", "attention", "llama3-8b"],
        ["shapes", "chain", "class N(nn.Module):\n def forward(self, x):\n  return F.relu(x)", "-i", "2,3"],
        [*CONV, "--padding", "3"],
        [*CONV, "--padding", "3", "--json"],
        ["byhand", "--help"],
        ["byhand", "conv2d", "--backward"],
        ["byhand", "softmax", "--json"],
        ["landscape", "--help"],
        ["train", "--help"],
        ["lab", "list"],
        ["lab", "list", "--json"],
        ["lab", "show", "two-weight-saddle", "--help"],
    ],
    ids=" ".join,
)
def test_imports_nothing_heavy(arguments: list[str], root: object) -> None:
    loaded = _probe(arguments, root)
    assert not HEAVY & loaded


@pytest.mark.parametrize("arguments", [["runs", "list"], ["models", "list"]], ids=" ".join)
def test_lists_without_torch(arguments: list[str], root: object) -> None:
    assert not {"torch", "textual"} & _probe(arguments, root)


def test_shapes_reads_no_settings(root: object) -> None:
    code = (
        "import sys; from dltui.cli import run; run(sys.argv[1:]); "
        "sys.exit(any(name.startswith(('dltui.settings', 'toml')) for name in sys.modules))"
    )
    env = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code, *CONV], capture_output=True, env=env, check=False)
    assert done.returncode == 0
    assert b"64" in done.stdout


def test_completion_imports_nothing_heavy(root: object) -> None:
    env = os.environ | {
        "PYTHONPATH": str(root),
        "_DLTUI_COMPLETE": "complete_bash",
        "COMP_WORDS": "dltui sha",
        "COMP_CWORD": "1",
    }
    code = "import sys; sys.argv=['dltui']; from dltui.cli import run; run([])"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, env=env, check=False
    )
    assert done.stdout.split() == ["shapes"]
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in loaded  # the report was read
    assert not HEAVY & loaded


def test_conv2d_contract(root: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dltui", *CONV, "--padding", "3", "--json"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["output"] == [1, 64, 112, 112]
    assert document["parameters"] == 9472


def _probe(arguments: list[str], root: object) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"},
        check=True,
    )
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(loaded)


def test_every_verb_has_its_line_of_help_whole(root: object) -> None:
    from dltui.commands._names import VERBS

    done = subprocess.run(
        [sys.executable, "-m", "dltui", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=True,
    )
    told = {line.strip() for line in done.stdout.splitlines()}
    for name, entry in VERBS.items():
        assert f"{name:<{max(map(len, VERBS))}}  {entry.summary}" in told


@pytest.mark.parametrize(
    "name", ["quickstart", "train", "landscape", "hessian", "gradients", "shapes", "lab", "open"]
)
def test_every_verb_has_the_common_options(name: str) -> None:
    import typer

    from dltui.commands._frame import OPTIONS
    from dltui.commands._names import VERBS

    command = typer.main.get_command(import_module(VERBS[name].module).app)
    leaves = list(getattr(command, "commands", {"": command}).values())
    shared = {part.name for part in OPTIONS}
    for leaf in leaves:
        if not hasattr(leaf, "commands"):
            assert shared <= {parameter.name for parameter in leaf.params}
