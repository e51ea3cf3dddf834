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
        "Two convolutions on clothes: 86 % in ten seconds (1-NN 80.4 %).",
        "fashion",
    ),
    "fashion-resnet20": Entry(
        "dltui.training.recipes.fashion",
        "ResNet-20 on clothes: 83 % in some eighty seconds.",
        "fashion",
    ),
    "hamlet-gpt": Entry(
        "dltui.training.recipes.text",
        "A small GPT on Hamlet: 1.64 nats a letter in seventy seconds.",
        "hamlet",
    ),
    "hamlet-lstm": Entry(
        "dltui.training.recipes.text",
        "An LSTM on Hamlet: 1.63 nats a letter in fifty seconds.",
        "hamlet",
    ),
    "names-makemore": Entry(
        "dltui.training.recipes.text",
        "An MLP that makes up first names: 2.03 nats a letter (pairs 2.34).",
        "names",
    ),
    "moons-mlp": Entry(
        "dltui.training.recipes.plane",
        "A perceptron that parts two half circles in a second.",
        "moons",
    ),
    "shapes3d-pointnet": Entry(
        "dltui.training.recipes.shapes3d",
        "PointNet on clouds of ten shapes: 99 % in half a minute.",
        "shapes3d",
    ),
    "shapes3d-pointnet2": Entry(
        "dltui.training.recipes.shapes3d",
        "PointNet++ on clouds of ten shapes: 99 % in half a minute.",
        "shapes3d",
    ),
    "shapes3d-dgcnn": Entry(
        "dltui.training.recipes.shapes3d",
        "DGCNN on clouds of ten shapes, 128 points each: 97 % in a minute.",
        "shapes3d",
    ),
    "shapes3d-voxnet": Entry(
        "dltui.training.recipes.shapes3d",
        "VoxNet on clouds of ten shapes, as cells: 89 % in half a minute.",
        "shapes3d",
    ),
    "shapes3d-occupancy": Entry(
        "dltui.training.recipes.shapes3d",
        "Occupancy network on clouds of seven solids: 97 % of places told right in half a minute.",
        "shapes3d-inside",
    ),
    "shapes3d-deepsdf": Entry(
        "dltui.training.recipes.shapes3d",
        "DeepSDF on the distances of twenty shapes: within 0.002 on average after a quarter of a minute.",
        "shapes3d-distance",
    ),
    "shapes3d-atlasnet": Entry(
        "dltui.training.recipes.shapes3d",
        "AtlasNet on clouds of ten shapes: squared Chamfer distance 0.023 in half a minute.",
        "shapes3d-copy",
    ),
    "shapes3d-mvcnn": Entry(
        "dltui.training.recipes.shapes3d",
        "MVCNN on pictures of ten shapes from six sides: 97 % in a quarter of a minute.",
        "shapes3d-views",
    ),
}
