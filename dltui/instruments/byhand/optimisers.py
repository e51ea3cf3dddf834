"""Steps of torch.optim with given gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltui.instruments.byhand.answer import Body, witness

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = {
    "sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adadelta": "Adadelta", "adam": "Adam", "adamw": "AdamW",
}  # fmt: skip


def stepped(name: str) -> Body:
    """Return what lets an optimiser of torch take as many steps as there are gradients.

    Args:
        name: Its class in torch.optim.

    Returns:
        A function of weight, gradient and settings that returns the weights after each step.
    """

    def walk(weight: Tensor, gradient: Tensor, **settings: Any) -> Tensor:
        import torch

        if "beta1" in settings:
            settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
        moving = torch.nn.Parameter(weight.detach().reshape(-1).clone())
        optimiser = getattr(torch.optim, name)([moving], **settings)
        found = []
        for slope in gradient.detach().reshape(-1, moving.numel()):
            moving.grad = slope.clone()
            optimiser.step()
            found.append(moving.detach().clone())
        return torch.stack(found)

    return walk


for operation, made in CLASSES.items():
    witness(operation)(stepped(made))
