"""Per-sample gradient norms without per-sample gradients ("ghost norms").

The gradient of one sample's loss with respect to the weight of a linear map is g aᵀ, a the input and g the gradient at
the output, so its squared norm is ‖a‖²‖g‖² (Goodfellow 2015, arXiv:1510.01799). Where the weight is used at T
positions, it is ‖Σₜ gₜ aₜᵀ‖² = Σₜₛ (aₜ·aₛ)(gₜ·gₛ), and whichever side is cheaper is computed (Bu et al. 2022,
arXiv:2205.10683). One forward pass and one backward pass to the activations give the norms of all samples at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from dltui.instruments.gradients.rules import RULES, Use, follows
from dltui.objective import Objective, Twin
from dltui.objective.criterion import scalar

Taken = dict[
    str, tuple[Tensor, Tensor | None]
]  # parameter -> ‖∇ℓᵢ‖², and ⟨∇ℓᵢ, direction⟩ where one is given


class UncoveredError(Exception):
    """A parameter is used in a way that no rule here knows."""


class Ghost:
    """Listens to a twin and takes the squared gradient norm of every sample, tensor by tensor.

    Args:
        objective: The loss.
        twin: A copy of the model, of no other use from now on.
        names: The parameters that are looked at; their modules must be ones that ``follows`` knows.
        towards: A direction in the space of each parameter by name, or nothing.
    """

    def __init__(
        self,
        objective: Objective,
        twin: Twin,
        names: frozenset[str] | None = None,
        towards: Mapping[str, Tensor] | None = None,
    ) -> None:
        self._objective, self._twin, self._towards = objective, twin, towards or {}
        self._leaves: list[Tensor] = []
        self._starts: dict[str, Tensor] = {}
        self._called: set[str] = set()
        self._found: Taken = {}
        owners = owned(twin)
        wanted = frozenset(owners) if names is None else names
        twin.module.requires_grad_(False)
        for path, module in twin.module.named_modules():
            mine = {
                name.rpartition(".")[2] for name, owner in owners.items() if owner == path and name in wanted
            }
            if mine:
                module.register_forward_hook(self._listen(path, frozenset(mine)))

    def __call__(self, x: Tensor, y: Tensor) -> Taken:
        """Return ‖∇ℓᵢ‖² of every sample of a block by parameter, and how far it points in the given direction.

        Args:
            x: Inputs, shape (b, ...).
            y: Targets, shape (b, ...).

        Returns:
            Tensors of shape (b,) by name; parameters that are not used are missing.
        """
        self._leaves, self._called, self._found = [], set(), {}
        criterion = self._objective.criterion
        outputs = self._objective.outputs(self._twin, x)
        slopes = criterion.slopes(outputs, y)
        end = scalar(criterion.loss(outputs, y), criterion.name) * len(x) if slopes is None else outputs
        if self._leaves:
            torch.autograd.grad(end, self._leaves, slopes, allow_unused=True)
        return self._found

    def _listen(self, path: str, trained: frozenset[str]) -> Callable[..., Tensor]:
        """Return the hook that is called after each forward pass of the module at ``path``."""

        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if path in self._called:
                raise UncoveredError(path)
            self._called.add(path)
            use = Use(module, tuple(each.detach() for each in inputs), trained)
            versions = [each._version for each in use.inputs]

            def add(gradient: Tensor) -> None:
                if versions != [each._version for each in use.inputs]:
                    raise UncoveredError(path)
                self._take(path, use, gradient)

            if path in self._starts:
                self._leaves.append(self._starts[path])
            elif not output.requires_grad:
                output = self._begin(path, module, trained, output)
            output.register_hook(add)  # type: ignore[no-untyped-call]
            return output

        return hook

    def _begin(self, path: str, module: nn.Module, trained: frozenset[str], output: Tensor) -> Tensor:
        """Let the backward pass end at the output of a module, as nothing before it is trained."""
        leaf = output.detach().requires_grad_()
        self._leaves.append(leaf)
        bias = module._parameters.get("bias") if "bias" in trained else None
        if bias is not None:  # from the next pass on it ends at the bias, which is cheaper than a copy
            self._starts[path] = bias.requires_grad_()
        return leaf.clone()

    def _take(self, path: str, use: Use, gradient: Tensor) -> None:
        """Keep what one module's gradients come to."""
        for own, part in RULES[type(use.module)](use, gradient).items():
            if own in use.trained:
                name, made = f"{path}.{own}".lstrip("."), part()
                direction = self._towards.get(name)
                self._found[name] = (
                    made.square(),
                    None if direction is None else made.along(direction),
                )


def owned(twin: Twin) -> dict[str, str]:
    """Return the trained parameters that a rule follows, and the path of the one module that owns each.

    A parameter that several modules share, or that a module of an unknown kind owns, is left out.

    Args:
        twin: A copy of the model.

    Returns:
        Paths by name of the parameter.
    """
    trained = {id(p): slot.name for slot, p in zip(twin.slots, twin.parameters, strict=True)}
    places: dict[str, list[str]] = {}
    known: dict[str, bool] = {}
    for path, module in twin.module.named_modules():
        for parameter in module._parameters.values():
            name = trained.get(id(parameter))
            if name is not None:
                places.setdefault(name, []).append(path)
                known[name] = known.get(name, True) and follows(module)
    return {name: paths[0] for name, paths in places.items() if known[name] and len(paths) == 1}
