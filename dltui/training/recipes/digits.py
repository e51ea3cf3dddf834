"""Recipes for the handwritten digits of 8 × 8 pixels."""

from dltui.training.recipe import Optimizer, Recipe
from dltui.training.recipes._registry import recipe


@recipe("digits-mlp")
def digits_mlp() -> Recipe:
    """A perceptron on 8 × 8 handwritten digits: 97 % in a few seconds."""
    return Recipe(model="mlp", data="digits", epochs=60, batch_size=32, optimizer=_sgd(0.2))


@recipe("digits-cnn")
def digits_cnn() -> Recipe:
    """LeNet-5 on 8 × 8 handwritten digits: 98 % in some ten seconds."""
    adamw = Optimizer(name="adamw", lr=0.01, weight_decay=0.2)
    return Recipe(model="lenet", data="digits", epochs=25, batch_size=32, optimizer=adamw)


@recipe("digits-resnet8")
def digits_resnet8() -> Recipe:
    """ResNet-8 on 8 × 8 handwritten digits."""
    return Recipe(model="resnet8", data="digits", epochs=8, optimizer=_sgd(0.1))


@recipe("digits-resnet20")
def digits_resnet20() -> Recipe:
    """ResNet-20 on 8 × 8 handwritten digits."""
    return Recipe(model="resnet20", data="digits", epochs=8, optimizer=_sgd(0.1))


@recipe("digits-resnet20-noskip")
def digits_resnet20_noskip() -> Recipe:
    """ResNet-20 without its skip connections on digits: harder to train, rougher to look at."""
    return Recipe(model="resnet20-noskip", data="digits", epochs=8, optimizer=_sgd(0.05))


def _sgd(lr: float) -> Optimizer:
    """Return gradient descent with momentum 0.9 and a light decay."""
    return Optimizer(name="sgd", lr=lr, weight_decay=5e-4, arguments={"momentum": 0.9})
