"""``dltui shapes chains``: the networks that ship as chains."""

from __future__ import annotations

from dltui.commands._frame import Common, verb, verb_app
from dltui.lab.listing import Listing
from dltui.shapes.named import named_chains, read_named

app = verb_app()


@verb(app)
def chains(*, common: Common) -> Listing:  # noqa: ARG001
    """List the networks that ship as chains."""
    found = [read_named(name) for name in named_chains()]
    return Listing(
        title="chains",
        columns=("name", "input", "what it is"),
        rows=tuple((one.name, " and ".join(one.inputs), one.title) for one in found),
        plain={
            "chains": [{"name": one.name, "inputs": list(one.inputs), "title": one.title} for one in found]
        },
        foot=("walk one with: dltui shapes chain NAME",),
    )
