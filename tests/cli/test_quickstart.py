"""The main job, end to end, as a stranger runs it in a pipe."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_quickstart_trains_measures_keeps_and_shows(dltui: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = dltui("quickstart", DLTUI_HOME=str(home), timeout=600)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    for title in ("Loss landscape", "Hessian spectral density", "Gradient norm by layer", "Test accuracy"):
        assert title in done.stdout
    kept = {path.stem.rpartition("-")[2]: path for path in (home / "results").glob("*.safetensors")}
    assert kept.keys() == {"training", "gradients", "hessian", "landscape"}
    told = {name: _again(dltui, path) for name, path in kept.items()}

    assert told["training"]["final"]["test_accuracy"] >= 0.95
    landscape = told["landscape"]
    assert len(landscape["loss"]) == len(landscape["betas"])
    assert {len(row) for row in landscape["loss"]} == {len(landscape["alphas"])}
    middle = len(landscape["alphas"]) // 2
    assert landscape["loss"][middle][middle] == landscape["center_loss"]
    hessian = told["hessian"]
    assert hessian["top_eigenvalues"] == sorted(hessian["top_eigenvalues"], reverse=True)
    assert len(hessian["density"]["eigenvalues"]) == len(hessian["density"]["density"])
    assert hessian["trace_stderr"] >= 0
    gradients = told["gradients"]
    squares = sum(layer["grad_norm"] ** 2 for layer in gradients["layers"])
    assert abs(squares**0.5 - gradients["total_norm"]) <= 1e-6 * gradients["total_norm"]
    assert gradients["per_sample"]["max"] == max(gradients["per_sample"]["norms"])
    # All three looked at the same weights on the same samples.
    for one in (hessian["loss"], gradients["loss"]):
        assert abs(one - landscape["center_loss"]) <= 1e-5 * landscape["center_loss"]

    line = told["gradients"]["made"]["command"].split()
    repeated = dltui(*line[1:], "--json", DLTUI_HOME=str(home))
    assert repeated.returncode == 0, repeated.stderr
    again = json.loads(repeated.stdout)
    assert abs(again["total_norm"] - gradients["total_norm"]) <= 1e-5 * gradients["total_norm"]


def _again(dltui: Run, path: Path) -> dict[str, object]:
    """Open a kept result as JSON."""
    done = dltui("open", str(path), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]
