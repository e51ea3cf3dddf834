"""``dltui models``: the networks that dltui knows by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.commands._frame import Common, group_app, verb

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

app = group_app("List the networks that dltui knows by name.")


@verb(app, "list")
def list_models(*, common: Common) -> Gallery:  # noqa: ARG001
    """List the networks by name."""
    from dltui.commands._listing import listing
    from dltui.models._names import NAMES

    how = "train one with: dltui train NAME --data digits (hamlet or names for the ones of language)"
    return listing("models", NAMES, how)
