"""What ``dltui features`` asks the instruments, once its words are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from dltui.checkpoints.live import LiveModel, open_live
from dltui.checkpoints.pretrained import PRETRAINED
from dltui.commands._frame import Common
from dltui.data.inputs import EXAMPLES, read_input, read_samples
from dltui.device import pick_device
from dltui.errors import UsageError
from dltui.models.spelled import told_apart

if TYPE_CHECKING:
    from dltui.results import Result

COMPARED, AVERAGED = 512, 16  # samples for CKA and for receptive fields when nothing is said


@dataclass(frozen=True)
class Asked:
    """The words of the verb, read; their meaning is told there."""

    model: str
    given: str | None
    layers: tuple[str, ...]
    data: str | None
    weights: Path | None
    samples: int | None
    page: int
    unit: int | None
    cka: bool
    against: str | None
    batch_size: int | None
    receptive_field: bool


def ask(asked: Asked, common: Common) -> Result:
    """Look into a model as it was asked for.

    Args:
        asked: The words.
        common: The common options.

    Returns:
        Outputs of layers, their similarity, or their receptive fields.

    Raises:
        UsageError: If the words don't go together.
    """
    compares = asked.cka or asked.against is not None
    option = "--cka" if asked.cka else "--against"
    if compares and asked.receptive_field:
        raise UsageError(
            f"{option} compares layers and --receptive-field looks at pixels: expected one of the two"
        )
    if compares and asked.given is not None:
        raise UsageError(f"{option} compares layers over samples of --data: leave out --input")
    live = opened(asked.model, asked, common)
    if compares:
        return _similarity(live, asked, common)
    if asked.receptive_field:
        return _receptive_field(live, asked, common)
    if asked.given is None:
        raise UsageError(f"say what goes in with --input: {EXAMPLES[live.takes.kind]}")
    from dltui.instruments.features.observe import observe
    from dltui.results.features_outputs import pages, units

    given = read_input(asked.given, live.takes, seed=common.seed)
    if given.note:
        common.note(given.note)
    samples = None if asked.samples is None else _samples(live, asked, common, asked.samples)
    found = observe(live, given, layers=asked.layers, samples=samples, report=common.report)
    count = units(found, found.chosen)
    if asked.unit is not None and asked.unit >= count:
        told = f"{count} maps, 0 … {count - 1}" if count else "no maps"
        raise UsageError(f"--unit {asked.unit}: {found.chosen} has {told}")
    if count and asked.page > pages(found, found.chosen):
        most = pages(found, found.chosen)
        told = f"pages 1 … {most}" if most > 1 else "one page of maps"
        raise UsageError(f"--page {asked.page}: {found.chosen} has {told}")
    return replace(found, page=asked.page, unit=-1 if asked.unit is None else asked.unit)


def opened(model: str, asked: Asked, common: Common) -> LiveModel:
    """Return a model on its device, and say which weights are looked at."""
    weights = asked.weights if model == asked.model else None
    data = asked.data if made_for_data(model) else None
    live = open_live(model, weights=weights, data=data, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    live.module.to(pick_device(common.device))
    return live


def made_for_data(model: str) -> bool:
    """Return whether a model is built for data, rather than brought with weights that tell what it takes."""
    return model not in PRETRAINED and told_apart(model) in {"name", "run", "file", "function"}


def _samples(live: LiveModel, asked: Asked, common: Common, count: int, data: str = "") -> torch.Tensor:
    """Return samples of the data, held-out ones where there are enough."""
    source = asked.data or live.data or data
    if not source:
        raise UsageError(
            f"say what samples of {live.title} are drawn from with --data, such as --data file.npz"
        )
    for part in ("test", "train"):
        found, _ = read_samples(source, live.takes, count, part=part, seed=common.seed)
        if len(found) >= count:
            break
    if len(found) < count:
        common.note(f"{source} has no {count} samples in one part: {len(found)} are looked at")
    return torch.from_numpy(found)


def _similarity(live: LiveModel, asked: Asked, common: Common) -> Result:
    """Return how alike layers are."""
    from dltui.instruments.features.similarity import similarity

    samples = _samples(live, asked, common, asked.samples or COMPARED)
    other = others = None
    if asked.against is not None:
        other = opened(asked.against, asked, common)
        others = _samples(other, replace(asked, data=asked.data or live.data or None), common, len(samples))
        if len(others) != len(samples):
            raise UsageError(f"{live.title} and {other.title} see different samples: name them with --data")
    return similarity(
        live,
        samples,
        other=other,
        other_samples=others,
        layers=asked.layers,
        batch_size=asked.batch_size,
        report=common.report,
    )


def _receptive_field(live: LiveModel, asked: Asked, common: Common) -> Result:
    """Return which pixels the middle of each layer heeds."""
    from dltui.instruments.features.receptive import receptive_field

    picture = None
    if asked.given is not None:
        given = read_input(asked.given, live.takes, seed=common.seed)
        samples, title, picture = given.tensor, given.title, given.picture
    elif live.takes.kind == "image":
        samples = _samples(live, asked, common, asked.samples or AVERAGED)
        title = asked.data or live.data
    else:
        raise UsageError(f"a receptive field lies in a picture, but {live.title} takes {live.takes.kind}")
    return receptive_field(
        live,
        samples,
        layers=asked.layers,
        title=title,
        picture=picture,
        seed=common.seed,
        report=common.report,
    )
