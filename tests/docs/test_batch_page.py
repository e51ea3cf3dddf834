"""The example of the page on batches runs as it stands there, and its answer has the columns that are shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from dltui.batch.read import DEFAULTS, KEYS, OF_A_JOB, SLURM
from dltui.results import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    found = re.search(r"```toml\n# (\S+\.toml):.*?```", PAGE, re.DOTALL)
    assert found
    (tmp_path / found[1]).write_text(found[0].removeprefix("```toml\n").removesuffix("```"), encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "dltui", "batch", found[1], "--json"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT), "DLTUI_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    jobs = {job["name"]: job for job in json.loads(told.stdout)["jobs"]}
    assert list(jobs) == ["train[lr=0.02]", "train[lr=0.2]", "bowl[lr=0.02]", "bowl[lr=0.2]"]
    right = [jobs[f"train[lr={lr}]"]["values"]["metrics.test_accuracy"] for lr in ("0.02", "0.2")]
    assert 0.5 < right[0] < right[1]
    for lr in ("0.02", "0.2"):
        values = jobs[f"bowl[lr={lr}]"]["values"]
        bowl = load(Path(jobs[f"bowl[lr={lr}]"]["folder"]) / "result.safetensors").document()
        assert values["loss.center"] == bowl["center_loss"] < values["loss.max"]


def test_the_page_names_every_key() -> None:
    for key in {*DEFAULTS, *KEYS, *SLURM}:
        assert f"`{key}`" in PAGE
    for part in OF_A_JOB:
        assert f"{{train.{part}" in PAGE
