"""``dltui shapes chain``: from text, a file or a name to a table with a row a layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._shapes_layer import check_words
from dltui.commands._show import Failed
from dltui.errors import DltuiError, UsageError, absent, unknown
from dltui.lab.listing import Listing
from dltui.shapes.layers import LAYERS, key_of
from dltui.shapes.named import named_chains, read_named
from dltui.shapes.report import CONVENTIONS, Shape, show, tight
from dltui.shapes.symbol import Scope, Symbol
from dltui.shapes.units import bytes_text
from dltui.shapes.values import read_shape
from dltui.shapes.walk import Chain
from dltui.shapes.walk import chain as walk_rows

if TYPE_CHECKING:
    from dltui.shapes.walk import Step


app = verb_app()


@verb(app)
def chain(
    layers: Annotated[
        str,
        typer.Argument(
            metavar="CHAIN", help="Layers parted by |, a file, PyTorch source, or a network's name."
        ),
    ],
    input_shape: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="N,C,H,W", help="Shape that goes in; again for several."),
    ] = None,
    flops: Annotated[
        str, typer.Option(metavar="mac|matmul|bias|all", help="How FLOPs are counted.")
    ] = "bias",
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="Type of weights and activations.")] = "float32",
    *,
    common: Common,  # noqa: ARG001
) -> Any:
    """Walk layers in a row: shapes, totals, receptive field, memory.

    Rows are parted by | or line ends: a layer with its values in PyTorch's order, without what its input tells, or
    key=value. `< a b` names what a row reads, `> a` names what it gives, 3x[ ... ] repeats, # begins a remark.
    """
    return walk(layers, input_shape.split(";") if input_shape else [], flops, dtype)


def walk(layers: str, inputs: list[str], flops: str, dtype: str) -> Any:
    """Return the table of a chain.

    Args:
        layers: Rows, a file that holds them, PyTorch source, or the name of a network that ships.
        inputs: Shapes that go in, as text; a named network has its own when left out.
        flops: How FLOPs are counted.
        dtype: Type of weights and activations.

    Returns:
        A table to be shown; wrapped so that the command fails when a row is refused.

    Raises:
        UsageError: If the chain can't be read or needs an input.
    """
    check_words(flops, dtype)
    found = read_chain(layers, inputs)
    listing = _listing(found, flops, dtype)
    if found.refusal is None:
        return listing
    return Failed(listing, found.refusal.sentence(), refused=True)


def read_chain(layers: str, inputs: list[str], batch: int = 1) -> Chain:
    """Return a chain that was walked.

    Args:
        layers: Rows, a file that holds them, PyTorch source, or the name of a network that ships.
        inputs: Shapes that go in, as text; a named network has its own when left out.
        batch: Samples, of the inputs that a chain has of its own for one.

    Returns:
        Its steps, and the refusal if there is one.

    Raises:
        UsageError: If the chain can't be read or needs an input.
    """
    text, usual = _text_of(layers)
    scope = Scope()
    shapes = [read_shape(one, scope) for one in inputs or usual]
    if not shapes:
        raise UsageError("a chain needs --input, a shape such as 1,3,224,224")
    if batch > 1:
        shapes = [_of_more(shape, batch, layers) for shape in shapes]
    return walk_rows(text, *shapes)


def _of_more(shape: Shape, batch: int, layers: str) -> Shape:
    """Return the shape of several samples; what has one dimension, such as places in a text, serves all of them."""
    if len(shape) == 1:
        return shape
    if shape[0] != 1:
        raise UsageError(
            f"the input {show(shape)} of {layers} does not begin with a batch of 1: give --input instead of --batch"
        )
    return (batch, *shape[1:])


def _text_of(layers: str) -> tuple[str, list[str]]:
    """Return the rows and the inputs that they are usually given."""
    if layers in named_chains():
        named = read_named(layers)
        return named.text, list(named.inputs)
    path = Path(layers)
    if "\n" not in layers and "|" not in layers and len(layers) < 256 and path.suffix and "(" not in layers:
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError):
            raise absent(layers, "expected a chain of layers, one a line") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DltuiError(f"can't read the chain {layers}: {error}") from None
        return text, _inputs_in(text)
    if layers.isidentifier() and key_of(layers) not in LAYERS:
        raise unknown("network or layer", layers, [*named_chains(), *LAYERS])
    return layers, []


def _inputs_in(text: str) -> list[str]:
    """Return the inputs that a remark ``# input: 1,3,224,224`` names."""
    lines = (line.strip().lstrip("#").strip() for line in text.splitlines() if line.strip().startswith("#"))
    return [line.removeprefix("input:").strip() for line in lines if line.startswith("input:")]


def _listing(chain: Chain, flops: str, dtype: str) -> Listing:
    """Return the table with its totals."""
    costs = not isinstance(chain.macs, Symbol)
    columns = ("row", "output", "parameters", *(("MACs",) if costs else ()), "field", "layer")
    rows = tuple(_row(number, step, costs) for number, step in enumerate(chain.steps, 1))
    if chain.refusal:
        rows = (*rows, (chain.refusal.row, "refused", *("",) * (len(columns) - 3), chain.refusal.text))
    memory = chain.memory(dtype)
    foot = [
        f"input {' and '.join(map(show, chain.inputs))} → output {show(chain.output)}",
        f"parameters {chain.parameters:,} · MACs {chain.macs:,} · "
        f"FLOPs {chain.operations(flops):,} ({CONVENTIONS[flops]})",
        f"{dtype}: weights {bytes_text(memory.parameters)}, gradients {bytes_text(memory.gradients)}, activations at "
        f"most {bytes_text(memory.inference)} in inference, {bytes_text(memory.training)} kept for training",
    ]
    if memory.uncounted:
        numbers = ", ".join(map(str, memory.uncounted[:8]))
        foot.append(
            f"activations inside rows {numbers}{' …' if len(memory.uncounted) > 8 else ''} are not counted"
        )
    if not costs:
        foot.append("the peak in inference is that of large letters")
    assumed = chain.steps[0].report.assumes if chain.steps else []
    if assumed:
        foot.append(f"holds for {', '.join(assumed)}")
    return Listing(
        title="chain",
        columns=columns,
        rows=rows,
        plain=chain.document(flops, dtype),
        foot=tuple(foot),
    )


def _row(number: int, step: Step, costs: bool) -> tuple[str | int | float, ...]:
    """Return the cells of one row; products of letters are too long for a column and left to the total."""
    report = step.report
    parameters = ("tied" if step.row.tied else f"{report.parameters:,}") if report.parameters else "·"
    field = step.field.text() + ("" if step.field.aligned else "!") if step.field else "all"
    macs = (f"{report.macs:,}" if report.macs else "·",) if costs else ()
    return (number, tight(report.output), parameters, *macs, field, step.row.text)
