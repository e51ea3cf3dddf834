"""Which module holds which screen, shelf and glimpse; written by ``python -m dltui.tui.table``."""

SCREENS = {
    "chain": "dltui.commands.shapes_screen:ChainScreen",
    "checkpoint": "dltui.tui.screens.card:CardScreen",
    "compare": "dltui.tui.screens.compare:CompareScreen",
    "exhibit": "dltui.tui.screens.exhibit:ExhibitScreen",
    "job": "dltui.tui.screens.job:JobScreen",
    "model": "dltui.tui.screens.card:CardScreen",
    "result": "dltui.tui.screens.result:ResultScreen",
    "result:gradients": "dltui.commands.gradients_screen:GradientsScreen",
    "result:landscape": "dltui.commands.landscape_screen:LandscapeScreen",
    "result:spectrum": "dltui.commands.hessian_screen:SpectrumScreen",
    "run": "dltui.tui.screens.run:RunScreen",
    "scratch": "dltui.tui.screens.scratch:ScratchScreen",
    "settings": "dltui.tui.screens.settings:SettingsScreen",
    "verb": "dltui.tui.screens.form:FormScreen",
}

GLIMPSES = {
    "chain": "dltui.commands.shapes_screen:glimpse",
    "checkpoint": "dltui.tui.catalog.models:glimpse",
    "exhibit": "dltui.tui.catalog.exhibits:glimpse",
    "job": "dltui.tui.catalog.jobs:glimpse",
    "model": "dltui.tui.catalog.models:glimpse",
    "result": "dltui.tui.catalog.results:glimpse",
    "run": "dltui.tui.catalog.runs:glimpse",
    "scratch": "dltui.tui.catalog.scratch:glimpse",
    "verb": "dltui.tui.catalog.verbs:glimpse",
}

SHELVES: tuple[tuple[str, str, int, str, tuple[str, ...], str], ...] = (
    (
        "verbs",
        "Do",
        5,
        "Nothing can be done here.",
        (),
        "dltui.tui.catalog.verbs:read",
    ),
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
        "shapes",
        "Shapes",
        45,
        "No chains of layers ship with this installation.",
        (),
        "dltui.commands.shapes_screen:read",
    ),
    (
        "lab",
        "Lab",
        50,
        "The lab has no exhibits yet.",
        ("dltui lab list",),
        "dltui.tui.catalog.exhibits:read",
    ),
    (
        "jobs",
        "Jobs",
        80,
        "Nothing runs, and nothing ran since dltui was opened.",
        (),
        "dltui.tui.catalog.jobs:read",
    ),
    (
        "scratch",
        "Scratch",
        90,
        "Nothing is unfinished. What a job knew when it was cancelled or crashed is put here.",
        (),
        "dltui.tui.catalog.scratch:read",
    ),
)
