"""The verbs landscape, hessian and gradients as a person or a script calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltui.cli import run
from dltui.results import load


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_landscape_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "landscape", "mlp", "--data", "moons", "--steps", "5", "--seed", "3")
    assert found["schema"] == "landscape/1"
    assert len(found["alphas"]) == len(found["betas"]) == len(found["loss"]) == len(found["loss"][0]) == 5
    assert found["center_loss"] == found["loss"][2][2]
    assert found["seconds"] > 0
    assert found["made"]["seed"] == found["direction_seed"] == 3
    line = asked(
        capsys, "landscape", "mlp", "-d", "moons", "--steps", "5", "--dimensions", "1", "--part", "test"
    )
    assert line["betas"] is None
    assert len(line["loss"]) == 1
    assert line["samples"] != found["samples"]


def test_hessian_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(
        capsys, "hessian", "mlp:width=6", "-d", "moons", "--top", "3", "--double", "--samples", "50"
    )
    assert found["parameters"] > len(found["top_eigenvalues"]) == 3
    assert found["top_eigenvalues"] == sorted(found["top_eigenvalues"], reverse=True)
    assert found["bottom_eigenvalues"] == sorted(found["bottom_eigenvalues"])
    assert len(found["density"]["eigenvalues"]) == len(found["density"]["density"])
    assert {"trace", "trace_stderr", "loss", "seconds"} <= found.keys()
    assert found["samples"] == 50


def test_gradients_keep_their_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "gradients", "mlp", "-d", "moons")
    assert {"name", "shape", "grad_norm", "weight_norm", "ratio", "cosine", "noise"} <= found["layers"][
        0
    ].keys()
    assert len(found["per_sample"]["norms"]) == found["samples"]
    assert found["per_sample"]["max"] == max(found["per_sample"]["norms"])
    assert asked(capsys, "gradients", "mlp", "-d", "moons", "--no-per-sample")["per_sample"] is None


def test_a_result_is_kept_in_one_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    found = asked(capsys, "gradients", "mlp", "-d", "moons", "--save", str(path))
    assert load(path).document()["layers"] == found["layers"]


def test_a_window_elsewhere_and_what_is_found_there(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("mlp", "-d", "moons", "--seed", "4")
    wide = asked(capsys, "landscape", *words, "--steps", "9", "--normalize", "layer")
    near = asked(
        capsys, "landscape", *words, "--steps", "3", "--normalize", "layer", "--center", "0.5,-0.25",
        "--distance", "0.25",
    )  # fmt: skip
    assert near["center"] == [0.5, -0.25]
    assert near["loss"] == [row[5:8] for row in wide["loss"][2:5]]
    assert near["model_loss"] == wide["center_loss"]
    there = ("--at", "0.5,-0.25", "--normalize", "layer")
    for verb in (["hessian", *words, "--top", "1", "--probes", "1"], ["gradients", *words]):
        found = asked(capsys, *verb, *there)
        assert found["loss"] == pytest.approx(near["center_loss"], rel=1e-6)
        assert found["title"] == "mlp on moons at α 0.5, β −0.25"
        assert (found["at"], found["normalize"]) == ([0.5, -0.25], "layer")
        line = asked(capsys, *verb, "--at", "0.5", "--normalize", "layer")
        assert line["loss"] == pytest.approx(wide["loss"][4][6], rel=1e-6)
        assert line["title"] == "mlp on moons at α 0.5"


def test_a_landscape_along_eigenvectors(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("mlp:width=6", "-d", "moons", "--steps", "3", "--distance", "0.1")
    ends = asked(capsys, "hessian", "mlp:width=6", "-d", "moons")
    plane = asked(capsys, "landscape", *words, "--along", "eigen:1")
    assert plane["along"] == ["eigen:1", "eigen:2"]
    assert plane["curvatures"] == pytest.approx(ends["top_eigenvalues"][:2], rel=1e-6)
    assert plane["normalize"] == "none"
    assert len(plane["residuals"]) == 2
    line = asked(capsys, "landscape", *words, "--along", "eigen:-1", "--dimensions", "1")
    assert line["along"] == ["eigen:-1"]
    assert line["curvatures"] == pytest.approx(ends["bottom_eigenvalues"][:1], rel=1e-6)
    assert asked(capsys, "landscape", *words, "--along", "eigen:1")["loss"] == plane["loss"]


def test_a_spectrum_tells_its_layers(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "hessian", "mlp:width=6", "-d", "moons", "--top", "3", "--bottom", "2")
    assert len(found["top_masses"]) == 3
    assert len(found["bottom_masses"]) == 2
    assert all(len(row) == len(found["layers"]) for row in found["top_masses"])


@pytest.mark.parametrize("matrix", ["ggn", "fisher", "empirical-fisher"])
def test_other_matrices_by_layer(capsys: pytest.CaptureFixture[str], matrix: str) -> None:
    words = ("mlp:width=6", "-d", "moons", "--samples", "40")
    found = asked(
        capsys,
        "hessian",
        *words,
        "--matrix",
        matrix,
        "--by",
        "layer",
        "--bandwidth",
        "0.1",
        "--mode",
        "train",
    )
    assert found["matrix"] == matrix
    assert found["mode"] == "train"
    assert min(found["nodes"]["eigenvalues"]) > -1e-10
    assert [block["name"] for block in found["blocks"]] == ["hidden.0", "head"]
    assert sum(block["trace"] for block in found["blocks"]) == pytest.approx(found["trace"], rel=1e-6)
    assert found["bandwidth"] == pytest.approx(0.1 / 30 * max(found["nodes"]["eigenvalues"]))
    assert found["verdict"]["word"] == "not known"
    assert found["condition_number"]["value"]


def test_a_loss_by_name_and_one_of_the_users_own(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("hessian", "mlp:width=4", "-d", "moons", "--samples", "30", "--top", "2")
    usual = asked(capsys, *words)
    same = asked(capsys, *words, "--loss", "torch.nn.functional:cross_entropy", "--devices", "cpu,cpu")
    assert same["top_eigenvalues"] == pytest.approx(usual["top_eigenvalues"], rel=1e-9)


def test_cells_go_to_several_devices(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("landscape", "mlp:width=4", "-d", "moons:n=40", "--steps", "5")
    assert asked(capsys, *words, "--devices", "cpu,cpu")["loss"] == asked(capsys, *words)["loss"]


def test_sharpness_along_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([
        "train", "mlp:width=4", "-d", "moons:n=60", "-e", "6", "-b", "100", "--lr", "0.5", "-o", "sgd",
        "--momentum", "0", "--weight-decay", "0", "--schedule", "constant", "--save-every", "2", "--quiet",
    ]) == 0  # fmt: skip
    capsys.readouterr()
    found = asked(capsys, "hessian", "run:latest", "-d", "moons:n=60", "--along-run")
    assert found["schema"] == "sharpness/1"
    assert [row["step"] for row in found["checkpoints"]] == [0, 2, 4, 6]
    assert all(row["edge"] == pytest.approx(4) and row["sharpness"] > 0 for row in found["checkpoints"])
    last = asked(capsys, "hessian", "run:latest", "-d", "moons:n=60", "--top", "1")
    assert found["checkpoints"][-1]["sharpness"] == pytest.approx(last["top_eigenvalues"][0], rel=1e-2)


WRONG = {
    "along what": (["hessian", "mlp", "--along-run"], 2, "expected run:NAME"),
    "along with": (["hessian", "run:x", "--along-run", "--by", "layer"], 2, "leave out --matrix"),
    "no matrix": (["hessian", "mlp", "--matrix", "hesian"], 2, "not one of 'hessian'"),
    "too many eigenvalues": (["hessian", "mlp:width=4", "-d", "moons", "--top", "999"], 2, "at most 22"),
    "no loss": (["hessian", "mlp", "-d", "moons", "--loss", "mes"], 2, "did you mean mse"),
    "no bandwidth": (["hessian", "mlp", "--bandwidth", "7"], 2, "0.001 to 0.3"),
    "no place": (["hessian", "mlp", "-d", "moons", "--at", "here"], 2, "try 0.3,-0.2"),
    "three ways": (["gradients", "mlp", "-d", "moons", "--at", "1,2,3"], 2, "try 0.3,-0.2"),
    "no scaling": (["hessian", "mlp", "--at", "1,2", "--normalize", "x"], 2, "not one of 'filter'"),
    "middle of a line": (["landscape", "mlp", "--dimensions", "1", "--center", "1,2"], 2, "α alone"),
    "middle of a plane": (["landscape", "mlp", "--center", "1"], 2, "as in 0.3,-0.2"),
    "no direction": (["landscape", "mlp", "--along", "eigne:1"], 2, "try eigen:1,eigen:2"),
    "scaled vector": (["landscape", "mlp", "--along", "eigen:1", "--normalize", "layer"], 2, "leave --norm"),
    "unknown model": (["landscape", "lenett"], 2, "did you mean lenet"),
    "unknown data": (["hessian", "lenet", "-d", "digit"], 2, "digits"),
    "even steps": (["landscape", "mlp", "--steps", "8"], 2, "try 9"),
    "unknown scaling": (["landscape", "mlp", "--normalize", "filtr"], 2, "not one of 'filter'"),
    "unknown part": (["gradients", "mlp", "-d", "moons", "--part", "dev"], 2, "'train', 'test'"),
    "too many samples": (["gradients", "mlp", "-d", "moons", "--samples", "99999"], 2, "can't be drawn"),
    "no such weights": (["gradients", "mlp", "-d", "moons", "-w", "nowhere.safetensors"], None, "nowhere"),
    "no run to follow": (["gradients", "mlp", "-d", "moons", "--along-run"], 2, "try run:latest"),
    "two at once": (["gradients", "run:latest", "--init", "zeros", "--along-run"], 2, "one of the two"),
    "no way to draw": (["gradients", "mlp", "-d", "moons", "--init", "xavier_unifrom"], 2, "xavier_uniform"),
    "large batches": (["gradients", "mlp", "-d", "moons", "--batch-size", "9999"], 2, "try --batch-size 64"),
    "no list of devices": (
        ["landscape", "mlp", "-d", "moons", "--devices", "cpu,"],
        2,
        "such as cuda:0,cuda:1",
    ),
    "several as one": (["hessian", "mlp", "-d", "moons", "--device", "cuda:0,cuda:1"], 2, "go to --devices"),
    "no probes": (["hessian", "mlp", "-d", "moons", "--probes", "0"], 2, "'--probes': 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_spelled_wrong_is_told_in_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, code, told = WRONG[name]
    assert run(words) in ({code} if code is not None else {1, 2})
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.startswith("error:")]) == 1


def test_gradients_of_fresh_weights_and_along_a_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    fresh = asked(
        capsys, "gradients", "mlp:depth=3,width=8", "-d", "moons", "--init", "kaiming_normal", "--seeds", "2"
    )
    assert fresh["schema"] == "initial/1"
    assert len(fresh["layers"]) == 4
    assert fresh["seeds"] == [0, 1]
    assert fresh["layers"][0]["signal_square_theory"] > 0
    asked(
        capsys, "train", "mlp:width=8", "-d", "moons", "--epochs", "2", "--optimizer", "adamw", "--lr", "0.02",
        "--batch-size", "50",
    )  # fmt: skip
    run = asked(capsys, "gradients", "run:latest", "-d", "moons", "--along-run")
    assert run["schema"] == "gradients-along/1"
    steps = [one["step"] for one in run["checkpoints"]]
    assert steps[0] == 0
    assert steps == sorted(steps)
    last = asked(capsys, "gradients", "run:latest", "-d", "moons", "--no-per-sample")
    assert [layer["grad_norm"] for layer in last["layers"]] == run["checkpoints"][-1]["grad_norms"]
    assert "adamw at learning rate" in last["step"]["rule"]
    assert last["batches"]["size"] == 50
    first = asked(capsys, "gradients", "run:latest@step=0", "-d", "moons", "--no-per-sample")
    assert first["step"]["learning_rate"] == 0.02
    assert asked(capsys, "gradients", "mlp", "-d", "moons", "--lr", "0.5")["step"]["learning_rate"] == 0.5
