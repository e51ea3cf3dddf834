"""The recipe of a training: model, data, loss, optimiser, schedule, length; plain values, and no torch.

Every field can be set by a text such as ``optimizer.lr=3e-4``, from a TOML file, and from Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from dltui.errors import UsageError, unknown
from dltui.spelling import is_function
from dltui.training.rules import OURS, UNDECAYED, Argument, accept, kinds_of

ScheduleName = Literal["constant", "cosine", "linear", "step", "one-cycle", "plateau"]
Precision = Literal["32", "bf16", "fp16", "64"]
LOSSES = (
    "auto", "cross-entropy", "squared-error", "absolute-error", "huber", "binary-cross-entropy", "clamped-error",
    "chamfer",
)  # fmt: skip

INFINITY = float("inf")
MANY = 1_000_000_000
# The least and the most of each number that makes sense.
RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 1_000_000),
    "steps": (1, MANY),
    "batch_size": (1, MANY),
    "accumulate": (1, 1_000_000),
    "clip": (0, INFINITY),
    "ema": (0, 0.999_999_9),
    "patience": (0, 1_000_000),
    "seed": (0, 2**63 - 1),
    **{f"{what}_every": (0, MANY) for what in ("eval", "save", "keep", "layers", "probe", "sample")},
    "optimizer.lr": (0, INFINITY),
    "optimizer.weight_decay": (0, INFINITY),
    "schedule.warmup": (0, MANY),
    "schedule.floor": (0, 1),
    "schedule.every": (0, MANY),
    "schedule.factor": (0, 1),
    "schedule.patience": (0, 1_000_000),
    "schedule.rise": (0, 1),
}


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """The rule of the steps.

    Attributes:
        name: A rule of torch, such as ``adamw``; ``dltui.training.rules`` lists them.
        lr: Step size; a schedule scales it.
        weight_decay: Pull of the weights to 0: an L2 term with sgd and adam, decoupled with adamw.
        arguments: Whatever else the rule lets one set, by torch's own name, such as ``{"momentum": 0.9}``.
    """

    name: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what the rule doesn't know, and give it the defaults of this house.

        Raises:
            UsageError: If torch has no such rule, or the rule no such argument.
        """
        kinds_of(self.name)
        _check_ranges(self, "optimizer.")
        if self.weight_decay and self.name in UNDECAYED:
            raise UsageError(f"the optimizer {self.name} knows no weight decay: set optimizer.weight_decay=0")
        settled = {name: accept(self.name, name, value) for name, value in self.arguments.items()}
        object.__setattr__(self, "arguments", OURS.get(self.name, {}) | settled)

    def named(self, name: str) -> Optimizer:
        """Return another rule with the same step size, and those arguments that it knows as well."""
        known = kinds_of(name)
        kept = {key: value for key, value in self.arguments.items() if key in known}
        decay = 0.0 if name in UNDECAYED else self.weight_decay
        return Optimizer(name=name, lr=self.lr, weight_decay=decay, arguments=kept)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How the step size goes over the training; ``dltui.training.schedules`` has the formulas.

    Attributes:
        name: ``constant``, ``cosine`` or ``linear`` (down to the floor), ``step`` (times ``factor`` again and again),
            ``one-cycle`` (up, then down), or ``plateau`` (times ``factor`` when the held-out loss stands still).
        warmup: Steps over which the step size first rises from near 0 in a straight line.
        floor: Where it ends, or stops falling, as a share of the step size.
        every: Steps between two falls of ``step``; 0 for a third of the training.
        factor: What a fall of ``step`` or ``plateau`` multiplies it by.
        patience: Evaluations without a better held-out loss that ``plateau`` waits before a fall.
        rise: Share of the training over which ``one-cycle`` rises.
    """

    name: ScheduleName = "cosine"
    warmup: int = 0
    floor: float = 0.0
    every: int = 0
    factor: float = 0.1
    patience: int = 3
    rise: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: If there is no such schedule, or a number is out of its range.
        """
        if self.name not in get_args(ScheduleName):
            raise unknown("schedule", self.name, get_args(ScheduleName))
        _check_ranges(self, "schedule.")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is trained on what, and how.

    Attributes:
        model: The model as it is spelled on a command line.
        data: The data as they are spelled.
        loss: ``auto`` (what suits the data), ``cross-entropy``, ``squared-error``, ``absolute-error``, ``huber``,
            ``binary-cross-entropy``, ``clamped-error``, ``chamfer``, or
            the user's own ``package.module:function`` of (outputs, answers).
        epochs: Passes over the training part; unused where ``steps`` is given.
        steps: Steps of the optimiser in all, or None for as many as the epochs make.
        batch_size: Samples that one process takes at a time.
        accumulate: Batches whose gradients are averaged into one step.
        optimizer: The rule of the steps.
        schedule: How the step size goes.
        clip: Largest norm of the gradient; longer ones are shortened to it. 0 for no limit.
        precision: ``32``, ``64``, or mixed precision ``bf16`` or ``fp16``.
        compile: Whether torch compiles the model first.
        ema: Decay of a running mean of the weights, which is what is judged and kept; 0 for none.
        patience: Evaluations without a better held-out loss after which the training stops; 0 for never.
        eval_every: Steps between two evaluations on the held-out part; 0 for after every epoch.
        save_every: Steps between two checkpoints that training can go on from; 0 for after every epoch, though the
            state that it needs is kept once a second at most.
        keep_every: Steps between two checkpoints of weights alone, besides those; 0 for none.
        layers_every: Steps between two records of every layer's norms; 0 for none.
        probe_every: Steps between two measurements of curvature and gradient noise; 0 for none.
        sample_every: Steps between two samples of what the model makes; 0 for none.
        seed: Seed of fresh weights, made data, the order of batches, and dropout.
    """

    model: str = ""
    data: str = ""
    loss: str = "auto"
    epochs: int = 20
    steps: int | None = None
    batch_size: int = 64
    accumulate: int = 1
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    clip: float = 0.0
    precision: Precision = "32"
    compile: bool = False
    ema: float = 0.0
    patience: int = 0
    eval_every: int = 0
    save_every: int = 0
    keep_every: int = 0
    layers_every: int = 0
    probe_every: int = 0
    sample_every: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: If a word isn't known, or a number is out of its range.
        """
        if self.loss not in LOSSES and not is_function(self.loss):
            raise unknown("loss", self.loss, LOSSES)
        if self.precision not in get_args(Precision):
            raise unknown("precision", str(self.precision), get_args(Precision))
        _check_ranges(self, "")

    def set(self, *assignments: str) -> Recipe:
        """Return the recipe with some fields changed.

        Args:
            assignments: Texts such as ``optimizer.lr=3e-4``, ``optimizer=sgd``, ``steps=500``, ``compile=true``.

        Returns:
            Another recipe.

        Raises:
            UsageError: If a text can't be read, a field isn't known (it names the nearest), or a value doesn't fit.
        """
        from dltui.training.assignments import assigned

        return assigned(self, assignments)

    def changed(self, plain: Mapping[str, Any]) -> Recipe:
        """Return the recipe with the fields of a nested dictionary changed, as ``plain`` returns it.

        Args:
            plain: Values by field; ``optimizer`` and ``schedule`` are dictionaries, or only a name.

        Returns:
            Another recipe.

        Raises:
            UsageError: If a field isn't known, or a value doesn't fit.
        """
        from dltui.training.assignments import changed

        return changed(self, plain)

    def plain(self) -> dict[str, Any]:
        """Return every field by name, nested, of types that JSON and TOML have; what is None is left out."""
        rule = {
            "name": self.optimizer.name,
            "lr": self.optimizer.lr,
            "weight_decay": self.optimizer.weight_decay,
            **{key: list(v) if isinstance(v, tuple) else v for key, v in self.optimizer.arguments.items()},
        }
        course = {part.name: getattr(self.schedule, part.name) for part in fields(Schedule)}
        told = {part.name: getattr(self, part.name) for part in fields(self)}
        told |= {"optimizer": rule, "schedule": course}
        return {name: value for name, value in told.items() if value is not None}

    def flat(self) -> dict[str, Any]:
        """Return the same with dotted names, as ``set`` takes them, without model and data."""
        told: dict[str, Any] = {}
        for name, value in self.plain().items():
            if isinstance(value, dict):
                told |= {f"{name}.{key}": item for key, item in value.items()}
            elif name not in {"model", "data"}:
                told[name] = value
        return told

    def toml(self) -> str:
        """Return the recipe as a TOML document that ``read_recipe`` reads back."""
        import tomlkit

        document = tomlkit.document()
        tables: dict[str, Any] = {}
        for name, value in self.plain().items():
            (tables if isinstance(value, dict) else document)[name] = value
        for name, table in tables.items():
            document[name] = table
        return tomlkit.dumps(document)


def recipe_of(plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a nested dictionary tells; fields that it leaves out have their defaults."""
    return Recipe().changed(plain)


def _check_ranges(part: object, prefix: str) -> None:
    """Refuse a number that is out of its range."""
    for name, (least, most) in RANGES.items():
        inner = name.removeprefix(prefix)
        if "." in inner or not name.startswith(prefix):
            continue
        value = getattr(part, inner)
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} must be within {least:g} … {most:g}, not {value:g}")
