"""From the words of a command line to what finds the directions of a landscape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dltui.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dltui.commands._frame import Common
    from dltui.instruments.axes import Span
    from dltui.instruments.planes.along import Along
    from dltui.objective import Objective


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a line or plane shall go along or through, as it was spelled.

    Attributes:
        model: How the model is spelled.
        data: How the data are spelled.
        along: How the directions are spelled.
        to: Other checkpoints, one for a line, two for a plane.
        normalize: How directions are scaled, or None.
        vectors: Whether random directions move biases too.
        batch_norm: What becomes of running statistics, or None.
        dimensions: 1 or 2, where the checkpoints don't decide.
        seed: Seed of the draws.
    """

    model: str
    data: str
    along: str
    to: tuple[str, ...]
    normalize: str | None
    vectors: bool
    batch_norm: str | None
    dimensions: int
    seed: int

    @property
    def trajectory(self) -> bool:
        """Whether the plane is that of a training."""
        return self.along == "trajectory"

    @property
    def dimensions_found(self) -> int:
        """1 for a line, 2 for a plane."""
        return len(self.to) if self.to else 2 if self.trajectory else self.dimensions

    def check(self) -> None:
        """Refuse what can't be spanned, before anything is loaded.

        Raises:
            UsageError: If the options contradict each other.
        """
        if self.to and self.along != "random":
            raise UsageError(
                f"can't scan along {self.along} and to {self.to[0]} at once: expected one of --along and --to"
            )
        if len(self.to) > 2:
            raise UsageError(
                f"{len(self.to)} checkpoints besides the model: expected one for a line, two for a plane; leave out --to "
                f"{self.to[2]}"
            )
        if self.to or self.trajectory:
            self._check_free()
        else:
            self._along().check()
            if self.batch_norm == "interpolate":
                raise UsageError(
                    "--bn interpolate needs checkpoints to go between: expected --to B or --along trajectory; try "
                    "--bn recalibrate"
                )

    def _check_free(self) -> None:
        """Refuse settings of directions that the checkpoints decide."""
        chosen = "--to" if self.to else "--along trajectory"
        if self.normalize not in {None, "none"}:
            raise UsageError(
                f"can't scale directions with {chosen}: they lead to checkpoints as they are; leave --normalize out"
            )
        if self.vectors:
            raise UsageError(f"--biases is for random directions: {chosen} moves every tensor; leave it out")
        if self.trajectory and not self.model.startswith("run:"):
            raise UsageError(
                f"{self.model} is no run, so it has no trajectory: expected run:NAME or run:latest; try dltui train "
                f"{self.model} --data {self.data}"
            )

    def span(self, objective: Objective, common: Common) -> Span:
        """Return what finds the directions.

        Args:
            objective: The loss of the model.
            common: Where to say what is read.

        Returns:
            A function of an objective.
        """
        from dltui.instruments.planes.statistics import statistics_of
        from dltui.instruments.planes.through import Through
        from dltui.instruments.planes.trajectory import Trajectory, iterates_of

        way = self.batch_norm or ("interpolate" if self.to or self.trajectory else "keep")
        inputs = self._training_inputs(objective) if way == "recalibrate" else None
        if self.to:
            return Through(others=self._others(objective, common), batch_norm=way, calibration=inputs)
        if self.trajectory:
            iterates = iterates_of(self.model)
            common.note(
                f"{len(iterates)} checkpoints from step {iterates[0].step} to step {iterates[-1].step}"
            )
            return Trajectory(iterates=iterates, batch_norm=way, calibration=inputs)
        moving = None if inputs is None else statistics_of(way, objective.model, inputs, None)
        return replace(self._along(), statistics=moving)

    def _along(self) -> Along:
        """Return what finds chosen directions."""
        from dltui.instruments.planes.along import Along
        from dltui.instruments.planes.spelled import spelled_directions

        return Along(
            terms=spelled_directions(self.along),
            dimensions=self.dimensions,
            normalize=self.normalize,
            vectors=self.vectors,
            seed=self.seed,
        )

    def _others(self, objective: Objective, common: Common) -> list[tuple[str, nn.Module]]:
        """Return the other checkpoints, opened."""
        from dltui.checkpoints.another import open_another
        from dltui.data import load

        dataset = load(self.data, seed=self.seed)
        found = [open_another(spec, objective.model, dataset, seed=self.seed) for spec in self.to]
        for title, _ in found:
            common.note(f"to {title}")
        return found

    def _training_inputs(self, objective: Objective) -> Tensor:
        """Return the inputs of the training part on the device of the objective."""
        import torch

        from dltui.data import load

        x = torch.from_numpy(load(self.data, seed=self.seed).x_train)
        return x.to(objective.device, objective.dtype if x.is_floating_point() else x.dtype)
