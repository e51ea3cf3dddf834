"""Training: from a model and data to weights, with a run that can be read at any moment.

Its public names are imported when they are asked for, so that recipes are read without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltui.training.fitting import fit as fit
    from dltui.training.recipe import Optimizer as Optimizer
    from dltui.training.recipe import Recipe as Recipe
    from dltui.training.recipe import Schedule as Schedule
    from dltui.training.recipes import find_recipe as find_recipe
    from dltui.training.recipes import recipe_for as recipe_for
    from dltui.training.session import resume as resume
    from dltui.training.session import train as train
    from dltui.training.session import train_recipe as train_recipe

_HOMES = {
    "fitting": ("fit",),
    "recipe": ("Optimizer", "Recipe", "Schedule"),
    "recipes": ("find_recipe", "recipe_for"),
    "session": ("resume", "train", "train_recipe"),
}


def __getattr__(name: str) -> Any:
    """Return a public name from the module that defines it."""
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"dltui.training.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
