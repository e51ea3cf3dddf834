"""What other counters say of a module, each asked in the way that its documentation shows."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch
from mac_cases import Case
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

from dltui.instruments.summary import summarize

Counter = Callable[[nn.Module, tuple[Any, ...]], int]


def ours(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    """Return the multiply-accumulates of ``dltui summary``."""
    return summarize(module, input_data=list(inputs)).macs


def torchinfo(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    """Return torchinfo's ``total_mult_adds``."""
    import torchinfo

    return int(torchinfo.summary(module, input_data=list(inputs), verbose=0, device="cpu").total_mult_adds)


def fvcore(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    """Return fvcore's total, which it calls flops and counts as multiply-accumulates."""
    from fvcore.nn import FlopCountAnalysis

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    analysis = FlopCountAnalysis(module.eval(), inputs)
    return int(analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def counter_cpu(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    """Return half of what torch's ``FlopCounterMode`` counts on the CPU."""
    with FlopCounterMode(display=False) as counter:
        module.eval()(*inputs)
    return counter.get_total_flops() // 2


def counter_meta(module: nn.Module, inputs: tuple[Any, ...]) -> int:
    """Return half of what torch's ``FlopCounterMode`` counts on the meta device."""
    there = tree_map_only(Tensor, lambda t: t.to("meta"), inputs)
    return counter_cpu(copy.deepcopy(module).to("meta"), tuple(there))


COUNTERS: dict[str, Counter] = {
    "dltui": ours,
    "torchinfo": torchinfo,
    "fvcore": fvcore,
    "FlopCounterMode, CPU": counter_cpu,
    "FlopCounterMode, meta": counter_meta,
}


def said(case: Case) -> dict[str, int | str]:
    """Return what each counter says of a case: a number, or the error that it ends with."""
    found: dict[str, int | str] = {}
    for name, counter in COUNTERS.items():
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found[name] = counter(case.build(), case.inputs())
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
                found[name] = type(error).__name__
    return found


def versions() -> str:
    """Return the versions that a table holds for."""
    return f"torch {torch.__version__.partition('+')[0]}, torchinfo {version('torchinfo')}, fvcore {version('fvcore')}"
