"""``dltui shapes``: what a layer does to a size, without importing torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dltui.commands._frame import Common, group_app, verb
from dltui.errors import UsageError
from dltui.shapes import ShapeReport
from dltui.shapes.report import show

if TYPE_CHECKING:
    from dltui.results import Result

app = group_app("Output shape, parameters and cost of a layer, formula filled in.")


@dataclass(frozen=True)
class ShapeAnswer:
    """A shape report on its way to the user; numpy is imported only to save or draw it."""

    report: ShapeReport

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return self.report.document()

    def lines(self, width: int) -> list[str]:
        """Return layer, shapes, cost and formulas; formulas wrap at ``width``."""
        from textwrap import wrap

        report = self.report
        told = [f"{name:<11} {value}" for name, value in _facts(report)]
        worked = [line for formula in report.formulas for line in wrap(formula, width, subsequent_indent="    ")]
        return [report.layer, *told, "", *worked]

    def result(self) -> Result:
        """Return the same as figures: a table of the facts and the formulas as steps."""
        from dltui.figures import Step, Steps, Table
        from dltui.results.gallery import Gallery

        facts = Table(title=self.report.layer, columns=("what", "value"), rows=tuple(_facts(self.report)))
        steps = Steps(title="Worked out", steps=tuple(Step(formula=line) for line in self.report.formulas))
        return Gallery(title=self.report.layer, shown=(facts, steps), numbers=self.report.document())


def _facts(report: ShapeReport) -> list[tuple[str, str]]:
    """Return names and values of what is told of a layer."""
    tensors = " + ".join(f"{name} {show(shape)}" for name, shape in report.tensors.items())
    return [
        ("input", show(report.input)),
        ("output", show(report.output)),
        ("parameters", f"{report.parameters:,}  ({tensors})"),
        ("MACs", f"{report.macs:,}"),
        ("FLOPs", f"{report.flops:,}  (2 a MAC, 1 a bias)"),
    ]


def _shape(text: str) -> tuple[int, ...]:
    """Return ``1,3,224,224`` as whole numbers."""
    try:
        shape = tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError as error:
        raise UsageError(f"--input {text!r} is no shape; expected whole numbers like 1,3,224,224") from error
    if min(shape) < 1:
        raise UsageError(f"--input {text!r} has a size below 1; expected whole numbers like 1,3,224,224")
    return shape


def _pair(option: str, text: str) -> tuple[int, int]:
    """Return ``7`` or ``7,5`` as (height, width)."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is no size; expected a whole number or two, like 3 or 3,5") from error
    if len(numbers) > 2:
        raise UsageError(f"{option} {text!r} has {len(numbers)} numbers; Conv2d takes one or two, like 3 or 3,5")
    return numbers[0], numbers[-1]


@verb(app, "conv2d")
def conv2d(
    input_shape: Annotated[str, typer.Option("--input", "-i", metavar="N,C,H,W", help="Shape that goes in.")],
    out_channels: Annotated[int, typer.Option("--out-channels", "-o", help="Output channels.")],
    kernel_size: Annotated[str, typer.Option("--kernel-size", "-k", metavar="K|KH,KW", help="Size of a kernel.")],
    stride: Annotated[str, typer.Option("--stride", "-s", metavar="S|SH,SW", help="Steps between windows.")] = "1",
    padding: Annotated[
        str, typer.Option("--padding", "-p", metavar="P|PH,PW", help="Zeros on each side, or same, or valid.")
    ] = "0",
    dilation: Annotated[str, typer.Option("--dilation", metavar="D|DH,DW", help="Distance between taps.")] = "1",
    groups: Annotated[int, typer.Option("--groups", "-g", help="Blocks of channels apart from each other.")] = 1,
    bias: Annotated[bool, typer.Option("--bias/--no-bias", help="Add a number to each output channel.")] = True,
    *,
    common: Common,  # noqa: ARG001
) -> ShapeAnswer:
    """Tell what torch.nn.Conv2d does to a shape."""
    from dltui.shapes import conv2d as calculate

    report = calculate(
        _shape(input_shape),
        out_channels=out_channels,
        kernel_size=_pair("--kernel-size", kernel_size),
        stride=_pair("--stride", stride),
        padding=padding if padding.isalpha() else _pair("--padding", padding),
        dilation=_pair("--dilation", dilation),
        groups=groups,
        bias=bias,
    )
    return ShapeAnswer(report)
