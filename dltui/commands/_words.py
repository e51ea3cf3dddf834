"""Arguments that several verbs take, spelled and explained the same way everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from dltui.errors import UsageError, absent

# metavars by which a form knows what an argument names
MODEL, OTHER, DATA, RECIPE = "MODEL", "OTHER", "DATA", "RECIPE|MODEL"


def _models(incomplete: str) -> list[str]:
    """Return what completes a model."""
    from dltui.models._names import NAMES
    from dltui.models._pretrained import PRETRAINED

    known = dict.fromkeys((*NAMES, *PRETRAINED, "run:latest"))
    return [name for name in known if name.startswith(incomplete)]


def data_sets(incomplete: str) -> list[str]:
    """Return what completes a data set."""
    from dltui.data._names import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def weights_or_models(incomplete: str) -> list[str]:
    """Return what completes weights or a model: models, and the files and folders that begin so."""
    return _models(incomplete) + paths(incomplete)


def paths(incomplete: str) -> list[str]:
    """Return the files and folders that complete a path."""
    folder, _, word = incomplete.rpartition("/")
    inside = Path(folder or ("/" if incomplete.startswith("/") else "."))
    if not inside.is_dir():
        return []
    begun = f"{folder}/" if "/" in incomplete else ""
    return sorted(begun + one.name for one in inside.iterdir() if one.name.startswith(word))


def fetchable(incomplete: str) -> list[str]:
    """Return what completes the name of something that can be fetched."""
    from dltui.data.fetch.manifest import things

    return [name for name in things() if name.startswith(incomplete)]


def recipes(incomplete: str) -> list[str]:
    """Return what completes a recipe, or a model that is trained by its own."""
    from dltui.training.recipes._names import NAMES

    return [name for name in NAMES if name.startswith(incomplete)] + _models(incomplete)


def odd(steps: int) -> int:
    """Return the points along a direction when one of them can be the middle."""
    from dltui.instruments.limits import odd_steps

    return odd_steps(steps)


def reach(distance: float) -> float:
    """Return how far to go when that is somewhere."""
    from dltui.instruments.limits import above_zero

    return above_zero(distance)


def present(path: Path | None) -> Path | None:
    """Return the path of a file that is there, or None."""
    if path is not None and not Path(path).is_file():
        raise absent(path, "expected weights such as model.safetensors")
    return path


def share(tolerance: float) -> float:
    """Return the tolerance when it is a share of something."""
    from dltui.instruments.limits import below_one

    return below_one(tolerance)


def several(devices: str | None) -> str | None:
    """Return the spelling of several devices when each is one, or None."""
    from dltui.commands._frame import DEVICE

    for device in devices.split(",") if devices is not None else []:
        if not DEVICE.fullmatch(device.strip()):
            raise UsageError(
                f"--devices {device.strip()!r} is no device; expected a list such as cuda:0,cuda:1"
            )
    return devices


def carried(processes: int) -> int:
    """Return how many processes are asked for, when this machine can carry them."""
    from dltui.ranks import bearable

    return bearable(processes, "--processes")


def somewhere(place: str | None) -> str | None:
    """Return the spelling of a place in a line or a plane when it can be read, or None."""
    from dltui.instruments.limits import spelled_steps

    if place is not None:
        spelled_steps(place)
    return place


def steps_to(place: str | None) -> tuple[float, ...]:
    """Return the steps to a place, or none for the model itself."""
    from dltui.instruments.limits import spelled_steps

    return () if place is None else spelled_steps(place)


def model_argument(names: str) -> Any:
    """Return the argument that names a model, with names that the verb can do something with."""
    told = f"{names}, run:latest, weights.safetensors or package.module:function."
    return typer.Argument(metavar=MODEL, help=told, autocompletion=_models)


Model = Annotated[str, model_argument("lenet")]
Live = Annotated[  # a model that is run on one input, which those with weights of others can be as well
    str,
    typer.Argument(
        metavar=MODEL,
        help="gpt, run:latest, minilm, folder with config.json, model.gguf or package.module:function.",
        autocompletion=_models,
    ),
]


def data_option(told: str) -> Any:
    """Return the option that names data, with what its help says."""
    return typer.Option("--data", "-d", metavar=DATA, autocompletion=data_sets, help=told)


Data = Annotated[str, data_option("digits, moons, file.npz or package.module:function.")]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", "-w", metavar="FILE", callback=present, help="Weights to put in."),
]
Double = Annotated[bool, typer.Option("--double", help="Compute in float64.")]
Part = Annotated[Literal["train", "test"], typer.Option("--part", help="Which samples.")]
Samples = Annotated[int | None, typer.Option("--samples", min=1, help="Draw so many samples instead of all.")]
Devices = Annotated[
    str | None,
    typer.Option(
        "--devices",
        metavar="A,B",
        callback=several,
        help="Share the work out among several devices, as in cuda:0,cuda:1; all is done on --device if left out.",
    ),
]
Processes = Annotated[
    int,
    typer.Option(
        "--processes",
        min=1,
        callback=carried,
        help="Share the work out among so many processes, each with a GPU of its own where there are some.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="A,B",
        callback=somewhere,
        help="Look at θ* + A·d₁ + B·d₂ of the plane that `dltui landscape` scans with this seed; A for its line.",
    ),
]
Normalize = Annotated[
    Literal["filter", "layer", "weight", "none"],
    typer.Option("--normalize", help="How the directions of --at are scaled."),
]
