"""Recipes: they are set by texts, read from TOML, refuse what makes no sense, and need no torch."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dltui.errors import DltuiError, UsageError
from dltui.training.assignments import field_names, read_recipe
from dltui.training.recipe import Optimizer, Recipe, Schedule, recipe_of
from dltui.training.recipes import RECIPES, find_recipe, recipe_for
from dltui.training.rules import RULES, UNDECAYED

SGD = Recipe(model="mlp", data="moons", optimizer=Optimizer(name="sgd", lr=0.1))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("optimizer.lr=3e-4", replace(SGD, optimizer=replace(SGD.optimizer, lr=3e-4))),
        ("schedule=one-cycle", replace(SGD, schedule=Schedule(name="one-cycle"))),
        ("schedule.warmup=10", replace(SGD, schedule=Schedule(warmup=10))),
        ("steps=500", replace(SGD, steps=500)),
        ("batch_size=1e2", replace(SGD, batch_size=100)),
        ("compile=true", replace(SGD, compile=True)),
        ("precision=bf16", replace(SGD, precision="bf16")),
        ("loss=huber", replace(SGD, loss="huber")),
        ("loss=my.own:loss", replace(SGD, loss="my.own:loss")),
        ("model=lenet:pool=average", replace(SGD, model="lenet:pool=average")),
        (
            "optimizer.nesterov=yes",
            replace(
                SGD, optimizer=Optimizer(name="sgd", lr=0.1, arguments={"momentum": 0.9, "nesterov": True})
            ),
        ),
        ("optimizer=adam", replace(SGD, optimizer=Optimizer(name="adam", lr=0.1))),
    ],
)
def test_a_text_sets_a_field(text: str, wanted: Recipe) -> None:
    assert SGD.set(text) == wanted


def test_texts_are_taken_one_after_the_other() -> None:
    found = SGD.set("optimizer=adamw", "optimizer.betas=0.9,0.95", "steps=7", "steps=none", "epochs=3")
    assert found.optimizer.arguments == {"betas": (0.9, 0.95)}
    assert (found.steps, found.epochs) == (None, 3)
    assert SGD.set("steps=9").set("epochs=2").steps is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lr=1", "unknown field 'lr' of a recipe: did you mean optimizer.lr?"),
        ("optimizer.lrr=1", "did you mean optimizer.lr"),
        ("optimizer.momentun=1", "did you mean optimizer.momentum"),
        ("batchsize=1", "did you mean batch_size?"),
        ("warmup=3", "did you mean schedule.warmup?"),
        ("optimizer.betas=0.9,0.95", "unknown field of a recipe 'optimizer.betas'"),
        ("optimizer=sdg", "unknown optimizer 'sdg': did you mean sgd"),
        ("schedule=cosin", "unknown schedule 'cosin': did you mean cosine"),
        ("loss=crossentropy", "unknown loss 'crossentropy': did you mean cross-entropy"),
        ("precision=16", "unknown precision '16': did you mean fp16 or bf16"),
        ("epochs", "can't read 'epochs': expected field=value, such as optimizer.lr=3e-4"),
        ("epochs=2.5", "epochs must be a whole number, not '2.5'"),
        ("epochs=0", "epochs must be within 1 … 1e+06, not 0"),
        ("batch_size=0", "batch_size must be within 1"),
        ("optimizer.lr=fast", "optimizer.lr must be a number, not 'fast'"),
        ("optimizer.lr=-1", "optimizer.lr must be within 0 … inf, not -1"),
        ("optimizer.lr=nan", "optimizer.lr must be within 0 … inf, not nan"),
        ("optimizer.nesterov=perhaps", "optimizer.nesterov of sgd must be true or false"),
        ("compile=perhaps", "compile must be true or false"),
        ("ema=1", "ema must be within 0 … "),
    ],
)
def test_a_wrong_text_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        SGD.set(text)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", [*RECIPES])
def test_the_table_is_what_the_decorators_say(name: str) -> None:
    maker, entry = RECIPES.load(name), RECIPES.entry(name)
    assert maker.__module__ == entry.module
    assert (maker.__doc__ or "").partition("\n")[0] == entry.summary
    made = maker()
    assert made.data.partition(":")[0] == entry.family
    assert recipe_of(made.plain()) == made


@pytest.mark.parametrize("name", [*RECIPES])
def test_toml_both_ways(name: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    made = find_recipe(name).set("steps=12", "optimizer=adamw", "optimizer.betas=0.8,0.9")
    file.write_text(made.toml())
    assert read_recipe(file) == made


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('epochs = 3\noptimizer = "sgd"\n[schedule]\nwarmup = 5\n')
    found = read_recipe(file, find_recipe("digits-cnn"))
    assert (found.epochs, found.optimizer.name, found.optimizer.lr) == (3, "sgd", 0.01)
    assert (found.schedule, found.model) == (Schedule(warmup=5), "lenet")
    for text, sentence in [
        ("epoch = 3", "did you mean epochs"),
        ("epochs = 'x'", "must be a whole number"),
        ("[[", "as TOML"),
    ]:
        file.write_text(text)
        with pytest.raises(UsageError) as caught:
            read_recipe(file)
        assert sentence in str(caught.value)
        assert str(file) in str(caught.value)
    with pytest.raises(UsageError, match="no file"):
        read_recipe(tmp_path / "gone.toml")


def test_a_model_and_data_find_their_recipe() -> None:
    assert recipe_for("mlp:width=3", "digits") == replace(find_recipe("digits-mlp"), model="mlp:width=3")
    assert recipe_for("lenet", "my.npz").optimizer == find_recipe("digits-cnn").optimizer
    assert recipe_for("my.own:net", "digits") == Recipe(model="my.own:net", data="digits")


def test_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_recipes.py").write_text(
        "from dltui.training.recipe import Recipe\ndef mine(): return Recipe(model='mlp', data='moons', epochs=2)\n"
        "def other(): return 3\n"
    )
    assert find_recipe("own_recipes:mine").epochs == 2
    with pytest.raises(DltuiError, match="returned a int"):
        find_recipe("own_recipes:other")
    with pytest.raises(UsageError, match="did you mean digits-cnn"):
        find_recipe("digit-cnn")


@pytest.mark.parametrize("name", [*RULES])
def test_rules_are_those_of_torch(name: str) -> None:
    kind, arguments = RULES[name]
    signature = inspect.signature(getattr(torch.optim, kind)).parameters
    technical = {
        "params",
        "lr",
        "weight_decay",
        "foreach",
        "capturable",
        "differentiable",
        "fused",
        "maximize",
    }
    assert set(arguments) == set(signature) - technical
    assert ("weight_decay" not in signature) == (name in UNDECAYED)


def test_every_optimizer_of_torch_is_there() -> None:
    kinds = {
        name
        for name, value in vars(torch.optim).items()
        if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer)
    }
    assert kinds - {"Optimizer"} == {kind for kind, _ in RULES.values()}


def test_every_field_can_be_set() -> None:
    flat = SGD.flat()
    assert set(flat) | {"model", "data", "steps", "optimizer.dampening", "optimizer.nesterov"} == set(
        field_names(SGD)
    )
    assert Recipe(model="mlp", data="moons").set(*(f"{key}={value}" for key, value in flat.items())) == SGD


def test_no_torch() -> None:
    code = (
        "import sys; from dltui.training.recipes import find_recipe; find_recipe('digits-cnn').set('epochs=2').toml();"
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
