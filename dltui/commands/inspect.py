"""``dltui inspect``: what a file of weights holds, from its header alone."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import MODEL, weights_or_models

if TYPE_CHECKING:
    from dltui.contents import Contents
    from dltui.results.listing import Listing

app = verb_app()


@dataclass(frozen=True)
class Inspected:
    """What was found, ready without numpy.

    Attributes:
        contents: Tensors and what is told of them.
        depth: Levels of the tree that are shown.
    """

    contents: Contents
    depth: int | None

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {"schema": "listing/1", "title": self.contents.title, **self.contents.document()}

    def lines(self, width: int) -> list[str]:
        """Return the tree and what is told around it."""
        from dltui.contents.page import lines

        return lines(self.contents, width, self.depth)

    def result(self) -> Listing:
        """Return the same as a result, for saving and drawing."""
        from dltui.results.listing import Listing

        return Listing.of(self.contents, self.depth)


@verb(app)
def inspect(
    what: Annotated[
        str,
        typer.Argument(
            metavar=MODEL,
            help="Weights in a file or folder, run:latest, hf:org/name, lenet, or package.module:function.",
            autocompletion=weights_or_models,
        ),
    ],
    depth: Annotated[
        int | None, typer.Option("--depth", min=1, help="Levels of the tree; all when left out.")
    ] = None,
    *,
    common: Common,
) -> Inspected:
    """Tell which tensors weights hold: names, shapes, types, bytes, totals, and which architecture they seem to be.

    Reads .safetensors (also sharded), what torch.save wrote in any of its containers, TorchScript, .npz, .npy, .gguf,
    .onnx, .h5, .keras and folders of Hugging Face, told by their bytes; only headers where the format allows. Nothing
    in a file is executed: a pickle that wants more than tensors is refused with the list of what it wants.
    """
    from dltui.commands._inspected import find_contents

    with redirect_stdout(sys.stderr):  # what the user's own code prints must not mix with the answer
        return Inspected(find_contents(what, common.seed), depth)
