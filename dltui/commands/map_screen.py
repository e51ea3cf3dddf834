"""The screen of maps of layers: the layers with their purity in a list, each mapped when it is opened, as it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dltui.commands._layer_screen import LayerLine, LayerScreen
from dltui.figures import Figure, Points
from dltui.results.layer_map import NAMES, LayerMap
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen

METHODS = tuple(NAMES)
OTHERS = "others"


@screen("result:map")
class MapScreen(LayerScreen):
    """Maps of layers; what was made once stays at hand."""

    BINDINGS = actions.register(
        "This map",
        *LayerScreen.keys("map"),
        Action("map", "method", ("m",), "method", "Map the layer by the next method: PCA, t-SNE, UMAP."),
        Action(
            "map",
            "light",
            ("c", "C"),
            "class",
            "Colour one class alone, the next one or the one before; then all of them again.",
            ("1", "-1"),
            shown=2,
        ),
        Action("map", "probe", ("P",), "probe", "Fit a linear probe on every layer of this model."),
    )

    _result: LayerMap | None = None
    _lit = -1  # the class that is coloured alone, or -1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._made: dict[tuple[str, str], LayerMap] = {}  # finished ones by method and layer

    def show_result(self, result: LayerMap, figures: list[Figure]) -> None:
        """Show the maps of a file."""
        self._remember(result)
        super().show_result(result, figures)

    def _remember(self, found: LayerMap) -> None:
        if found.complete:
            self._made.update({(found.method, layer): found for layer in found.mapped})

    def layer_lines(self) -> Sequence[LayerLine]:
        """Return every layer with the purity of its neighbourhoods."""
        found = self._result
        if found is None:
            return ()
        names = [*found.layers, *(name for name in found.mapped if name not in found.layers)]
        purity = dict(zip(found.layers, found.purity.tolist(), strict=True))
        return [
            LayerLine(
                name,
                purity.get(name, float("nan")),
                f"{purity[name]:.0%}" if np.isfinite(purity.get(name, float("nan"))) else "",
                here=name in found.mapped or (found.method, name) in self._made,
            )
            for name in names
        ]

    def at_first(self) -> int:
        """Return the layer that is mapped."""
        found = self._result
        return (
            found.layers.index(found.mapped[0])
            if found is not None and found.mapped[0] in found.layers
            else 0
        )

    def pictures(self) -> list[Figure]:
        """Return the figures, one class alone in colour where that is wanted."""
        found = self._result
        if found is None or self._lit < 0:
            return super().pictures()
        classes = [OTHERS, found.classes[self._lit]]
        lit = replace(found, labels=(found.labels == self._lit).astype(np.int64), classes=classes)
        shown, all_of_them = lit.figures(), found.figures()
        return [
            one if isinstance(one, Points) else other for one, other in zip(shown, all_of_them, strict=True)
        ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer classes only where there are some."""
        if action == "light":
            return self._result is not None and bool(self._result.labels.size)
        return super().check_action(action, parameters)

    def entered(self, place: int) -> None:
        """Show the map of a layer, made by a job where there is none yet."""
        if self._result is not None:
            self._go(self._result.method, self._called(place))

    def _called(self, place: int) -> str:
        return self.layer_lines()[place].name

    def _go(self, method: str, layer: str) -> None:
        """Show a map that is at hand, or ask for it."""
        at_hand = self._made.get((method, layer))
        if at_hand is not None:
            self.stop_asking()
            self.put(at_hand, self.at)
            self.hang_again(at_hand.mapped.index(layer))
            return
        purpose = (f"{NAMES[method]} of {layer}", f"{NAMES[method]} of {layer}")
        self.ask("map", purpose, self._moved, method=method, layer=layer, iterations=None)

    def _moved(self, found: Any, *, first: bool) -> None:
        """Show a map as it moves."""
        if isinstance(found, LayerMap):
            self._remember(found)
        self.take(found, first=first)
        if first:
            self.hang_again(0)

    def action_method(self) -> None:
        """Map the layer that is seen by the next method."""
        found = self._result
        if found is not None:
            layer = found.mapped[min(self._shown, len(found.mapped) - 1)]
            self._go(METHODS[(METHODS.index(found.method) + 1) % len(METHODS)], layer)

    def action_light(self, change: int) -> None:
        """Colour another class alone, or all of them."""
        if self._result is not None:
            count = len(self._result.classes)
            self._lit = (self._lit + 1 + change) % (count + 1) - 1
            self.hang_again()

    def action_probe(self) -> None:
        """Probe the layers in a job of its own."""
        self.look_on("probe", layer=None)
