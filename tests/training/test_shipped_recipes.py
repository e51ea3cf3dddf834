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


@pytest.mark.parametrize(
    ("name", "model", "least"),
    [
        ("shapes3d-pointnet", "pointnet", 0.6),
        ("shapes3d-pointnet2", "pointnet2:width=8,radius=0.5,centres=16,dropout=0", 0.4),
        ("shapes3d-dgcnn", "dgcnn:width=8,neighbours=6,dropout=0", 0.4),
        ("shapes3d-voxnet", "voxnet:side=12,width=16", 0.2),
    ],
)
def test_clouds_are_told_apart_after_few_steps(name: str, model: str, least: float) -> None:
    data = "shapes3d:n=800,points=128" if model == "pointnet" else "shapes3d:n=400,points=64"
    assert learnt(name, f"data={data}", f"model={model}", "steps=100", "optimizer.lr=3e-3")[1] >= least


def test_places_inside_are_told_after_few_steps() -> None:
    data = "data=shapes3d-inside:n=350,points=48,queries=48"
    loss, _ = learnt(
        "shapes3d-occupancy", data, "model=occupancy:width=16,code=16", "steps=120", "optimizer.lr=5e-3"
    )
    assert loss < 0.25  # 0.34 for saying how many lie inside


def test_distances_are_learnt_after_few_steps() -> None:
    data = "data=shapes3d-distance:shapes=4,samples=500"
    loss, _ = learnt(
        "shapes3d-deepsdf", data, "model=deepsdf:shapes=4,code=8,width=32", "steps=400", "optimizer.lr=1e-2"
    )
    assert loss < 0.025  # 0 everywhere is wrong by 0.044


def test_clouds_are_made_again_after_few_steps() -> None:
    data = "data=shapes3d-copy:n=200,points=64"
    loss, _ = learnt(
        "shapes3d-atlasnet", data, "model=atlasnet:patches=2,code=32", "steps=120", "optimizer.lr=5e-3"
    )
    assert loss < 0.12  # the mean alone is 0.65, another cloud 0.20
