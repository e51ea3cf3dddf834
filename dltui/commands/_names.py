"""Every verb with its module and one line of help, so that ``--help`` and completion import none of them."""

from dltui.registry import Entry

VERBS = {
    "quickstart": Entry(
        "dltui.commands.quickstart",
        "Train a small CNN on real digits and look at it.",
    ),
    "train": Entry("dltui.commands.train", "Train a model on data and keep the run."),
    "landscape": Entry("dltui.commands.landscape", "The loss over a line or a plane through the weights."),
    "hessian": Entry("dltui.commands.hessian", "Eigenvalues, trace and spectral density of the Hessian."),
    "gradients": Entry("dltui.commands.gradients", "Norms of the gradient by layer and by sample."),
    "shapes": Entry("dltui.commands.shapes", "What a layer does to a shape, and what it costs."),
    "byhand": Entry("dltui.commands.byhand", "Layers, losses and metrics worked out as on paper."),
    "summary": Entry("dltui.commands.summary", "A model as a tree: shapes, parameters, MACs, memory."),
    "batch": Entry("dltui.commands.batch", "Many commands from one file, each done once."),
    "sweep": Entry("dltui.commands.sweep", "A recipe trained with many settings: which matter."),
    "lab": Entry("dltui.commands.lab", "Ideas with knobs to turn, checked against known answers."),
    "open": Entry("dltui.commands.open", "Show saved results again, one or several side by side."),
    "watch": Entry("dltui.commands.watch", "A training as it goes on: curves, gradients, what is ill."),
    "runs": Entry("dltui.commands.runs", "The runs that training left."),
    "models": Entry("dltui.commands.models", "The networks that dltui knows by name."),
    "data": Entry("dltui.commands.data", "The data sets that dltui knows by name."),
    "tui": Entry("dltui.commands.tui", "The terminal application: results, runs, models, the lab."),
    "settings": Entry("dltui.commands.settings", "What can be set, what it is, where that comes from."),
    "serve": Entry("dltui.commands.serve", "The terminal application in a browser."),
    "doctor": Entry("dltui.commands.doctor", "What this machine, terminal and installation can do."),
}
