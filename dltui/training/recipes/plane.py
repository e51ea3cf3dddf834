"""Recipes for points in the plane."""

from dltui.training.recipe import Optimizer, Recipe
from dltui.training.recipes._registry import recipe


@recipe("moons-mlp")
def moons_mlp() -> Recipe:
    """A perceptron that parts two half circles in a second."""
    adam = Optimizer(name="adam", lr=1e-2)
    return Recipe(model="mlp:width=32,depth=2", data="moons", epochs=30, batch_size=32, optimizer=adam)
