"""The screens of dreams: layers to dream of in a list, the pictures as they climb; and what layers know of an input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dltui.commands._layer_screen import LayerLine, LayerScreen
from dltui.figures import Figure
from dltui.results.dream import Dream
from dltui.results.inversion import Inversion
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.gallery import short_title

CLASSES = "classes"  # what stands in the list for the network's own output
PAGE = 12  # units that are dreamt of at once
FILM = "On the way"  # how the title of the film begins


@screen("result:dream")
class DreamScreen(LayerScreen):
    """What units and classes want to see."""

    BINDINGS = actions.register(
        "This dream",
        *LayerScreen.keys("dream"),
        Action(
            "dream",
            "units",
            ("u", "U"),
            "units",
            "Dream of the next twelve units of this layer, or of those before.",
            ("1", "-1"),
            shown=2,
        ),
        Action("dream", "film", ("f",), "film", "Show the way of the next picture, from noise to the end."),
        Action("dream", "again", ("R",), "another", "Climb again from other noise."),
        Action(
            "dream", "invert", ("I",), "invert", "Fill in what shall be rebuilt from what the layers give."
        ),
    )

    _result: Dream | None = None
    _film = 0  # the picture whose way is shown

    def layer_lines(self) -> Sequence[LayerLine]:
        """Return the classes, and every layer; the one that is dreamt of is at hand."""
        found = self._result
        if found is None or not found.layers:
            return ()
        names = [CLASSES, *found.layers]
        if found.layer and found.layer not in names:
            names.append(found.layer)
        return [LayerLine(name, here=name == (found.layer or CLASSES)) for name in names]

    def at_first(self) -> int:
        """Return the layer that is dreamt of."""
        found = self._result
        names = [line.name for line in self.layer_lines()]
        return 0 if found is None or found.layer not in names else names.index(found.layer)

    def pictures(self) -> list[Figure]:
        """Return the figures, with the film of the picture that was chosen."""
        found = self._result
        if found is None:
            return []
        film = self._film % max(1, len(found.pictures))
        return [found.film(film) if short_title(one) == FILM else one for one in found.figures()]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what there is."""
        found = self._result
        if action == "units":
            return found is not None and bool(found.units) and found.count > len(found.units)
        if action == "film":
            return any(short_title(one) == FILM for one in self._figures)
        return super().check_action(action, parameters)

    def entered(self, place: int) -> None:
        """Dream of another layer."""
        name = self.layer_lines()[place].name
        self._dream(name, 0)

    def _dream(self, name: str, first: int) -> None:
        """Dream of twelve units of a layer, or of as many classes."""
        found = self._result
        if found is None:
            return
        count = found.count if name == (found.layer or CLASSES) else PAGE
        units = f"{first}-{min(first + PAGE, count) - 1}" if first else None
        words: dict[str, object] = {"cell": None, "layer": None, "target": None, "unit": None}
        if name == CLASSES:
            words["target"] = units and ",".join(str(i) for i in range(first, min(first + PAGE, count)))
        else:
            words |= {"layer": name, "unit": units}
        self.ask("dream", (f"dreaming of {name}", f"dream of {name}"), self.take, **words)

    def action_units(self, change: int) -> None:
        """Dream of other units of the same layer."""
        found = self._result
        if found is not None and found.units:
            pages = -(-found.count // PAGE)
            page = (found.units[0] // PAGE + change) % pages
            self._dream(found.layer or CLASSES, page * PAGE)

    def action_film(self) -> None:
        """Turn to the film, or show that of the next picture."""
        places = [i for i, one in enumerate(self._figures) if short_title(one) == FILM]
        if self._shown in places:
            self._film += 1
        if places:
            self.hang_again(places[0])

    def action_again(self) -> None:
        """Climb from other noise."""
        if self._result is not None:
            seed = (self._result.made.seed or 0) + 1
            self.ask("dream", ("climbing again", f"from seed {seed}"), self.take, seed=seed)

    def action_invert(self) -> None:
        """Open the form of the verb, where an input can be named."""
        from dltui.tui.onward import origin

        known = origin(self.item.command)
        empty = dict.fromkeys(("target", "layer", "unit", "cell"))
        self.dltui.open_form("dream", known.for_form("dream", **empty))


@screen("result:inversion")
class InversionScreen(LayerScreen):
    """What each layer still knows of an input."""

    BINDINGS = actions.register("This inversion", *LayerScreen.keys("inversion"))

    _result: Inversion | None = None

    def layer_lines(self) -> Sequence[LayerLine]:
        """Return every layer with how far its picture is from the input."""
        found = self._result
        if found is None:
            return ()
        errors = found.input_errors[:, -1]
        return [
            LayerLine(name, float(np.clip(error, 0, 1)), f"{error:.2f}")
            for name, error in zip(found.layers, errors.tolist(), strict=True)
        ]

    def pictures(self) -> list[Figure]:
        """Return the figures, and last the chosen layer alone beside the input."""
        found = self._result
        if found is None:
            return []
        return [*found.figures(), found.alone(self.at)]

    def chosen_now(self, place: int) -> None:  # noqa: ARG002 - the list knows it
        """Show a layer alone, where that is seen."""
        self.hang_again()

    def entered(self, place: int) -> None:  # noqa: ARG002 - the list knows it
        """Turn to a layer alone."""
        self.hang_again(len(self._figures) - 1)
