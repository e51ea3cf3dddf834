"""The recipes that are shipped do what they say on their real data."""

from __future__ import annotations

import pytest
import torch

from dltui.checkpoints import open_model
from dltui.data import load
from dltui.data.bigram import count
from dltui.training.fitting import fit
from dltui.training.losses import make_loss
from dltui.training.recipes import RECIPES, find_recipe


def learnt(name: str, *changes: str) -> tuple[float, float]:
    """Return the held-out loss and accuracy at the end of a recipe."""
    recipe = find_recipe(name).set(*changes)
    data = load(recipe.data, seed=recipe.seed)
    found = fit(open_model(recipe.model, data, seed=recipe.seed).module, data, recipe)
    return float(found.test_loss[-1]), float(found.test_accuracy[-1])


@pytest.mark.parametrize("name", list(RECIPES))
def test_model_data_and_loss_of_every_recipe_suit_each_other(name: str) -> None:
    recipe = find_recipe(name)
    data = load(recipe.data)
    module = open_model(recipe.model, data).module
    x, y = torch.tensor(data.x_train[:4]), torch.tensor(data.y_train[:4])
    loss = make_loss(recipe.loss, data.task)(module(x), y)
    loss.backward()
    assert torch.isfinite(loss)


def test_fashion_cnn_beats_the_nearest_neighbour() -> None:
    assert learnt("fashion-cnn", "epochs=8")[1] >= 0.82  # 80.4 % are right by the nearest neighbour


def test_makemore_beats_counting_pairs_in_two_epochs() -> None:
    assert learnt("names-makemore", "epochs=2")[0] < count(load("names")).bigram_loss - 0.1


def test_moons_are_parted() -> None:
    assert learnt("moons-mlp")[1] == 1.0


@pytest.mark.parametrize("name", ["hamlet-gpt", "hamlet-lstm"])
def test_models_of_hamlet_soon_know_more_than_how_often_letters_come(name: str) -> None:
    loss, _ = learnt(name, "steps=60", "sample_every=0", "schedule.warmup=10")
    assert loss < count(load("hamlet")).unigram_loss - 0.2


def test_clouds_are_told_apart_after_few_steps() -> None:
    steps = ("data=shapes3d:n=800,points=128", "steps=100")
    assert learnt("shapes3d-pointnet", *steps)[1] >= 0.6
