"""Every verb with its module and one line of help, so that ``--help`` and completion import none of them."""

from dltui.registry import Entry

VERBS = {
    "quickstart": Entry(
        "dltui.commands.quickstart",
        "Train a small CNN on real digits, scan its landscape, spectrum and gradients, and show them.",
    ),
    "landscape": Entry("dltui.commands.landscape", "The loss over a random line or plane through the weights."),
    "hessian": Entry("dltui.commands.hessian", "Eigenvalues, trace and spectral density, with error bounds."),
    "gradients": Entry("dltui.commands.gradients", "Gradient norms layer by layer and sample by sample."),
    "shapes": Entry("dltui.commands.shapes", "Output shape, parameters and cost of a layer, formula filled in."),
    "open": Entry("dltui.commands.open", "Show a saved result again."),
    "doctor": Entry("dltui.commands.doctor", "Tell what this machine, terminal and installation can do."),
    "lab": Entry("dltui.commands.lab", "See one idea at a time, turn its knobs, check it against known answers."),
}
