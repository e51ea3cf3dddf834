"""The recipes by name; a test holds this table and the decorators together."""

from dltui.registry import Entry

NAMES = {
    "digits-mlp": Entry(
        "dltui.training.recipes.digits",
        "A perceptron on 8 × 8 handwritten digits: 97 % in a few seconds.",
        "digits",
    ),
    "digits-cnn": Entry(
        "dltui.training.recipes.digits",
        "LeNet-5 on 8 × 8 handwritten digits: 98 % in some ten seconds.",
        "digits",
    ),
    "digits-resnet8": Entry(
        "dltui.training.recipes.digits", "ResNet-8 on 8 × 8 handwritten digits.", "digits"
    ),
    "digits-resnet20": Entry(
        "dltui.training.recipes.digits", "ResNet-20 on 8 × 8 handwritten digits.", "digits"
    ),
    "digits-resnet20-noskip": Entry(
        "dltui.training.recipes.digits",
        "ResNet-20 without its skip connections on digits: harder to train, rougher to look at.",
        "digits",
    ),
}
