"""From the rule that a recipe names to torch's optimiser over the parameters of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.training.recipe import Optimizer
from dltui.training.rules import RULES, UNDECAYED

FUSED = {
    "sgd",
    "adam",
    "adamw",
    "adagrad",
}  # one kernel for all parameters: a third of the time of a small step


def make_optimizers(module: nn.Module, rule: Optimizer, *, fused: bool = True) -> list[torch.optim.Optimizer]:
    """Return the optimisers of a rule, over every parameter that is trained.

    Args:
        module: The model, on the device where it is trained.
        rule: What the recipe names.
        fused: Whether torch's fused kernels may be used where a rule has them.

    Returns:
        One optimiser; for ``muon`` two, since it is made for the matrices of hidden layers only (Jordan et al. 2024)
        and AdamW takes the rest.

    Raises:
        UsageError: If nothing is trained, or torch refuses an argument.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    if not trained:
        raise UsageError(
            f"no parameter of {type(module).__name__} is trained: requires_grad is false everywhere"
        )
    if rule.name == "muon":
        matrices = _hidden_matrices(module)
        chosen = {id(p) for p in matrices}
        rest = [p for p in trained if id(p) not in chosen]
        adamw = Optimizer(name="adamw", lr=rule.lr, weight_decay=rule.weight_decay)
        parts = [(rule, matrices), (adamw, rest)]
        return [_made(part, parameters, fused) for part, parameters in parts if parameters]
    return [_made(rule, trained, fused)]


def _made(rule: Optimizer, parameters: Sequence[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """Return torch's own optimiser."""
    options: dict[str, Any] = dict(rule.arguments)
    if rule.name not in UNDECAYED:
        options["weight_decay"] = rule.weight_decay
    if rule.name in FUSED and fused and all(_suits_fused(p) for p in parameters):
        options["fused"] = True
    if rule.name == "muon":
        options.setdefault("adjust_lr_fn", "match_rms_adamw")  # one step size then suits both parts
    kind = getattr(torch.optim, RULES[rule.name][0])
    try:
        made: torch.optim.Optimizer = kind(parameters, lr=rule.lr, **options)
    except (ValueError, TypeError, RuntimeError) as error:
        raise UsageError(f"the optimizer {rule.name} refuses its arguments: {error}") from error
    return made


def _suits_fused(parameter: Tensor) -> bool:
    """Return whether a fused kernel takes a parameter."""
    return parameter.is_floating_point() and parameter.device.type in {"cpu", "cuda"}


def _hidden_matrices(module: nn.Module) -> list[nn.Parameter]:
    """Return the trained matrices, without embeddings and without the last layer that gives the outputs."""
    tables = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
    heads = [m.weight for m in module.modules() if isinstance(m, nn.Linear)][-1:]
    left_out = tables | {id(weight) for weight in heads}
    return [p for p in module.parameters() if p.requires_grad and p.ndim == 2 and id(p) not in left_out]
