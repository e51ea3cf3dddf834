"""What ``dltui gradients`` asks the instruments, once its words are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from dltui.commands._frame import Common
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.data import Dataset
    from dltui.instruments.gradients import Origins, Step
    from dltui.objective import Objective
    from dltui.results import Result
    from dltui.runs.find import Snapshot


@dataclass(frozen=True)
class Asked:
    """The words of the verb, read; their meaning is told there."""

    model: str
    data: str
    weights: Path | None
    per_sample: bool
    learning_rate: float | None
    batch_size: int | None
    clip: float | None
    init: str | None
    seeds: int
    along_run: bool
    at: tuple[float, ...]
    normalize: str
    double: bool
    mode: Literal["eval", "train"]
    part: Literal["train", "test"]
    samples: int | None


def ask(asked: Asked, common: Common) -> Result | Stopped:
    """Measure what was asked for: at the weights, at the start, or along a run.

    Args:
        asked: The words.
        common: The common options.

    Returns:
        What was found, or what was known of it when Ctrl-C came.

    Raises:
        UsageError: If the words don't go together.
    """
    from dltui.commands._unfinished import stoppable

    _together(asked)
    dataset, objective = _bound(asked, common)
    if asked.init is not None:
        from dltui.instruments.gradients.initial import at_start
        from dltui.instruments.schemes import spelled_scheme

        scheme = spelled_scheme(asked.init)
        return stoppable(
            lambda report: at_start(objective, scheme, seeds=asked.seeds, seed=common.seed, report=report),
            common,
        )
    if asked.along_run:
        from dltui.instruments.gradients.along import along, stops_of

        run, stops = stops_of(asked.model)
        return stoppable(lambda report: along(objective, stops, run=run, report=report), common)
    from dltui.instruments.gradients import Wishes, measure

    snapshot = _snapshot(asked.model) if asked.weights is None else None
    step = _step(asked, snapshot)
    if step is not None:
        common.note(f"update ratio: {step}")
    wishes = Wishes(
        per_sample=asked.per_sample,
        batch_size=asked.batch_size or _batch_size(snapshot, objective),
        step=step,
        clip=asked.clip,
        origins=_origins(asked, dataset, common.seed),
    )
    return stoppable(
        lambda report: measure(
            objective,
            at=asked.at,
            normalize=asked.normalize,
            seed=common.seed,
            wishes=wishes,
            report=report,
        ),
        common,
    )


def _together(asked: Asked) -> None:
    """Refuse words that don't go together."""
    if asked.init is not None and asked.along_run:
        raise UsageError(
            "--init looks at fresh weights and --along-run at trained ones: expected one of the two"
        )
    if asked.along_run and (not asked.model.startswith("run:") or asked.weights is not None):
        raise UsageError(
            f"--along-run follows the checkpoints of a run, not {asked.weights or asked.model}: expected run:NAME; "
            "try run:latest"
        )
    if asked.at and (asked.init is not None or asked.along_run):
        raise UsageError("--at looks at one place near the weights; leave it out with --init and --along-run")


def _bound(asked: Asked, common: Common) -> tuple[Dataset, Objective]:
    """Return data and loss."""
    from dltui.checkpoints import open_model
    from dltui.data import load
    from dltui.device import pick_device
    from dltui.objective import Objective

    device = pick_device(common.device)
    dataset = load(asked.data, seed=common.seed)
    opened = open_model(asked.model, dataset, weights=asked.weights, seed=common.seed)
    if asked.init is None and not asked.along_run:
        common.note(f"{opened.title}: {opened.weights_note}")
    return dataset, Objective.of(
        opened.module,
        dataset,
        part=asked.part,
        device=device,
        samples=asked.samples,
        title=opened.title,
        double=asked.double,
        seed=common.seed,
        mode=asked.mode,
    )


def _snapshot(model: str) -> Snapshot | None:
    """Return the checkpoint that is looked at, where it is one of a run."""
    from dltui.runs.find import find_snapshot

    return find_snapshot(model) if model.startswith("run:") else None


def _step(asked: Asked, snapshot: Snapshot | None) -> Step | None:
    """Return the step that is compared with the weights: as asked for, else as the run's training made it there."""
    from dltui.instruments.gradients import Step
    from dltui.instruments.gradients.update import OptimizerName

    if snapshot is None:
        return None if asked.learning_rate is None else Step(asked.learning_rate)
    settings = snapshot.run.settings  # cards of older versions name the fields without dots
    rule = str(settings.get("optimizer.name", settings.get("optimizer", "adam")))
    decay = float(settings.get("optimizer.weight_decay", settings.get("weight_decay", 0.0)))
    rate, where = asked.learning_rate, f"settings of the run {snapshot.run.name}"
    if rate is None:
        rate, where = _rate(snapshot), f"as in the run {snapshot.run.name} at step {snapshot.step}"
    known = [name for name in get_args(OptimizerName) if name == rule]
    return Step(rate, known[0], decay, where) if rate is not None and known else None


def _rate(snapshot: Snapshot) -> float | None:
    """Return the learning rate with which the run arrived at a checkpoint; of the first one, that of the next step."""
    from dltui.runs.metrics import read_metrics

    told = [row for row in read_metrics(snapshot.run) if row.get("learning_rate") is not None]
    before = [row for row in told if row["step"] <= snapshot.step]
    chosen = before[-1:] or told[:1]
    return float(chosen[0]["learning_rate"]) if chosen else None


def _batch_size(snapshot: Snapshot | None, objective: Objective) -> int | None:
    """Return the batch size of the run, where two such batches fit into the samples."""
    size = snapshot.run.settings.get("batch_size") if snapshot else None
    return int(size) if size and 2 * int(size) <= objective.samples else None


def _origins(asked: Asked, dataset: Dataset, seed: int) -> Origins:
    """Return where the samples come from."""
    from dltui.instruments.gradients import Origins
    from dltui.objective.bound import subset

    rows = len(dataset.x_train if asked.part == "train" else dataset.x_test)
    return Origins(subset(rows, asked.samples, asked.data, seed), dataset.classes)
