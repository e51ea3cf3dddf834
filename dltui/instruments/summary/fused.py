"""Fused kernels on the meta device, where the CPU would take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dltui.instruments.summary.attention import ATTENTION, fused_attention
from dltui.instruments.summary.recurrent import RECURRENT, recurrent

MULTI_HEAD = functional.multi_head_attention_forward


class FusedKernels(TorchFunctionMode):
    """Lets attention and LSTMs on the meta device take the fused kernels where the CPU would take them.

    Args:
        beside: Called with the plain way to compute attention, before the fused one; None for nothing.
        around: Called with the fused way to compute it.
    """

    def __init__(
        self,
        beside: Callable[[Callable[[], Any]], None] | None = None,
        around: Callable[[Callable[[], Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self._beside, self._around = beside, around

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function of torch."""
        kwargs = kwargs or {}
        if func is ATTENTION:
            return self._attend(*args, **kwargs)
        if func in RECURRENT:
            return recurrent(func, args, kwargs)
        if func is not MULTI_HEAD:
            return func(*args, **kwargs)
        # torch hides what is inside its own functions from modes, and looks attention up by this name
        functional.scaled_dot_product_attention = self._attend
        try:
            return func(*args, **kwargs)
        finally:
            functional.scaled_dot_product_attention = ATTENTION

    def _attend(self, *args: Any, **kwargs: Any) -> Any:
        """Compute attention."""
        fused = fused_attention(*args, **kwargs)
        if fused is None:
            return ATTENTION(*args, **kwargs)
        if self._beside is not None:
            self._beside(lambda: ATTENTION(*args, **kwargs))
        return fused() if self._around is None else self._around(fused)
