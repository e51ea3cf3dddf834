"""What a planning verb is asked about: a number of parameters, a language model, a chain, a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dltui.commands._shapes_chain import read_chain
from dltui.errors import UsageError, unknown
from dltui.shapes.config import read_config, weights_in
from dltui.shapes.decoder import Decoder, counted, named_decoders, read_decoder
from dltui.shapes.named import named_chains
from dltui.shapes.report import show

LANGUAGE = "language model"


@dataclass(frozen=True, slots=True)
class What:
    """A model to plan for.

    Attributes:
        title: What it is called.
        model: Its sizes as a language model, or its parameters.
        kind: ``number``, ``language model``, ``chain`` or ``network``.
        activations: Bytes that a backward pass needs, of a chain.
        largest: Parameters of the largest row, likewise.
        remark: What is told after the number of parameters.
        frozen: Parameters that are not trained.
        uncounted: What is told when no activations are planned.
    """

    title: str
    model: int | Decoder
    kind: str
    activations: int = 0
    largest: int = 0
    remark: str = ""
    frozen: int = 0
    uncounted: str = "activations are not counted: give --tokens and --batch to a language model, or a chain"


def model_of(text: str, input_shape: str | None, dtype: str, batch: int = 1) -> What:
    """Return the model that a text names.

    Args:
        text: ``params=7e9``, the name or the sizes of a language model, a chain, a ``.safetensors`` file, a Hugging
            Face folder.
        input_shape: Shape that goes into a chain; several are parted by semicolons.
        dtype: Type of activations.
        batch: Samples that go into a chain with an input of its own.

    Returns:
        Parameters or sizes, and the activations of a chain.

    Raises:
        UsageError: If it names nothing.
    """
    found = known_model(text, input_shape, dtype, batch)
    if found is None:
        raise unknown("language model, chain or file", text, [*named_decoders(), *named_chains()])
    return found


def known_model(text: str, input_shape: str | None, dtype: str, batch: int = 1) -> What | None:
    """Return the model that a text names, as ``model_of`` does, or None when it names none that is read without torch.

    Args:
        text: See ``model_of``.
        input_shape: Shape that goes into a chain.
        dtype: Type of activations.
        batch: Samples that go into a chain with an input of its own.

    Returns:
        Parameters or sizes, and the activations of a chain.

    Raises:
        UsageError: If a chain or sizes are spelled wrongly.
    """
    if text.startswith(("params=", "parameters=")):
        count = counted("params", text.partition("=")[2])
        if not count:
            raise UsageError("params=0 is no model: expected a number such as params=7e9")
        return What(text, count, "number")
    path = Path(text)
    if path.suffix == ".safetensors":
        return What(path.name, weights_in(path), "number")
    if path.is_dir() or path.name == "config.json":
        return What(text, read_config(path / "config.json" if path.is_dir() else path), LANGUAGE)
    if text in named_decoders():
        return What(text, read_decoder(text), LANGUAGE)
    if text in named_chains() or path.is_file() or any(sign in text for sign in "|(\n"):
        return _chain(text, input_shape, dtype, batch)
    before, equals, _ = text.partition(" ")[0].partition("=")
    if equals and ":" not in before:  # mlp:width=128 is a network with a knob
        return What(text, read_decoder(text), LANGUAGE)
    if " " in text:
        return _chain(text, input_shape, dtype, batch)
    return None


def _chain(text: str, input_shape: str | None, dtype: str, batch: int) -> What:
    """Return a chain with its activations."""
    if input_shape and batch > 1:
        raise UsageError(f"--input {input_shape} tells the batch already: leave out --batch {batch}")
    walked = read_chain(text, input_shape.split(";") if input_shape else [], batch)
    if walked.refusal:
        raise UsageError(walked.refusal.sentence())
    needed = walked.memory(dtype)
    largest = max((step.report.parameters for step in walked.steps), default=0)
    remark = f" on {' and '.join(map(show, walked.inputs))}"
    if needed.uncounted:
        remark += f"; activations inside {len(needed.uncounted)} rows are not counted"
    name = (
        text
        if text in named_chains()
        else Path(text).name
        if "|" not in text and "(" not in text
        else "the chain"
    )
    return What(name, int(walked.parameters), "chain", needed.training, largest, remark)
