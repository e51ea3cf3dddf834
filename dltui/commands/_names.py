"""Every verb with its module and one line of help, so that ``--help`` and completion import none of them."""

from dltui.registry import Entry

VERBS = {
    "quickstart": Entry(
        "dltui.commands.quickstart",
        "Train a small CNN on real digits, scan its landscape, spectrum and gradients, and show them.",
    ),
    "shapes": Entry(
        "dltui.commands.shapes", "Output shape, parameters and cost of a layer, formula filled in."
    ),
    "train": Entry(
        "dltui.commands.train", "Train a model on data; the run is kept and can be looked at any time."
    ),
    "runs": Entry("dltui.commands.runs", "List the runs that training left, or show one."),
    "models": Entry("dltui.commands.models", "List the networks that dltui knows by name."),
    "data": Entry("dltui.commands.data", "List the data sets that dltui knows by name, or show one."),
    "open": Entry("dltui.commands.open", "Show a saved result again."),
    "tui": Entry("dltui.commands.tui", "Open the terminal application: results, runs, models and the lab."),
    "doctor": Entry("dltui.commands.doctor", "Tell what this machine, terminal and installation can do."),
    "lab": Entry(
        "dltui.commands.lab", "See one idea at a time, turn its knobs, check it against known answers."
    ),
}
