"""Models that foretell a token at every position: their scores put where torch's losses look for them."""

from __future__ import annotations

from torch import Tensor, nn

from dltui.errors import UsageError


def scores_first(module: nn.Module) -> None:
    """Let a model of tokens give its scores as (B, V, T) instead of (B, T, V), as torch's cross-entropy wants them.

    Args:
        module: A copy that may be changed.
    """

    def turn(model: nn.Module, _: object, outputs: object) -> object:
        if not isinstance(outputs, Tensor):
            return outputs
        if outputs.ndim != 3:
            raise UsageError(
                f"{type(model).__name__} gives outputs of shape {tuple(outputs.shape)} for tokens; expected scores of "
                "the next token at every position, (n, positions, vocabulary); try gpt or lstm"
            )
        return outputs.transpose(1, 2)

    module.register_forward_hook(turn)
