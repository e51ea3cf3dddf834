"""Recipes, one file a data set: what is trained on what, and how; importable without torch."""

from dltui.training.recipes._registry import (
    RECIPES,
    find_recipe,
    names_recipe,
    recipe,
    recipe_for,
    trained_model,
)

__all__ = ["RECIPES", "find_recipe", "names_recipe", "recipe", "recipe_for", "trained_model"]
