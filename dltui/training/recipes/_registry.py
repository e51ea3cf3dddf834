"""The register of recipes that dltui knows by name; reading it imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dltui.errors import DltuiError, unknown
from dltui.registry import Registry
from dltui.spelling import call_function, is_function, load_function
from dltui.training.recipe import Recipe
from dltui.training.recipes._names import NAMES

Maker = Callable[[], Recipe]
M = TypeVar("M", bound=Maker)

RECIPES: Registry[Maker] = Registry("recipe", NAMES)


def recipe(name: str) -> Callable[[M], M]:
    """Register the function below as the recipe ``name``.

    Args:
        name: How people spell it.

    Returns:
        A decorator for a function without arguments that returns a ``Recipe``; its docstring's first line is the
        help.
    """

    def put(maker: M) -> M:
        RECIPES.register(name, maker)
        return maker

    return put


def find_recipe(spec: str) -> Recipe:
    """Return the recipe that ``spec`` names.

    Args:
        spec: A registered name such as ``digits-cnn``, or the user's own ``package.module:function`` (a function
            that returns a ``Recipe``, or a ``Recipe`` itself).

    Returns:
        The recipe.

    Raises:
        UsageError: If there is none.
        DltuiError: If the user's function fails, or returns something else.
    """
    if spec in RECIPES:
        return RECIPES.load(spec)()
    if not is_function(spec):
        raise unknown("recipe", spec, RECIPES, "`dltui train --list`")
    made = call_function(spec, load_function("recipe", spec))
    if not isinstance(made, Recipe):
        raise DltuiError(f"{spec} returned a {type(made).__name__}: expected a dltui.training.recipe.Recipe")
    return made


def recipe_for(model: str, data: str = "") -> Recipe:
    """Return how a model is trained well on data: a recipe of its own where there is one.

    Args:
        model: The model as it is spelled; knobs don't matter for finding it.
        data: The data as they are spelled.

    Returns:
        The recipe of this model and data, else one of this model on other data, else the defaults; with this model
        and these data in it.
    """
    word, shelf = model.partition(":")[0], data.partition(":")[0]
    known = [RECIPES.load(name)() for name in RECIPES]
    fitting = [one for one in known if one.model.partition(":")[0] == word]
    same = [one for one in fitting if one.data.partition(":")[0] == shelf]
    best = (same or fitting or [Recipe()])[0]
    return best.changed({"model": model, "data": data})


def names_recipe(spec: str) -> bool:
    """Return whether the user's own function makes a recipe rather than a model: it says so in its signature.

    Args:
        spec: ``package.module:function``.

    Raises:
        UsageError: If there is no such function.
    """
    function = load_function("recipe or model", spec)
    told = getattr(function, "__annotations__", {}).get("return")
    return told is Recipe or (isinstance(told, str) and told.rpartition(".")[2] == Recipe.__name__)


def trained_model(model: str) -> str:
    """Return the model whose recipe suits: of another run, the one that it trained."""
    from dltui.runs.find import PREFIX, find_run  # numpy comes with it

    if not model.startswith(PREFIX):
        return model
    return find_run(model.removeprefix(PREFIX).partition("@")[0]).model
