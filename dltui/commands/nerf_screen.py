"""The screen of a radiance field: held-out pictures beside the truth, cuts through its density, the way onward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.commands._held_out import HeldOutScreen, flight_actions
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen

if TYPE_CHECKING:
    from dltui.results.nerf import Radiance  # noqa: F401 - named in quotes below


@screen("result:nerf")
class RadianceScreen(HeldOutScreen["Radiance"]):
    """One fitted field."""

    BINDINGS = actions.register(
        "This radiance field",
        Action("radiance", "picture", ("v",), "picture", "Show the next held-out picture large, then all again."),
        Action("radiance", "level", ("z", "Z"), "cut", "Cut through the density higher up, or farther down.",
               ("1", "-1"), shown=2),
        Action("radiance", "ray", ("r",), "ray",
               "Follow the ray through the middle of the first picture, sample by sample."),
        Action("radiance", "fly", ("f",), "fly around", "Show it to cameras once around, as a job."),
        *flight_actions("radiance"),
    )  # fmt: skip

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer rays and flights of a field that is kept."""
        if action in {"ray", "fly"}:
            return self.can_film
        return super().check_action(action, parameters)

    @property
    def can_film(self) -> bool:
        """Whether the field is kept whole."""
        return self.kept is not None and self._found is not None and bool(self._found.tensors)

    def action_ray(self) -> None:
        """Follow a ray in a job of its own."""
        if self._found is not None:
            height, width = self._found.truth.shape[1:3]
            self._run("info", "--ray", f"{width // 2},{height // 2}")

    def action_fly(self) -> None:
        """Go once around in a job of its own."""
        self._run("render", "--frames", "36")

    def _run(self, verb: str, *words: str) -> None:
        self.dltui.open_job(self.dltui.run_job(["nerf", verb, str(self.kept), *words]))
