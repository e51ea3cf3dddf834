"""The pictures of a dashboard, each made when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dltui.figures import Figure, Prose
from dltui.runs.curves import Sight
from dltui.watching.charts import Colours, Make, accuracy, called, device, loss, metric, step_curve
from dltui.watching.follow import Followed
from dltui.watching.maps import by_layer, said, sample

__all__ = ["called", "diagnosis", "panes", "picture", "told"]

NORMS = (1e-7, 1e3)  # ends of the colours of gradient norms: blue vanishes, red explodes
RATIOS = (1e-6, 1.0)  # of ‖Δw‖ / ‖w‖, about 1e-3 is usual


def panes(runs: Sequence[Followed], lead: Followed) -> list[str]:
    """Return the names of the pictures that there is something to see in, the most important first.

    Args:
        runs: All that are watched.
        lead: The one whose layers are shown.

    Returns:
        Keys for ``picture``.
    """
    known = [name for name, has in HAS.items() if has(runs, lead)]
    others = dict.fromkeys(
        key
        for one in runs
        for told in (one.course.evals, one.course.steps, one.course.probes)
        for key in told
        if key not in USED
    )
    log = ["log"] if lead.said or lead.course.notes else []
    return [*known, *(f"metric {key}" for key in others), *log] or ["loss"]


def picture(
    name: str, runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours | None = None
) -> Figure:
    """Return one picture.

    Args:
        name: One of ``panes``.
        runs: All that are watched.
        lead: The one whose layers are shown.
        sight: How to look at curves.
        colours: The colour of each run, where there are several.

    Returns:
        The figure as the runs are by now.
    """
    if name.startswith("metric "):
        return metric(name.removeprefix("metric "), runs, sight, colours or {})
    return MAKE[name](runs, lead, sight, colours or {})


def told(name: str, runs: Sequence[Followed], lead: Followed) -> object:
    """Return what changes when a picture does: how much of what it shows has been told."""
    if (key := LAYERS.get(name)) is not None:
        return lead.source.name, lead.course.layers[key].told
    if name == "log":
        return lead.source.name, len(lead.said), lead.said[-1:], len(lead.course.notes)
    if name == "sample":
        return lead.source.name, len(lead.course.samples)
    if name == "device":
        return lead.source.name, lead.course.device.told
    evals = tuple(one.course.evals.told for one in runs)
    if name in {"accuracy", "test loss"}:
        return evals
    return evals, tuple(one.course.steps.told + one.course.probes.told for one in runs)


def diagnosis(runs: Sequence[Followed]) -> Prose:
    """Return what is ill, in sentences."""
    told = []
    for one in runs:
        who = f"{one.source.name}: " if len(runs) > 1 else ""
        told += [
            f"{who}{finding.severity}: {finding.sentence} {finding.advice} ({finding.note})"
            for finding in one.findings
        ]
        if not one.findings:
            told.append(f"{who}nothing found that is ill.")
    return Prose(title="Diagnosis", text="\n\n".join(told))


def _any(key: str) -> Callable[[Sequence[Followed], Followed], bool]:
    """Return whether any run tells a quantity of its steps or evaluations."""
    return lambda runs, _: any(
        len(tracks[key]) > 0
        for one in runs
        for tracks in (one.course.steps, one.course.evals)
        if key in tracks
    )


def _layered(key: str) -> Callable[[Sequence[Followed], Followed], bool]:
    return lambda _, lead: len(lead.course.layers[key]) > 1


LAYERS = {"gradients": "grad_norm", "updates": "update_ratio", "dead units": "dead"}
USED = {
    *("loss", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "learning_rate", "grad_norm"),
    *("nonfinite", "update_ratio", "rate"),
}
HAS: dict[str, Callable[[Sequence[Followed], Followed], bool]] = {
    "loss": lambda runs, lead: any(_any(key)(runs, lead) for key in ("loss", "train_loss", "test_loss")),
    "gradients": _layered("grad_norm"),
    "accuracy": _any("test_accuracy"),
    "learning rate": _any("learning_rate"),
    "gradient norm": _any("grad_norm"),
    "updates": _layered("update_ratio"),
    "update ratio": _any("update_ratio"),
    "sample": lambda _, lead: bool(lead.course.samples),
    "test loss": lambda runs, lead: len(runs) > 1 and _any("test_loss")(runs, lead),
    "throughput": _any("rate"),
    "dead units": _layered("dead"),
    "device": lambda _, lead: bool(lead.course.device),
}
MAKE: dict[str, Make] = {
    "loss": loss,
    "gradients": by_layer(
        "grad_norm",
        "Gradient norm by layer",
        "‖∇‖",
        "low: vanishing · high: exploding",
        NORMS,
        log=True,
    ),
    "accuracy": accuracy,
    "learning rate": step_curve("learning_rate", "Learning rate", "learning rate", smooth=False),
    "gradient norm": step_curve("grad_norm", "Gradient norm", "‖∇L‖", log=True),
    "updates": by_layer(
        "update_ratio", "Step by layer", "‖Δw‖ / ‖w‖", "about 0.001 is usual", RATIOS, log=True
    ),
    "update ratio": step_curve("update_ratio", "Step against weights", "‖Δw‖ / ‖w‖", log=True),
    "test loss": lambda runs, _lead, sight, colours: metric("test_loss", runs, sight, colours),
    "throughput": step_curve("rate", "Throughput", "samples/s"),
    "dead units": by_layer("dead", "Units that never fire", "share", "", (0.0, 1.0), log=False),
    "device": device,
    "sample": sample,
    "log": said,
}
