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
    "fashion-cnn": Entry(
        "dltui.training.recipes.fashion",
        "Two convolutions on 2000 pictures of clothes: 86 % in some ten seconds; the nearest neighbour has 80.4 %.",
        "fashion",
    ),
    "fashion-resnet20": Entry(
        "dltui.training.recipes.fashion",
        "ResNet-20 on 2000 pictures of clothes: 85 % in some seventy seconds, not better than the small CNN.",
        "fashion",
    ),
    "hamlet-gpt": Entry(
        "dltui.training.recipes.text",
        "A small GPT that learns to write like Hamlet: 1.64 nats a character held out, in some seventy seconds.",
        "hamlet",
    ),
    "hamlet-lstm": Entry(
        "dltui.training.recipes.text",
        "An LSTM that learns to write like Hamlet: 1.63 nats a character held out, in some fifty seconds.",
        "hamlet",
    ),
    "names-makemore": Entry(
        "dltui.training.recipes.text",
        "Embeddings and a perceptron that make up first names: 2.03 nats a letter held out, where pairs have 2.34.",
        "names",
    ),
    "moons-mlp": Entry(
        "dltui.training.recipes.plane",
        "A perceptron that parts two interleaving half circles, in less than a second.",
        "moons",
    ),
}
