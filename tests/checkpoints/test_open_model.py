"""Opening a model by how it is spelled."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dltui.checkpoints import About, open_model, write_weights
from dltui.data import load
from dltui.errors import DltuiError, UsageError
from dltui.models import build
from dltui.runs import Run, finish, new_run

MOONS = load("moons:n=50")


def a_run(model: str = "mlp:width=8") -> Run:
    run = new_run(model=model, data="moons", settings={})
    for step in (0, 30):
        torch.manual_seed(step)
        module = build(model, (2,), 2) if model.startswith("mlp") else torch.nn.Linear(2, 2)
        write_weights(module, run.checkpoint(step), About(model, (2,), 2, run.name, step))
    return finish(run, "done")


def parameters(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_fresh_weights_come_from_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first = open_model("mlp", MOONS, seed=5)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(3)
    assert torch.equal(parameters(first.module), parameters(open_model("mlp", MOONS, seed=5).module))
    assert not torch.equal(parameters(first.module), parameters(open_model("mlp", MOONS, seed=6).module))
    assert (first.title, first.weights_note) == ("mlp", "random weights, seed 5")
    assert not first.module.training


def test_own_file(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = build("mlp:width=8", (2,), 2)
    path = tmp_path / "a.safetensors"
    write_weights(module, path, About("mlp:width=8", (2,), 2, "moons-mlp-1234", 30))
    opened = open_model(str(path), MOONS)
    assert torch.equal(parameters(opened.module), parameters(module))
    assert opened.title == "mlp:width=8"
    assert opened.weights_note == f"{path}, run moons-mlp-1234, step 30"
    into = open_model("mlp:width=8", MOONS, weights=path)
    assert torch.equal(parameters(into.module), parameters(module))
    assert into.weights_note == str(path)


def test_runs() -> None:
    run = a_run()
    torch.manual_seed(30)
    last = parameters(build("mlp:width=8", (2,), 2))
    opened = open_model("run:latest", MOONS)
    assert torch.equal(parameters(opened.module), last)
    assert opened.weights_note == f"run {run.name}, step 30"
    assert opened.title == "mlp:width=8"
    assert not torch.equal(parameters(open_model(f"run:{run.name}@step=0", MOONS).module), last)


CODE = """
import torch
def plain(): return torch.nn.Linear(2, 2)
def shaped(input_shape, outputs): return torch.nn.Linear(input_shape[0], outputs)
def optional(input_shape=(7,), outputs=7): return torch.nn.Linear(input_shape[0], outputs)
def knobs(width=3): return torch.nn.Linear(2, 2)
def wrong(): return "no module"
def three(a, b, c): return None
def fails(): raise ValueError("no such width\\nnor height")
Net = torch.nn.Identity
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"own_nets_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize("function", ["plain", "shaped", "optional", "knobs"])
def test_functions(own: str, function: str) -> None:
    opened = open_model(f"{own}:{function}", MOONS)
    assert opened.module(torch.zeros(1, 2)).shape == (1, 2)
    assert opened.title == f"{own}:{function}"


def test_a_class_is_a_function_too(own: str) -> None:
    assert isinstance(open_model(f"{own}:Net", MOONS).module, torch.nn.Identity)


def test_a_run_of_own_code_is_opened_again(own: str) -> None:
    a_run(f"{own}:plain")
    assert open_model("run:latest", MOONS).title == f"{own}:plain"


WRONG_FUNCTIONS = [
    ("wrong", "returned a str: expected a torch.nn.Module"),
    ("three", "can't be called: expected no arguments, or (input_shape, outputs)"),
    ("fails", "failed: ValueError: no such width"),
    ("plian", "did you mean plain?"),
]


@pytest.mark.parametrize(("function", "sentence"), WRONG_FUNCTIONS)
def test_wrong_functions(own: str, function: str, sentence: str) -> None:
    with pytest.raises(DltuiError) as caught:
        open_model(f"{own}:{function}", MOONS)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_never_makes_code_run(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_weights(torch.nn.Linear(2, 2), path, About("antigravity:fly", (2,), 2))
    with pytest.raises(
        UsageError, match="holds weights of antigravity:fly, which is not a model of dltui: to use that"
    ):
        open_model(str(path), MOONS)


def test_a_file_that_does_not_say_its_model(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    with pytest.raises(UsageError, match=r"doesn't say which model .* name the model, then --weights"):
        open_model(str(tmp_path / "a.pt"), MOONS)


def test_other_data_than_it_was_trained_on() -> None:
    run = a_run()
    with pytest.raises(DltuiError) as caught:
        open_model("run:latest", load("digits"))
    assert str(caught.value) == (
        f"the run {run.name} maps samples of shape (2,) to 2 outputs, but digits has samples of shape (1, 8, 8) "
        "and needs 10: choose the data it was trained on with --data"
    )


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    write_weights(build("mlp:width=9", (2,), 2), tmp_path / "a.safetensors", About("mlp:width=9", (2,), 2))
    with pytest.raises(DltuiError) as caught:
        open_model("mlp:width=8", MOONS, weights=tmp_path / "a.safetensors")
    assert "hidden.0.weight is [9, 2] in the file, [8, 2] in the model; hidden.0.bias is [9]" in str(
        caught.value
    )
    assert "and 1 more" not in str(caught.value)


REFUSALS = [
    ("lent", "unknown model 'lent': did you mean lenet"),
    (
        "gone.safetensors",
        "no file gone.safetensors: expected weights that dltui wrote, or a model such as lenet",
    ),
    ("folder/net", "no file folder/net: expected weights, or a model such as lenet"),
    ("nowhere:f", "no module 'nowhere' for the model 'nowhere:f'"),
    ("run:latest", "there are no runs in"),
    ("lenet", "lenet needs pictures (C, H, W), but each sample here has 2 features: try mlp"),
]


@pytest.mark.parametrize(("spec", "sentence"), REFUSALS)
def test_refusals(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(spec, MOONS)
    assert sentence in str(caught.value)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"is a folder: expected a file of weights such as .*model\.safetensors"
    ):
        open_model(str(tmp_path), MOONS)


def test_tied_weights_come_back_tied(tmp_path: Path) -> None:
    data, spec = load("hamlet:context=8"), "gpt:layers=1,heads=2,width=8"
    torch.manual_seed(1)
    module = build(spec, data.input_shape, data.outputs).eval()
    path = tmp_path / "a.safetensors"
    write_weights(module, path, About(spec, data.input_shape, data.outputs, "", 0))
    opened = open_model(str(path), data).module
    x = torch.tensor(data.x_test[:3])
    assert torch.equal(opened(x), module(x))
    assert opened.head.weight is opened.token_embedding.weight  # type: ignore[union-attr]


KINDS = [
    ("gpt", "moons", "gpt reads tokens, but moons holds measurements: try --data hamlet"),
    ("makemore", "digits", "makemore reads tokens, but digits holds measurements: try --data names"),
    ("mlp", "names", "mlp reads measurements, but names holds tokens: try makemore"),
    ("lenet:pool=average", "hamlet", "lenet reads measurements, but hamlet holds tokens: try gpt or lstm"),
]


@pytest.mark.parametrize(("model", "data", "sentence"), KINDS)
def test_tokens_and_measurements_are_not_mixed_up(model: str, data: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(model, load(data))
    assert str(caught.value) == sentence
