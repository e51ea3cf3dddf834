"""What can be done with a thing: verbs with the thing already filled in."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from dltui.data import NAMES
from dltui.data.fetch.manifest import thing
from dltui.data.fetch.places import is_here
from dltui.models import NAMES as NAMES_OF_MODELS
from dltui.models.spelled import suits
from dltui.tui.catalog.items import Item
from dltui.tui.catalog.models import about

PLACED = ("model", "names")  # arguments that are told by their place
OF_OTHERS = ("faces", "sound")  # families that no data set of dltui goes with
ON_INPUT = (  # verbs that look at a model as it takes one input, and what they show
    ("explain", "Why it says what it says of one input"),
    ("features", "What each of its layers makes of one input"),
    ("attention", "What each of its heads looks at"),
    ("dream", "What excites it most"),
)
WITH_HEADS = ("gpt", "llama", "vit")  # networks that have attention to look at
LOOKS = (  # verbs that look at a model, and what they show
    ("landscape", "Its loss landscape"),
    ("hessian", "Its curvature: eigenvalues and spectrum of the Hessian"),
    ("gradients", "Its gradients, by layer and by sample"),
    ("features", "What each of its layers makes of an input"),
)


@dataclass(frozen=True)
class Deed:
    """A verb with some of its values.

    Attributes:
        verb: Its words.
        label: What it does to the thing.
        values: Values by name of the verb's arguments.
    """

    verb: str
    label: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line, where the values are told by their place or by an option of the same name."""
        places = [self.values[name] for name in PLACED if name in self.values] or ["MODEL"]
        options = [
            part for name, value in self.values.items() if name not in PLACED for part in (f"--{name}", value)
        ]
        return shlex.join(["dltui", *self.verb.split(), *places, *options])


def deeds(item: Item, *, data: str = "") -> list[Deed]:
    """Return what can be done with a thing; reads the header of a checkpoint, so it is called in a thread.

    Args:
        item: A model, a checkpoint, a run, or a data set; with other things nothing can be done.
        data: The data that the thing goes with, when that is known.

    Returns:
        Verbs with their values, the most likely first.
    """
    if item.kind == "data":
        model = (NAMES[item.key].suits if item.key in NAMES else "") or "mlp"
        return [Deed("train", "Train a model on it", {"model": model, "data": item.key})]
    if item.kind == "fetchable":
        return _with_fetchable(item.key)
    if item.kind == "model":
        if NAMES_OF_MODELS[item.key].family in OF_OTHERS:
            return _with_weights(item.key)
        chosen = {"model": item.key, "data": data or suits(item.key)}
        heads = [Deed("attention", dict(ON_INPUT)["attention"], chosen)] if item.key in WITH_HEADS else []
        return [Deed("train", "Train it", chosen), *_looks(chosen), *heads]
    if item.kind == "run":
        return _looks({"model": f"run:{item.path.name}", **_with(data)})
    return _on_checkpoint(item, data) if item.kind == "checkpoint" else []


def _with_weights(name: str, *, heads: bool = False) -> list[Deed]:
    """Return what can be done with a model whose weights are others'; dreams climb over pictures, heads read text."""
    from dltui.commands._names import VERBS

    other = "dream" if heads else "attention"
    return [Deed(verb, label, {"model": name}) for verb, label in ON_INPUT if verb in VERBS and verb != other]


def _with_fetchable(name: str) -> list[Deed]:
    """Return what can be done with something to fetch: first of all that."""
    if not is_here(name):
        return [Deed("data get", "Fetch it", {"names": name})]
    verb = thing(name).tries.split()[1:2]
    known = verb and verb[0] in dict(ON_INPUT)
    return _with_weights(name, heads=verb[0] == "attention") if known else []


def at_step(run: str, step: int, data: str) -> list[Deed]:
    """Return what can be done with a run as it was after a step.

    Args:
        run: Its name.
        step: A step that has a checkpoint.
        data: What it was trained on.

    Returns:
        Verbs with their values.
    """
    return _looks({"model": f"run:{run}@step={step}", "data": data})


def _on_checkpoint(item: Item, data: str) -> list[Deed]:
    """Return what can be done with a file of weights, by whether it says which model it is of."""
    if item.path.suffix == ".safetensors" and dict(about(item.path)).get("model"):
        chosen = {"model": item.key, **_with(data)}
        return _looks(chosen)
    weights = {"weights": item.key, **_with(data)}
    return [*_looks(weights), _numbers(item.key), Deed("train", "Train on from these weights", weights)]


def _looks(values: dict[str, str]) -> list[Deed]:
    found = [Deed(verb, label, values) for verb, label in LOOKS]
    if "model" not in values:
        return found
    return [*found, _numbers(values["model"]), Deed("graph", "What calls what in it", values)]


def _numbers(model: str) -> Deed:
    return Deed("weights", "Its weights, tensor by tensor", {"model": model})


def _with(data: str) -> dict[str, str]:
    return {"data": data} if data else {}
