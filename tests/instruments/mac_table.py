"""The page ``docs/macs.md``: what counters say of the cases worked by hand.

python tests/instruments/mac_table.py          writes the page
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mac_cases import CASES, Case
from mac_peers import COUNTERS, said, versions

from dltui.instruments.summary import summarize

PAGE = Path(__file__).resolve().parents[2] / "docs" / "macs.md"
INTRODUCTION = """# Multiply-accumulates: what counters say

A MAC is one product that is added up in a matrix product. `dltui summary` and `dltui shapes` count these and nothing
else as MACs; FLOPs are two for each, one more for each bias that is added (`--flops mac|matmul|bias|all` chooses).
Averages, normalisation, activations and looking up a table have no MACs. A convolution counts the places of its output,
a transposed one those of its input; attention counts every pair, as if nothing were masked.

The cases below are worked by hand (batch 2, evaluation mode; the product is written out), then put to each counter as
its documentation shows. **ok** is the number worked out by hand. **ok + biases** is that number with one more for each
bias added, which is torchinfo's convention. `FlopCounterMode` counts FLOPs and is halved here. Anything else is what
the counter said, or the error that it ended with.

This page is written by `python tests/instruments/mac_table.py`, and a test holds it to what the counters say.
"""
WHY = """
## Why they differ

- **torchinfo** multiplies the parameters of each layer by the sizes of its output. So biases and the weights of norms
  and embeddings count; a transposed convolution counts the places of its output; a linear layer sees the first
  dimension only; a cell or packed sequence takes the wrong sizes for steps; parameters that no layer holds, and all of
  attention, count nothing.
- **fvcore** follows a trace and has a formula for some operations: none for LSTM, GRU and RNN, fused attention,
  `baddbmm`, `tensordot`, `Bilinear` and `padding="same"`. Batch norm, layer norm, adaptive averages and resampling
  count one to five for each number. It calls the sum "flops" and means MACs.
- **FlopCounterMode on the CPU** sees the kernels that the CPU takes, and has no formula for its fused attention, its
  fused LSTM and the fused encoder that evaluation without gradients takes. **On meta** none of these is taken, so that
  it is nearly always right; a product of a matrix and a vector and `Bilinear` have no formula, and a model that looks
  at its numbers, or makes a tensor on the CPU, does not run.
- **dltui** runs on meta, switches the fused encoder off, lets new tensors lie on meta too, takes the CPU's steps
  through attention and recurrent layers, has formulas for all of their kernels, names what it has none for, and runs
  on the device where meta will not do.
"""


def holds_for(there: str) -> bool:
    """Return whether the page was written for the versions that are installed."""
    return PAGE.is_file() and f"\n{_written_for(there)}\n" in PAGE.read_text(encoding="utf-8")


def page() -> str:
    """Return the whole page, every counter asked anew."""
    heads = ["case", "by hand", "MACs", *COUNTERS]
    right = dict.fromkeys(COUNTERS, 0)
    biased = 0
    rows = []
    for case in CASES:
        cells = _cells(case)
        rows.append([case.name, f"`{case.by_hand}` ({case.why})", f"{case.macs:,}", *cells.values()])
        for name, cell in cells.items():
            right[name] += cell == "ok"
        biased += cells["torchinfo"] == "ok + biases"
    totals = {name: str(count) for name, count in right.items()}
    totals["torchinfo"] += f", and {biased} with biases"
    rows.append([f"**right of {len(CASES)}**", "", "", *(f"**{total}**" for total in totals.values())])
    lines = ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *rows)]
    return "\n".join([INTRODUCTION, _written_for(versions()), "", *lines, WHY])


def _written_for(there: str) -> str:
    """Return the line that tells the versions."""
    return f"Written for {there}."


def _cells(case: Case) -> dict[str, str]:
    """Return what each counter said, as the table has it."""
    top = summarize(case.build(), input_data=list(case.inputs())).rows[0]
    cells = {}
    for name, found in said(case).items():
        if found == case.macs:
            cells[name] = "ok"
        elif name == "torchinfo" and found == case.macs + top["bias_adds"]:
            cells[name] = "ok + biases"
        else:
            cells[name] = f"{found:,}" if isinstance(found, int) else f"*{found}*"
    return cells


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
