"""From the words of a command line to what finds the directions of a landscape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dltui.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from dltui.commands._frame import Common
    from dltui.commands._show import Stopped
    from dltui.instruments.axes import Span
    from dltui.instruments.planes.along import Along
    from dltui.objective import Objective
    from dltui.results.connection import Connection


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
        align: Whether the units of other checkpoints are brought into the order of the model's.
        curve: Steps for which a curve is trained, or 0.
        weight_decay: λ of the penalty on the weights along the way to another checkpoint.
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
    align: bool = False
    curve: int = 0
    weight_decay: float = 0.0

    @property
    def connects(self) -> bool:
        """Whether it is the way to one other checkpoint."""
        return len(self.to) == 1

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
                f"{len(self.to)} checkpoints besides the model: expected one for a line, two for a plane; leave out "
                f"--to {self.to[2]}"
            )
        if (self.align or self.curve) and not self.to:
            raise UsageError(
                f"--{'align' if self.align else 'curve'} needs another checkpoint: expected --to B; try --to run:NAME"
            )
        if self.curve and not self.connects:
            raise UsageError(
                "--curve joins two checkpoints: expected one --to; leave out the second, or --curve"
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

        way = self.way
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

    @property
    def way(self) -> str:
        """What becomes of running statistics."""
        if self.batch_norm:
            return self.batch_norm
        if self.connects:  # its ends have the statistics that they were trained with
            return "interpolate"
        # beyond the checkpoints of a plane, interpolated variances fall to 0 and the loss is their artefact
        return "recalibrate" if self.to or self.trajectory else "keep"

    def connection(
        self,
        sets: dict[str, Objective],
        first: str,
        steps: int,
        beyond: float | None,
        common: Common,
        resume: Path | None = None,
    ) -> Connection | Stopped:
        """Follow the loss to the one other checkpoint.

        Args:
            sets: The loss of the model on the training and on the held-out samples, by name.
            first: Which of them leads.
            steps: Positions between the ends, both included.
            beyond: How far to go past them, or None.
            common: Where to say what is read, and how far it is.
            resume: A file to go on from, or None.

        Returns:
            What was found.
        """
        from dltui.commands._unfinished import Unfinished, scanned
        from dltui.instruments.connectivity.connect import Wishes, connect

        objective = sets[first]
        ((title, other),) = self._others(objective, common)
        wishes = Wishes(
            steps=steps,
            align=self.align,
            curve=self.curve,
            batch_norm=self.way,
            calibration=self._training_inputs(objective),
            seed=self.seed,
            weight_decay=self.weight_decay,
        )
        if beyond is not None:
            wishes = replace(wishes, beyond=beyond)
        also = [(name, one) for name, one in sets.items() if name != first]
        unfinished = Unfinished(common)
        return scanned(
            lambda earlier: connect(
                objective,
                other,
                title=title,
                wishes=wishes,
                also=also,
                part=first,
                earlier=earlier,
                keep=unfinished,
                report=common.report,
            ),
            unfinished,
            resume,
        )

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
        if self.align and not self.connects:
            return [self._aligned(objective, title, other, common) for title, other in found]
        return found

    def _aligned(
        self, objective: Objective, title: str, other: nn.Module, common: Common
    ) -> tuple[str, nn.Module]:
        """Return a checkpoint with its units in the order of the model's."""
        from dltui.instruments.connectivity.align import align

        done = align(objective, other, title, seed=self.seed)
        common.note(
            f"{title}: {done.moved} of {done.units} units in other places; same function, outputs differ by at most "
            f"{done.difference:.1e} of the largest"
        )
        return f"{title}, aligned", done.module

    def _training_inputs(self, objective: Objective) -> Tensor:
        """Return the inputs of the training part on the device of the objective."""
        import torch

        from dltui.data import load

        x = torch.from_numpy(load(self.data, seed=self.seed).x_train)
        return x.to(objective.device, objective.dtype if x.is_floating_point() else x.dtype)
