"""A list of tensors, each with a bar as long as a number of it is large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.content import Content
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.figures import Array
from dltui.tui import actions
from dltui.tui.widgets.choices import Choices

NAME, BAR = 21, 4  # cells of a name and of a bar
EIGHTHS = " ▏▎▍▌▋▊▉█"


class TensorList(Choices, inherit_bindings=False):
    """Tensors by name; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    TensorList {
        width: 29; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    TensorList:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    TensorList > .option-list--option { padding: 0 1; }
    TensorList > .option-list--option-highlighted {
        background: $foreground 8%; color: $foreground; text-style: none;
    }
    TensorList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """

    def fill(self, names: Sequence[str], values: Array, signs: Sequence[str] = ()) -> None:
        """Put tensors into the list; the one that was chosen by its place stays so.

        Args:
            names: What they are called; what all of them begin with before a dot is left away.
            values: How long the bar of each is, shape (t,); NaN for none.
            signs: What stands before each name; nothing when left out.
        """
        chosen = self.highlighted or 0
        self.clear_options()
        short = without_common(names)
        told = [f"{sign}{name}" for sign, name in zip(signs, short, strict=True)] if signs else short
        self.add_options([Option(line) for line in lines(told, values)])
        self.highlighted = min(chosen, len(names) - 1) if names else None


def without_common(names: Sequence[str]) -> list[str]:
    """Return names without what all of them begin with before a dot.

    >>> without_common(["model.a.w", "model.b.w"]), without_common(["a", "b"]), without_common(["a.w"])
    (['a.w', 'b.w'], ['a', 'b'], ['a.w'])
    """
    if len(names) < 2:
        return list(names)
    first, last = min(names).split("."), max(names).split(".")
    same = 0
    while same < min(len(first), len(last)) - 1 and first[same] == last[same]:
        same += 1
    return [".".join(name.split(".")[same:]) for name in names]


def lines(names: Sequence[str], values: Array) -> list[Content]:
    """Return one line a tensor: its name, and its bar by powers of ten.

    Args:
        names: What they are called.
        values: Shape (t,); nothing is drawn for what is not above 0.

    Returns:
        The lines.
    """
    powers = np.log10(values, out=np.full(len(values), np.nan), where=np.isfinite(values) & (values > 0))
    known = powers[np.isfinite(powers)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    shares = 0.125 + 0.875 * (powers - low) / ((high - low) or 1.0)
    return [
        Content.assemble(
            (f"{clip_middle(name, NAME):<{NAME}} ", "$foreground"), (_bar(float(share)), "$primary")
        )
        for name, share in zip(names, shares, strict=True)
    ]


def _bar(share: float) -> str:
    """Return a bar of block characters; nothing where there is no number."""
    if not np.isfinite(share):
        return " " * BAR
    whole, rest = divmod(round(share * BAR * 8), 8)
    return f"{EIGHTHS[8] * whole}{EIGHTHS[rest] if rest else ''}"[:BAR].ljust(BAR)
