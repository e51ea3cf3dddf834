"""From how a model and its inputs are spelled to what a summary looks at: something to build, shapes, and remarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import nn

EXAMPLE = "expected sizes such as 1,3,224,224, with a name and a type perhaps: tokens=1,128:int64"

USUAL_TOKENS = 128  # of a text that a pretrained model is summed up on


@dataclass(frozen=True)
class Shapes:
    """What a model is built for.

    Attributes:
        input_shape: Shape of one sample.
        outputs: Numbers that come out.
    """

    input_shape: tuple[int, ...]
    outputs: int


@dataclass(frozen=True)
class Asked:
    """The inputs of a command line.

    Attributes:
        sizes: Shapes in order or by name; None when none were given.
        dtypes: Types likewise, for those that were given one.
    """

    sizes: list[tuple[int, ...]] | dict[str, tuple[int, ...]] | None = None
    dtypes: dict[str, torch.dtype] = field(default_factory=dict)

    @property
    def first(self) -> tuple[int, ...] | None:
        """The first shape."""
        if not self.sizes:
            return None
        return next(iter(self.sizes.values())) if isinstance(self.sizes, dict) else self.sizes[0]


@dataclass(frozen=True)
class Source:
    """A model that is not built yet.

    Attributes:
        build: Builds it.
        title: What to call it.
        sizes: Shape of its usual input with a batch of 1, or None where only its first layer tells.
        remark: What a reader must know of its shapes; may be empty.
    """

    build: Callable[[], nn.Module]
    title: str
    sizes: tuple[int, ...] | None
    remark: str = ""


def read_inputs(text: str | None) -> Asked:
    """Return the inputs that a command line gives.

    Args:
        text: Inputs parted by semicolons, each ``[name=]sizes[:type]``.

    Returns:
        Shapes and types.

    Raises:
        UsageError: If one can't be read, or only some have names.
    """
    if not text:
        return Asked()
    found = [_read_input(part.strip()) for part in text.split(";")]
    names = [name for name, _, _ in found]
    if any(names) and not all(names):
        raise UsageError(
            f"--input gives {names.count('')} inputs without a name beside named ones: name all or none"
        )
    if any(names):
        if len(set(names)) < len(names):
            raise UsageError("--input gives one name twice")
        return Asked({name: shape for name, shape, _ in found}, {n: d for n, _, d in found if d is not None})
    return Asked(
        [shape for _, shape, _ in found], {str(i): d for i, (_, _, d) in enumerate(found) if d is not None}
    )


def _read_input(text: str) -> tuple[str, tuple[int, ...], torch.dtype | None]:
    """Return name, shape and type of one input."""
    name, equals, rest = text.rpartition("=")
    sizes, colon, kind = rest.partition(":")
    words = [word.strip() for word in sizes.split(",") if word.strip()]
    if equals and not name.strip().isidentifier():
        raise UsageError(f"--input {text!r} has no name before the =: {EXAMPLE}")
    if any(word.isidentifier() for word in words):
        raise UsageError(f"--input {text!r} has letters, which only dltui shapes LAYER takes: {EXAMPLE}")
    if not all(word.isdecimal() for word in words) or (not words and not equals):
        raise UsageError(f"can't read --input {text!r}: {EXAMPLE}")
    return name.strip(), tuple(map(int, words)), _dtype(kind.strip()) if colon else None


def _dtype(word: str) -> torch.dtype:
    """Return a type by torch's name."""
    import torch

    from dltui.errors import unknown

    known = {name: kind for name, kind in vars(torch).items() if isinstance(kind, torch.dtype)}
    if word not in known:
        usual = ("float32", "float16", "bfloat16", "float64", "int64", "int32", "uint8", "bool", "complex64")
        raise unknown("type", word, usual)
    return known[word]


def find_source(spec: str, asked: Asked, data: str | None, seed: int) -> Source:
    """Return what a model's spelling stands for, without building it.

    Args:
        spec: ``lenet`` or ``mlp:width=128``, ``weights.safetensors``, ``run:NAME``, ``package.module:function``,
            or a pretrained model: a folder, a GGUF file, a name such as ``minilm``.
        asked: The inputs that were given.
        data: The data whose samples it is built for; when None, the inputs tell, or the usual data.
        seed: Seed of made data.

    Returns:
        The model, ready to be built.

    Raises:
        UsageError: If nothing is spelled that way.
    """
    from dltui.models.spelled import suits, told_apart

    spelled = told_apart(spec)
    if spelled == "pretrained":
        return _pretrained(spec)
    if spelled == "file":
        return _from_file(Path(spec).expanduser())
    if spelled == "run":
        from dltui.runs.find import find_run

        run = find_run(spec.removeprefix("run:").partition("@")[0])
        shapes = _shapes_of(data or run.data, seed)
        return _built(run.model, shapes, f"built for {data or run.data}, as the run {run.name} was", spec)
    if data is not None:
        return _built(spec, _shapes_of(data, seed), f"built for samples of {data}", spec)
    data = suits(spec)
    usual = _shapes_of(data, seed)
    shape = asked.first
    if shape:
        found = _built(
            spec, Shapes(shape[1:], usual.outputs), f"{usual.outputs} outputs; --data chooses others", spec
        )
    else:
        found = _built(spec, usual, f"built for {data}; --input or --data chooses others", spec)
    if spelled == "name":
        return found
    return Source(found.build, spec, None)  # the user's own function may look at no shape at all


def _pretrained(spec: str) -> Source:
    """Return a model with weights of others, which says itself what it takes."""
    from dltui.checkpoints.live import open_live

    live = open_live(spec)
    if live.takes.kind != "tokens":
        return Source(lambda: live.module, live.title, (1, *live.takes.shape))
    context = min(live.takes.shape[0], USUAL_TOKENS)
    remark = f"on {context} tokens of at most {live.takes.shape[0]}; --input chooses others"
    return Source(lambda: live.module, live.title, (1, context), remark)


def _built(model: str, shapes: Shapes, remark: str, title: str) -> Source:
    """Return a source for a name or a function."""
    from dltui.checkpoints import build_model
    from dltui.models.spelled import told_apart
    from dltui.spelling import load_function

    if told_apart(model) == "function":
        load_function("model", model)  # its module is imported here, where its own tensors become real ones
    return Source(lambda: build_model(model, shapes), title, (1, *shapes.input_shape), remark)


def _from_file(path: Path) -> Source:
    """Return the model that a file of dltui's own names; its weights do not matter here."""
    from dltui.checkpoints import read_weights
    from dltui.models import MODELS

    about = read_weights(path).about
    if about is None or about.model.partition(":")[0] not in MODELS:
        raise UsageError(
            f"{path} doesn't say which model of dltui its weights are of: name the model instead, such as "
            "lenet or my_nets:build"
        )
    shapes = Shapes(about.input_shape, about.outputs)
    return _built(about.model, shapes, f"{about.model}, as {path} names it", str(path))


def _shapes_of(data: str, seed: int) -> Shapes:
    """Return the shapes of a data set."""
    from dltui.data import load

    dataset = load(data, seed=seed)
    return Shapes(dataset.input_shape, dataset.outputs)
