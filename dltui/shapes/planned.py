"""Memory of training and of serving: what lies on each device, under the usual ways to split the work.

Bytes a parameter are those of weights, gradients and optimiser states (Rajbhandari et al. 2020, ZeRO,
arXiv:1910.02054); activations are the tensors that a backward pass needs (Korthikanti et al. 2022,
arXiv:2205.05198). Buffers of the framework, of communication and of the allocator come on top.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dltui.errors import unknown
from dltui.shapes.decoder import Decoder
from dltui.shapes.report import BYTES, ShapeError

# Moments a parameter; 8-bit ones keep a byte each, and a float32 scale for each block of 256 (arXiv:2110.02861).
OPTIMIZERS = {"none": 0, "sgd": 0, "momentum": 1, "adam": 2, "adam8bit": 2}
BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """Types of what is kept.

    Attributes:
        weights: Type of weights, activations and cache.
        gradients: Type of the gradients; that of the weights when empty.
        states: Type of the optimiser's moments.
        master: Whether a float32 copy of the weights is kept beside them.
    """

    weights: str = "bfloat16"
    gradients: str = ""
    states: str = "float32"
    master: bool = False

    def __post_init__(self) -> None:
        for key in ("weights", "gradients", "states"):
            kind = getattr(self, key)
            if kind not in BYTES and not (key == "gradients" and not kind):
                raise ShapeError(str(unknown("dtype", kind, BYTES)), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How many devices share the work, and along what.

    Attributes:
        dp: Copies of everything, each with other samples.
        fsdp: Devices over which ``zero`` says what is cut.
        tp: Devices over which every matrix is cut.
        pp: Groups of layers, one behind the other.
        cp: Devices over which every sequence is cut.
        zero: 1 cuts the optimiser's states, 2 the gradients too, 3 the weights too (FSDP).
        sequence_parallel: Whether tensor parallelism cuts what lies between the matrices too.
        microbatches: Parts of a batch that follow each other through the pipeline.
    """

    dp: int = 1
    fsdp: int = 1
    tp: int = 1
    pp: int = 1
    cp: int = 1
    zero: int = 3
    sequence_parallel: bool = True
    microbatches: int = 1

    def __post_init__(self) -> None:
        for key in ("dp", "fsdp", "tp", "pp", "cp", "microbatches"):
            if getattr(self, key) < 1:
                raise ShapeError(f"{key} must be at least 1, not {getattr(self, key)}", key)
        if self.zero not in {1, 2, 3}:
            raise ShapeError(f"zero must be 1, 2 or 3, not {self.zero}", "zero")

    @property
    def devices(self) -> int:
        """Devices altogether."""
        return self.dp * self.fsdp * self.tp * self.pp * self.cp


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a device does at once.

    Attributes:
        batch: Sequences, of all microbatches together.
        tokens: Tokens of a sequence.
        attention: ``flash`` or ``math``, which keeps the probabilities.
        checkpointing: ``none``, or ``full``: only the input of each layer is kept, and one layer computed again.
        serving: Weights and KV cache instead of training.
        window: How many tokens back a token sees; all when None.
    """

    batch: int = 1
    tokens: int = 0
    attention: str = "flash"
    checkpointing: str = "none"
    serving: bool = False
    window: int | None = None

    def __post_init__(self) -> None:
        for key, known in (("attention", ("flash", "math")), ("checkpointing", ("none", "full"))):
            if getattr(self, key) not in known:
                raise ShapeError(str(unknown(key, getattr(self, key), known)), key)


@dataclass(frozen=True, slots=True)
class Part:
    """One share of a device's memory.

    Attributes:
        name: What it is.
        bytes: How much of the fullest device it takes.
        formula: How it comes about, numbers filled in.
    """

    name: str
    bytes: float
    formula: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What lies on the fullest device.

    Attributes:
        parameters: Numbers that are learned, of the whole model.
        layout: How many devices share the work.
        parts: The shares, none of them 0.
        stage: The group of layers that the device holds, from 1.
        stages: Layers of each group; empty when they are not known.
        inside: What the activations of a layer are made of.
    """

    parameters: int
    layout: Layout
    parts: tuple[Part, ...]
    stage: int = 1
    stages: tuple[int, ...] = ()
    inside: tuple[Part, ...] = field(default_factory=tuple)

    @property
    def total(self) -> float:
        """Bytes of the fullest device."""
        return sum(part.bytes for part in self.parts)

    def document(self) -> dict[str, Any]:
        """Return plain numbers."""
        layout = self.layout
        return {
            "schema": "memory/1",
            "parameters": self.parameters,
            "devices": layout.devices,
            "layout": {key: getattr(layout, key) for key in ("dp", "fsdp", "tp", "pp", "cp", "zero")},
            "stage": self.stage,
            "stages": list(self.stages),
            "parts": [{"name": one.name, "bytes": one.bytes, "formula": one.formula} for one in self.parts],
            "inside": [{"name": one.name, "bytes": one.bytes, "formula": one.formula} for one in self.inside],
            "total_bytes": self.total,
        }


def bytes_a_parameter(optimizer: str = "adam", precision: Precision | None = None) -> dict[str, float]:
    """Return the bytes that each parameter costs in training.

    Args:
        optimizer: One of ``OPTIMIZERS``.
        precision: Types; bfloat16 with float32 states when None.

    Returns:
        Bytes of weights, gradients, master copy and optimiser states; 2 + 2 + 0 + 8 = 12 by default.

    Raises:
        ShapeError: If there is no such optimiser.
    """
    types = precision or Precision()
    if optimizer not in OPTIMIZERS:
        raise ShapeError(str(unknown("optimizer", optimizer, OPTIMIZERS)), "optimizer")
    each = 1 + 4 / BLOCK if optimizer == "adam8bit" else BYTES[types.states]
    return {
        "weights": BYTES[types.weights],
        "gradients": BYTES[types.gradients or types.weights],
        "master weights": 4 if types.master else 0,
        "optimiser states": OPTIMIZERS[optimizer] * each,
    }


def plan(
    model: int | Decoder,
    *,
    optimizer: str = "adam",
    precision: Precision | None = None,
    layout: Layout | None = None,
    work: Work | None = None,
    activations: int = 0,
    largest: int = 0,
    frozen: int = 0,
) -> Plan:
    """Return what lies on the fullest device.

    Args:
        model: A language model, or just a number of parameters, which are then split evenly.
        optimizer: One of ``OPTIMIZERS``.
        precision: Types; bfloat16 with float32 states when None.
        layout: How many devices share the work; one when None.
        work: What a device does at once.
        activations: Bytes of activations, for a number of parameters.
        largest: Parameters of the largest layer, likewise; FSDP gathers it whole.
        frozen: Parameters without gradients and states, likewise.

    Returns:
        The shares, of the group of layers that needs most.

    Raises:
        ShapeError: If a word is unknown, or the layout does not fit the model.
    """
    types, shared, task = precision or Precision(), layout or Layout(), work or Work()
    if isinstance(model, int):
        if activations and shared.tp * shared.pp * shared.cp > 1:
            raise ShapeError(
                "a chain or a network is split by dp and fsdp; tp, pp and cp need a language model, "
                "such as layers=32 hidden=4096",
                "layout",
            )
        over = shared.tp * shared.pp
        parts = _states(
            model / over, largest / shared.tp, optimizer, types, shared, task, trained=(model - frozen) / over
        )
        if activations and not task.serving:
            parts.append(Part("activations", activations, "tensors that the backward pass needs"))
        return Plan(model, shared, tuple(part for part in parts if part.bytes))
    _fit(model, shared)
    stages = stages_of(model.layers, shared.pp)
    found = [_stage(index, stages, model, optimizer, types, shared, task) for index in range(shared.pp)]
    return max(found, key=lambda one: one.total)


def stages_of(layers: int, pp: int) -> tuple[int, ...]:
    """Return the layers of each pipeline stage, as even as it goes; the last ones take what is left.

    Args:
        layers: Layers altogether.
        pp: Stages.

    Returns:
        Such as 32, 32, 32, 30 for 126 layers in 4 stages.
    """
    most = -(-layers // pp)
    counts = [most] * (layers // most) + [layers % most] * bool(layers % most)
    if len(counts) == pp:
        return tuple(counts)
    return tuple(layers // pp + (index < layers % pp) for index in range(pp))


def _fit(model: Decoder, layout: Layout) -> None:
    """Refuse a layout that can't cut the model."""
    if layout.pp > model.layers:
        raise ShapeError(f"{model.layers} layers don't fill {layout.pp} pipeline stages", "pp")
    if model.heads % layout.tp:
        raise ShapeError(f"{model.heads} heads don't split over tp {layout.tp}; take a divisor", "tp")


def _states(
    parameters: float,
    layer: float,
    optimizer: str,
    types: Precision,
    layout: Layout,
    work: Work,
    *,
    trained: float | None = None,
) -> list[Part]:
    """Return weights, gradients and optimiser states of one device; all parameters are trained when None."""
    parts = []
    cut = {"weights": 3, "gradients": 2, "master weights": 1, "optimiser states": 1}
    for name, each in bytes_a_parameter(optimizer, types).items():
        if work.serving and name != "weights":
            continue
        over = layout.fsdp if layout.zero >= cut[name] else 1
        count = parameters if name == "weights" or trained is None else trained
        told = f"{count:,.0f} × {each:g} B" + (f" / {over}" if over > 1 else "")
        parts.append(Part(name, count * each / over, told))
    if layout.fsdp > 1 and layout.zero == 3 and layer:
        size = BYTES[types.weights]
        parts.append(Part("one layer gathered", layer * size, f"{layer:,.0f} × {size} B"))
    return parts


def _stage(
    index: int,
    stages: tuple[int, ...],
    model: Decoder,
    optimizer: str,
    types: Precision,
    layout: Layout,
    work: Work,
) -> Plan:
    """Return what lies on a device of one pipeline stage."""
    first, last = index == 0, index == len(stages) - 1
    table = model.embedding if first or (last and model.tied) else 0
    parameters = (stages[index] * model.layer + table + (model.head if last else 0)) / layout.tp
    parts = _states(parameters, model.layer / layout.tp, optimizer, types, layout, work)
    size = BYTES[types.weights]
    inside: list[Part] = []
    if work.serving and work.tokens:
        parts.append(_cache(stages[index], model, size, layout, work))
    elif work.tokens:
        inside = _inside(model, size, layout, work)
        parts += _activations(stages[index], len(stages) - index, inside, layout, work)
        if last and model.vocab:
            rows = work.batch * work.tokens / layout.microbatches / layout.cp
            count = rows * model.vocab / layout.tp
            told = f"{rows:,.0f} tokens × {model.vocab:,} words × 4 B" + _over(tp=layout.tp)
            parts.append(Part("log-probabilities", 4 * count, told))
    shown = tuple(part for part in parts if part.bytes)
    return Plan(model.parameters, layout, shown, index + 1, stages, tuple(inside))


def _over(**ways: int) -> str:
    """Return by what something is divided, as text."""
    return "".join(f" / {key} {count}" for key, count in ways.items() if count > 1)


def _cache(layers: int, model: Decoder, size: int, layout: Layout, work: Work) -> Part:
    """Return the KV cache of one device; key heads are copied when there are fewer than devices."""
    heads = max(model.shared / layout.tp, 1)
    seen = work.tokens if work.window is None else min(work.tokens, work.window)
    count = 2 * layers * heads * model.each * seen / layout.cp * work.batch
    told = (
        f"2 · {layers} layers · {heads:g} heads · {model.each} · {seen:,} tokens · {work.batch} · {size} B"
        + _over(cp=layout.cp)
    )
    return Part("KV cache", count * size, told)


def _inside(model: Decoder, size: int, layout: Layout, work: Work) -> list[Part]:
    """Return what one layer keeps of one microbatch on one device."""
    rows = work.batch * work.tokens / layout.microbatches / layout.cp
    parts = []
    for kept in model.kept(work.tokens, scores=work.attention == "math"):
        over = layout.tp if kept.split or layout.sequence_parallel else 1
        each = kept.size or size
        told = f"{kept.formula} = {kept.numbers:,} numbers a token × {rows:,.0f} tokens × {each} B{_over(tp=over)}"
        parts.append(Part(kept.name, kept.numbers * rows * each / over, told))
    return parts


def _activations(layers: int, behind: int, inside: list[Part], layout: Layout, work: Work) -> list[Part]:
    """Return the activations of one device: microbatches in flight × layers × what a layer keeps."""
    flying = min(behind, layout.microbatches)
    layer = sum(part.bytes for part in inside)
    times = f"{layers} layers" + (f" × {flying} microbatches in flight" if flying > 1 else "")
    if work.checkpointing == "none":
        return [Part("activations", flying * layers * layer, f"{times} × {layer:,.0f} B")]
    start = inside[0].bytes
    return [
        Part("activations", flying * layers * start, f"{times} × {start:,.0f} B, the input of each layer"),
        Part("one layer again", layer - start, "what a layer keeps while its backward pass runs"),
    ]
