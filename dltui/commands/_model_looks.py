"""The ways of looking at what is under the cursor of a model's tree: which verb each asks, and with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dltui.commands._names import VERBS

NUMBER = re.compile(r"(?:^|[./])\w*?(\d+)(?=[./]|$)")
LAST = re.compile(r"[./](?:weight|bias|running_mean|running_var|num_batches_tracked|gamma|beta)$")


@dataclass(frozen=True)
class Look:
    """One tab.

    Attributes:
        name: What it is called.
        verb: The verb that is asked.
        words: What it shows.
        runs: Whether the verb can be run at once; otherwise its form opens, since it needs an input.
    """

    name: str
    verb: str
    words: str
    runs: bool = False


LOOKS = (
    Look("weights", "weights", "statistics, histogram and spectrum of its numbers", runs=True),
    Look("activations", "features", "what a layer makes of an input"),
    Look("attention", "attention", "which tokens or patches the heads of a layer attend to"),
    Look("explain", "explain", "which parts of an input an answer hangs on"),
)


@dataclass(frozen=True)
class Asked:
    """A verb with what is known of its arguments.

    Attributes:
        verb: The verb.
        places: Arguments by place.
        options: Options by name, without dashes.
        fields: The same for its form, by the names of its fields.
    """

    verb: str
    places: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> list[str]:
        """What follows ``dltui`` on a command line."""
        return [
            self.verb,
            *self.places,
            *(part for key, value in self.options.items() for part in (f"--{key}", value)),
        ]


def known(look: Look) -> bool:
    """Return whether the verb of a look is there."""
    return look.verb in VERBS


def ask(look: Look, spec: str, path: str, *, tensor: bool) -> Asked:
    """Return what is asked of a verb for what is under the cursor.

    Args:
        look: The tab.
        spec: How the file or model is spelled.
        path: Whole name of the tensor or module; empty for everything.
        tensor: Whether it is a tensor.

    Returns:
        The verb with its arguments.
    """
    if look.verb == "weights":
        named = {"tensor": path} if tensor else {}
        return Asked("weights", (spec, *named.values()), {}, {"model": spec} | named)
    layer = layer_of(path, tensor=tensor)
    if look.verb == "features" and layer:
        return Asked("features", (spec,), {"layer": layer}, {"model": spec, "layer": layer})
    number = NUMBER.search(path)
    if look.verb == "attention" and number is not None:
        return Asked("attention", (spec,), {"layer": number[1]}, {"model": spec, "layer": number[1]})
    return Asked(look.verb, (spec,), {}, {"model": spec})


def layer_of(path: str, *, tensor: bool) -> str:
    """Return the module that a tensor belongs to.

    >>> layer_of("features.0.weight", tensor=True), layer_of("features.0", tensor=False)
    ('features.0', 'features.0')
    """
    if not tensor:
        return path
    short = LAST.sub("", path)
    return short if short != path else path.rpartition(".")[0]
