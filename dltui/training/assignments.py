"""From texts such as ``optimizer.lr=3e-4``, and from TOML, to a changed recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from dltui.errors import DltuiError, UsageError, absent, unknown
from dltui.spelling import TRUTH
from dltui.training.recipe import Optimizer, Recipe, Schedule, recipe_of
from dltui.training.rules import kinds_of

if TYPE_CHECKING:
    from dltui.runs.folder import Run

NOUNS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
NONE = {"none", ""}
GROUPS = ("optimizer", "schedule")
# What the state of a run depends on.
FIXED = ("model", "data", "seed", "batch_size", "accumulate", "optimizer.name", "ema", "precision")


def assigned(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Return the recipe with some fields changed, one after the other.

    Args:
        recipe: What is changed.
        assignments: Texts ``field=value``.

    Returns:
        Another recipe.

    Raises:
        UsageError: If a text can't be read, a field isn't known, or a value doesn't fit.
    """
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"can't read {text!r}: expected field=value, such as optimizer.lr=3e-4")
        recipe = _one(recipe, name.strip(), value.strip())
    return recipe


def changed(recipe: Recipe, plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the fields of a nested dictionary changed.

    Args:
        recipe: What is changed.
        plain: Values by field; ``optimizer`` and ``schedule`` may be dictionaries.

    Returns:
        Another recipe.

    Raises:
        UsageError: If a field isn't known, or a value doesn't fit.
    """
    for name, value in plain.items():
        if name in GROUPS and isinstance(value, Mapping):
            named = [("name", value["name"])] if "name" in value else []
            for key, inner in [*named, *((k, v) for k, v in value.items() if k != "name")]:
                recipe = _one(recipe, f"{name}.{key}", inner)
        else:
            recipe = _one(recipe, name, value)
    return recipe


def read_recipe(path: Path, base: Recipe | None = None) -> Recipe:
    """Return the recipe in a TOML file.

    Args:
        path: The file.
        base: What holds where the file says nothing; the defaults when None.

    Returns:
        The recipe.

    Raises:
        UsageError: If the file isn't there, is no TOML, or a field isn't known or doesn't fit.
        DltuiError: If it can't be read.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise absent(path, "expected a recipe in TOML, such as model = 'lenet'") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read {path} as TOML: {error}") from error
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}") from error
    try:
        return changed(base or Recipe(), plain)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def changed_recipe(run: Run, assignments: Iterable[str]) -> Recipe:
    """Return the recipe of a run with some fields changed.

    Args:
        run: The run.
        assignments: Fields to change.

    Returns:
        The recipe.

    Raises:
        UsageError: If the run has kept no recipe, or its state depends on a field.
    """
    if not run.recipe:
        raise UsageError(
            f"the run {run.name} kept no recipe, as runs of older versions did: train on from its weights with "
            f"dltui train run:{run.name} --data {run.data}"
        )
    before = recipe_of(run.recipe)
    after = before.set(*assignments)
    old, new = (r.flat() | {"model": r.model, "data": r.data} for r in (before, after))
    fixed = [name for name in FIXED if old.get(name) != new.get(name)]
    if fixed:
        raise UsageError(
            f"{fixed[0]} can't change when a run goes on: start a new one from its weights with "
            f"dltui train run:{run.name} --data {run.data} --set {fixed[0]}={new[fixed[0]]}"
        )
    return after


def field_names(recipe: Recipe) -> list[str]:
    """Return every name that ``set`` takes for this recipe, those of its optimiser's arguments included."""
    names = [part.name for part in fields(Recipe) if part.name not in GROUPS]
    names += [
        f"optimizer.{name}" for name in ("name", "lr", "weight_decay", *kinds_of(recipe.optimizer.name))
    ]
    return names + [f"schedule.{part.name}" for part in fields(Schedule)]


def _one(recipe: Recipe, name: str, value: Any) -> Recipe:
    """Return the recipe with one field changed."""
    if name in GROUPS:
        name = f"{name}.name"
    if name not in field_names(recipe):
        raise _unknown_field(recipe, name)
    group, _, inner = name.partition(".")
    if group == "optimizer":
        return replace(recipe, optimizer=_rule(recipe.optimizer, inner, value))
    if group == "schedule":
        return replace(
            recipe, schedule=replace(recipe.schedule, **{inner: _typed(Schedule, name, inner, value)})
        )
    changes = {name: _typed(Recipe, name, name, value)}
    if name == "epochs":
        changes["steps"] = None  # whoever asks for epochs doesn't want another length
    return replace(recipe, **changes)


def _rule(rule: Optimizer, name: str, value: Any) -> Optimizer:
    """Return the optimiser with one of its fields or arguments changed."""
    if name == "name":
        return rule.named(str(value))
    if name in {"lr", "weight_decay"}:
        return replace(rule, **{name: _typed(Optimizer, f"optimizer.{name}", name, value)})
    return replace(rule, arguments={**rule.arguments, name: value})


def _unknown_field(recipe: Recipe, name: str) -> UsageError:
    """Return the error for a field that isn't there: ``lr`` means ``optimizer.lr``."""
    names = field_names(recipe)
    ending = [known for known in names if known.rpartition(".")[2] == name.rpartition(".")[2]]
    if ending:
        return UsageError(f"unknown field {name!r} of a recipe: did you mean {' or '.join(ending)}?")
    return unknown("field of a recipe", name, names)


def _typed(owner: type, name: str, inner: str, value: Any) -> Any:
    """Return a value as the type that its field declares."""
    hint = get_type_hints(owner)[inner]
    options = get_args(hint)
    if type(None) in options:
        if value is None or (isinstance(value, str) and value.lower() in NONE):
            return None
        hint = next(option for option in options if option is not type(None))
    elif options:  # the recipe itself checks words against its list
        return str(value)
    try:
        return _converted(hint, value)
    except (TypeError, ValueError, KeyError):
        raise UsageError(f"{name} must be {NOUNS[hint]}, not {value!r}") from None


def _converted(hint: Any, value: Any) -> Any:
    """Return ``value`` as ``hint``, or raise what the conversion raises."""
    if hint is bool:
        return TRUTH[str(value).lower()]
    if hint is str:
        if not isinstance(value, str):
            raise TypeError
        return value
    if isinstance(value, bool):
        raise TypeError
    number = float(value)
    if hint is float:
        return number
    if isinstance(value, int) or (isinstance(value, str) and value.lstrip("+-").isdecimal()):
        return int(value)
    if not number.is_integer():
        raise ValueError
    return int(number)
