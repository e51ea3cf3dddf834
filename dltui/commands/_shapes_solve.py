"""``dltui shapes solve``: settings, or input sizes, as a table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.errors import UsageError
from dltui.lab.listing import Listing
from dltui.shapes.inverse import Bounds, Solution, inputs_for, solve
from dltui.shapes.layers import LAYERS, key_of
from dltui.shapes.named import named_chains, read_named
from dltui.shapes.stacked import Stack, stacks
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape

MOST = 40  # rows that are shown; JSON has all


app = verb_app()


@verb(app, "solve")
def solve_command(
    layer: Annotated[
        str,
        typer.Argument(
            metavar="LAYER", help="A convolution, transposed one or pool; or a chain for its input."
        ),
    ],
    size_from: Annotated[
        str | None,
        typer.Option("--from", metavar="N|H,W", help="Size that goes in; with a chain, the input with H."),
    ] = None,
    size_to: Annotated[
        str | None, typer.Option("--to", metavar="N|H,W", help="Size that shall come out.")
    ] = None,
    same: Annotated[bool, typer.Option("--same", help="The size shall stay.")] = False,
    receptive_field: Annotated[
        int | None, typer.Option("--receptive-field", min=1, help="Places that the kernel shall reach over.")
    ] = None,
    channels: Annotated[
        str | None, typer.Option("--channels", metavar="IN,OUT", help="Channels, for costs and budgets.")
    ] = None,
    max_parameters: Annotated[
        int | None, typer.Option("--max-parameters", help="Budget in parameters.")
    ] = None,
    max_macs: Annotated[
        int | None, typer.Option("--max-macs", help="Budget in multiply-accumulates.")
    ] = None,
    max_kernel: Annotated[int, typer.Option("--max-kernel", min=1, max=101, help="Largest kernel.")] = 11,
    max_stride: Annotated[int, typer.Option("--max-stride", min=1, max=32, help="Largest stride.")] = 4,
    max_dilation: Annotated[
        int | None,
        typer.Option(
            "--max-dilation", min=1, max=1024, help="Largest dilation; else 3, 1024 where it doubles."
        ),
    ] = None,
    max_layers: Annotated[
        int | None, typer.Option("--max-layers", min=1, max=1024, help="Most layers in a row; else 64.")
    ] = None,
    *,
    common: Common,  # noqa: ARG001
) -> Listing:
    """Find the settings that lead from one size to another, simplest first.

    With --receptive-field alone, layers in a row that look back so far.
    """
    bounds = Bounds(
        max_kernel, max_stride, max_dilation or 3, receptive_field, max_parameters, max_macs,
        max_layers or 64, max_dilation or 1024,
    )  # fmt: skip
    if receptive_field is not None and size_to is None and not same:
        return reached(layer, size_from, channels, bounds)
    if max_layers is not None:
        raise UsageError("--max-layers bounds layers in a row: leave it out, or --to and --same")
    return answer(layer, size_from, size_to, same, channels, bounds)


def answer(
    layer: str, size_from: str | None, size_to: str | None, same: bool, channels: str | None, bounds: Bounds
) -> Listing:
    """Return the settings that lead from one size to another, or the inputs that a chain leads to one.

    Args:
        layer: A layer, or a chain.
        size_from: Size that goes in; with a chain, its input with the letter H.
        size_to: Size that comes out.
        same: Whether the size stays.
        channels: Input and output channels, as text.
        bounds: How far is looked.

    Returns:
        A table to be shown.

    Raises:
        UsageError: If sizes are missing or can't be read.
    """
    if size_from is None:
        raise UsageError(
            "solve needs --from, the size that goes in, such as --from 32; or --receptive-field alone"
        )
    if _is_chain(layer):
        _refuse_for_chains(same, channels, bounds)
        return _chain(layer, size_from, size_to)
    if (size_to is None) != same:
        raise UsageError("solve needs either --to, the size that shall come out, or --same")
    starts, ends = _sizes("--from", size_from), _sizes("--to", size_to or size_from)
    found = solve(layer, starts, ends, bounds=bounds, channels=_pair(channels))
    return _table(layer, size_from, size_to or size_from, found)


def reached(layer: str, size_from: str | None, channels: str | None, bounds: Bounds) -> Listing:
    """Return the layers in a row that look back over a number of places.

    Args:
        layer: A convolution or a pool.
        size_from: Size that goes in, where the sizes that come out are asked for.
        channels: Input and output channels, as text.
        bounds: How far is looked, with the receptive field.

    Returns:
        A table to be shown.

    Raises:
        UsageError: If numbers can't be read, or a chain is given.
    """
    if _is_chain(layer):
        raise UsageError(
            f"--receptive-field is asked of one layer; what a chain sees: dltui shapes chain {layer!r}"
        )
    field = bounds.receptive_field or 1
    starts = None if size_from is None else _sizes("--from", size_from)
    found = stacks(layer, field, starts, bounds=bounds, channels=_pair(channels))
    costs, weighs = (
        any(one.parameters is not None for one in found),
        any(one.macs is not None for one in found),
    )
    columns = ("layers", "kernel", "stride", "dilation", "padding", "jump", *(("size",) if starts else ()))
    columns += (*(("parameters",) if costs else ()), *(("MACs",) if weighs else ()), "remark")
    many = len(found) != 1
    foot = f"{len(found)} stack{'s' * many} of {layer} look{'s' * (not many)} back over "
    foot += f"{field} place{'s' * (field > 1)}"
    foot += f"; the first {MOST} are shown, --json has all" if len(found) > MOST else ""
    return Listing(
        title="solve",
        columns=columns,
        rows=tuple(_stack_row(one, field) for one in found[:MOST]),
        plain={
            "layer": layer,
            "receptive_field": field,
            "from": size_from,
            "count": len(found),
            "solutions": [one.document() for one in found],
        },
        foot=(
            foot,
            "each layer adds (k − 1) × dilation × the jump before it; its padding is half of its reach",
        ),
    )


def _stack_row(one: Stack, field: int) -> tuple[Any, ...]:
    """Return the cells of one stack."""
    sizes = () if one.sizes is None else ("×".join(map(str, dict.fromkeys(one.sizes))),)
    costs = tuple(f"{count:,}" for count in (one.parameters, one.macs) if count is not None)
    remark = f"gaps: sees {one.touched} of {field}" if one.touched < field else ""
    return (
        one.layers, one.kernel_size, one.stride, _run(one.dilations), _run(one.paddings), one.jump, *sizes, *costs,
        remark,
    )  # fmt: skip


def _run(numbers: tuple[int, ...]) -> str:
    """Return what all layers have, or the first two and the last."""
    if len(set(numbers)) == 1:
        return str(numbers[0])
    return ", ".join(map(str, numbers)) if len(numbers) < 4 else f"{numbers[0]}, {numbers[1]} … {numbers[-1]}"


def _is_chain(layer: str) -> bool:
    """Return whether the word is a chain and no layer."""
    return key_of(layer) not in LAYERS and (layer in named_chains() or "|" in layer or "(" in layer)


def _refuse_for_chains(same: bool, channels: str | None, bounds: Bounds) -> None:
    """Refuse what is asked of one layer only."""
    usual = Bounds()
    given = {
        "--same": same,
        "--channels": channels is not None,
        "--receptive-field": bounds.receptive_field is not None,
        "--max-parameters": bounds.parameters is not None,
        "--max-macs": bounds.macs is not None,
        "--max-kernel": bounds.kernel_size != usual.kernel_size,
        "--max-stride": bounds.stride != usual.stride,
        "--max-dilation": bounds.dilation != usual.dilation,
    }
    told = next((option for option, there in given.items() if there), None)
    if told:
        raise UsageError(f"{told} is asked of one layer; with a chain, solve takes --from and --to")


def _pair(channels: str | None) -> tuple[int, int] | None:
    """Return input and output channels from text."""
    if channels is None:
        return None
    found = _sizes("--channels", channels)
    if len(found) != 2 or min(found) < 1:
        raise UsageError(f"--channels takes two numbers, such as 3,64, not {channels!r}")
    return found[0], found[1]


def _sizes(option: str, text: str) -> list[int]:
    """Return numbers from text."""
    try:
        return [int(part) for part in text.replace("x", ",").split(",")]
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no size; expected a whole number, or several like 32,64"
        ) from None


def _table(layer: str, start: str, end: str, found: list[Solution]) -> Listing:
    """Return the settings as a table."""
    costs = any(one.report for one in found)
    columns = (
        "kernel",
        "stride",
        "padding",
        "dilation",
        "added",
        "reach",
        "left over",
        *(("parameters", "MACs") if costs else ()),
        "remark",
    )
    usual = [one for one in found if one.conventional][:3]
    foot = [
        f"{len(found)} settings of {layer} lead from {start} to {end}"
        + (f"; the first {MOST} are shown, --json has all" if len(found) > MOST else "")
    ]
    if usual:
        told = "; ".join(" ".join(f"{key}={value}" for key, value in one.settings().items()) for one in usual)
        foot.append(f"usual, with an odd kernel padded by half its reach: {told}")
    return Listing(
        title="solve",
        columns=columns,
        rows=tuple(_row(one) for one in found[:MOST]),
        plain={
            "layer": layer,
            "from": start,
            "to": end,
            "count": len(found),
            "solutions": [one.document() for one in found],
        },
        foot=tuple(foot),
    )


def _row(one: Solution) -> tuple[Any, ...]:
    """Return the cells of one solution."""
    costs = (f"{one.report.parameters:,}", f"{one.report.macs:,}") if one.report else ()
    reach = one.dilation * (one.kernel_size - 1) + 1
    remark = "usual" if one.conventional else ""
    return (
        one.kernel_size,
        one.stride,
        one.padding,
        one.dilation,
        one.output_padding,
        reach,
        one.dropped,
        *costs,
        remark,
    )


def _chain(layers: str, template: str, size_to: str | None) -> Listing:
    """Return the input sizes that a chain leads to one size."""
    if size_to is None or not size_to.isdigit():
        raise UsageError("with a chain, solve needs --to, the last size of its output, such as --to 7")
    text = read_named(layers).text if layers in named_chains() else layers
    found = inputs_for(text, read_shape(template, Scope(), "from"), int(size_to))
    told = (
        f"{found[0]} … {found[-1]}"
        if found and found[-1] - found[0] == len(found) - 1
        else ", ".join(map(str, found))
    )
    return Listing(
        title="solve",
        columns=(),
        rows=(),
        plain={"chain": layers, "from": template, "to": int(size_to), "count": len(found), "sizes": found},
        foot=(
            f"{len(found)} sizes lead to {size_to}: {told}"
            if found
            else f"no size up to 4096 leads to {size_to}",
        ),
    )
