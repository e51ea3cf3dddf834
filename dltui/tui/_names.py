"""Which module holds which screen, shelf and glimpse; written by ``python -m dltui.tui.table``."""

SCREENS = {
    "checkpoint": "dltui.tui.screens.card:CardScreen",
    "exhibit": "dltui.tui.screens.card:CardScreen",
    "model": "dltui.tui.screens.card:CardScreen",
    "result": "dltui.tui.screens.result:ResultScreen",
    "result:gradients": "dltui.commands.gradients_screen:GradientsScreen",
    "result:landscape": "dltui.commands.landscape_screen:LandscapeScreen",
    "result:spectrum": "dltui.commands.hessian_screen:SpectrumScreen",
    "run": "dltui.tui.screens.run:RunScreen",
}

GLIMPSES = {
    "checkpoint": "dltui.tui.catalog.models:glimpse",
    "exhibit": "dltui.tui.catalog.exhibits:glimpse",
    "model": "dltui.tui.catalog.models:glimpse",
    "result": "dltui.tui.catalog.results:glimpse",
    "run": "dltui.tui.catalog.runs:glimpse",
}

SHELVES: tuple[tuple[str, str, int, str, tuple[str, ...], str], ...] = (
    (
        "results",
        "Results",
        10,
        "No saved results yet. Two commands that make some:",
        (
            "dltui quickstart",
            "dltui landscape lenet --data digits --save bowl.safetensors",
        ),
        "dltui.tui.catalog.results:read",
    ),
    (
        "runs",
        "Runs",
        20,
        "No training runs yet. Two commands that make one:",
        (
            "dltui quickstart",
            "dltui train lenet --data digits",
        ),
        "dltui.tui.catalog.runs:read",
    ),
    (
        "models",
        "Models",
        30,
        "No models are known.",
        (),
        "dltui.tui.catalog.models:read",
    ),
    (
        "lab",
        "Lab",
        50,
        "The lab has no exhibits yet.",
        ("dltui lab list",),
        "dltui.tui.catalog.exhibits:read",
    ),
)
