"""A chain as PyTorch code: layers in a row as ``nn.Sequential``, chains with skips as a module with a ``forward``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dltui.shapes.report import ShapeError, spell
from dltui.shapes.walk import Chain, Step

IN_FUNCTIONAL = {"pad", "interpolate", "scaled_dot_product_attention"}
BY_TUPLE = {"cat", "stack"}  # take their inputs as one list
STACKS = {"TransformerEncoder": "num_layers", "TransformerDecoder": "num_layers"}
OWN = {
    "PatchEmbedding": """
class PatchEmbedding(nn.Module):
    def __init__(self, in_channels, embed_dim, patch_size, tokens, cls_token=True, pos_embedding=True, bias=True):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, embed_dim, patch_size, stride=patch_size, bias=bias)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim)) if cls_token else None
        self.pos_embedding = nn.Parameter(torch.zeros(1, tokens, embed_dim)) if pos_embedding else None

    def forward(self, x):
        x = self.proj(x).flatten(2).transpose(1, 2)
        if self.cls_token is not None:
            x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        return x if self.pos_embedding is None else x + self.pos_embedding
"""
}


def code(walked: Chain) -> str:
    """Return a chain as PyTorch code.

    Args:
        walked: A chain without a refusal.

    Returns:
        Python source that defines ``net``.

    Raises:
        ShapeError: If the chain is refused, or has a layer that PyTorch has no class for.
    """
    if walked.refusal is not None:
        raise ShapeError(f"a chain that is refused has no code: {walked.refusal.sentence()}")
    if all(_plain(step, place) for place, step in enumerate(walked.steps)):
        lines = [f"    {_module(step)}," for step in walked.steps]
        return "\n".join(["from torch import nn", "", "net = nn.Sequential(", *lines, ")", ""])
    return _with_forward(walked)


def _plain(step: Step, place: int) -> bool:
    """Return whether a step is a module that reads the one before and gives one tensor."""
    alone = len(step.report.outputs) == 1 and not step.row.tied
    return (
        alone
        and step.sources == (place - 1,)
        and step.report.name[0].isupper()
        and step.report.name not in OWN
    )


def _with_forward(walked: Chain) -> str:
    """Return the chain as a class."""
    made, ran = [], []
    tied = {step.report.parameters: place for place, step in enumerate(walked.steps) if not step.row.tied}
    for place, step in enumerate(walked.steps):
        read = [
            _read(source, name, walked)
            for source, name in zip(step.sources, step.row.reads or ("_",), strict=True)
        ]
        if step.report.name[0].isupper():
            if not step.row.tied:
                made.append(f"        self.layer{place + 1} = {_module(step)}")
            elif step.report.parameters in tied:
                made.append(f"        self.layer{place + 1} = {_module(step)}")
                made.append(
                    f"        self.layer{place + 1}.weight = self.layer{tied[step.report.parameters] + 1}.weight"
                )
            call = f"self.layer{place + 1}({', '.join(read)})"
        else:
            call = _function(step, read)
        ran.append(f"        {_given(place, walked, call)}")
    inputs = ", ".join(_variable(-1 - i, walked) for i in range(len(walked.inputs)))
    own = "".join(
        OWN[name] for name in dict.fromkeys(step.report.name for step in walked.steps) if name in OWN
    )
    head = [
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "",
        own.rstrip() + "\n" if own else "",
    ]
    body = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()", *made, ""]
    tail = [
        f"    def forward(self, {inputs}):",
        *ran,
        f"        return {_variable(len(walked.steps) - 1, walked)}",
        "",
        "",
        "net = Net()",
        "",
    ]
    return "\n".join([*head, "", *body, *tail])


def _given(place: int, walked: Chain, call: str) -> str:
    """Return the line that calls a step and keeps what it gives."""
    report = walked.steps[place].report
    kept = list(_kept(place, walked).values())
    if len(kept) < 2:
        return f"{_variable(place, walked)} = {call}{'[0]' if len(report.outputs) > 1 else ''}"
    if report.name == "LSTM":  # the two states come as a pair
        return f"{kept[0]}, ({', '.join([*kept[1:], '_'][:2])}) = {call}"
    return f"{', '.join(kept)} = {call}{f'[:{len(kept)}]' if len(kept) < len(report.outputs) else ''}"


def _kept(place: int, walked: Chain) -> dict[str, str]:
    """Return the variables of the outputs of a step by the names that its row gives them."""
    names = walked.steps[place].row.name.replace(",", " ").split()
    return {
        name: f"{name}_{place + 1}" if name.isidentifier() else f"x{place + 1}_{number}"
        for number, name in enumerate(names)
    }


def _read(place: int, name: str, walked: Chain) -> str:
    """Return the variable of what a row reads by a name."""
    kept = _kept(place, walked) if place >= 0 else {}
    return kept[name] if len(kept) > 1 and name in kept else _variable(place, walked)


def _variable(place: int, walked: Chain) -> str:
    """Return what the first output of a step, or an input, is called in the code."""
    if place < 0:
        return "x" if place == -1 and _read_next_only(place, walked) else f"in{-place}"
    if len(kept := list(_kept(place, walked).values())) > 1:
        return kept[0]
    name = walked.steps[place].row.name
    return (
        f"{name}_{place + 1}"
        if name.isidentifier()
        else "x"
        if _read_next_only(place, walked)
        else f"x{place + 1}"
    )


def _read_next_only(place: int, walked: Chain) -> bool:
    """Return whether only the next step reads a step's output, so that it needs no name of its own."""
    readers = [reader for reader, step in enumerate(walked.steps) if place in step.sources]
    return readers in ([place + 1], [])


def _module(step: Step) -> str:
    """Return how a layer is made."""
    report = step.report
    if report.name == "PatchEmbedding":
        settings = {**report.told, **report.settings}
        return spell(
            "PatchEmbedding",
            {**settings, "patch_size": settings.get("patch_size", 16), "tokens": report.output[1]},
        )
    if report.name in STACKS:
        return _stack(step)
    if "blocks" in step.row.spelled.layer._run.__module__:
        raise ShapeError(f"PyTorch has no class for {report.name}; copy the command line instead")
    return f"nn.{report.layer}"


def _stack(step: Step) -> str:
    """Return how a stack of transformer layers is made."""
    report = step.report
    one = {**report.told, **report.settings}
    count = one.pop("num_layers", 1)
    norm = one.pop("norm", False)
    inner = spell(f"nn.{report.name}Layer", one, ("d_model", "nhead"))
    last = f", norm=nn.LayerNorm({one['d_model']})" if norm else ""
    quiet = (
        ", enable_nested_tensor=False" if report.name == "TransformerEncoder" else ""
    )  # it would only warn
    return f"nn.{report.name}({inner}, num_layers={count}{last}{quiet})"


def _function(step: Step, read: Sequence[str]) -> str:
    """Return how a function is called."""
    name = step.report.name
    given: dict[str, Any] = dict(step.report.settings)
    room = "F" if name in IN_FUNCTIONAL else "torch"
    if name in {"add", "mul"}:
        return (" + " if name == "add" else " * ").join(read)
    first = f"({', '.join(read)})" if name in BY_TUPLE else ", ".join(read)
    told = spell("", given)[1:-1]
    return f"{room}.{name}({first}{', ' if told else ''}{told})"
