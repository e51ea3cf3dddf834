"""Where the rows of a sequence stand: (length, …), or with a batch (length, batch, …) or (batch, length, …)."""

from __future__ import annotations

from dltui.byhand.tensor import Place


class Rows:
    """The rows of a sequence, or of each sequence of a batch.

    Args:
        lead: Sizes in front of the features: one without a batch, two with one.
        batch_first: Whether the first of two is the batch.
    """

    __slots__ = ("batch", "batch_first", "length")

    def __init__(self, lead: Place, *, batch_first: bool) -> None:
        self.batch_first = batch_first
        self.length = lead[-1 if batch_first else 0]
        self.batch: Place = () if len(lead) == 1 else (lead[0 if batch_first else 1],)

    def samples(self) -> list[Place]:
        """Return the leading index of every sample; one that is empty without a batch."""
        return [(n,) for n in range(self.batch[0])] if self.batch else [()]

    def at(self, sample: Place, step: int) -> Place:
        """Return the index of a row."""
        return (*sample, step) if self.batch_first else (step, *sample)

    def shape(self, features: int) -> Place:
        """Return the shape of as many rows."""
        lead = (*self.batch, self.length) if self.batch_first else (self.length, *self.batch)
        return (*lead, features)

    def mark(self, sample: Place, step: int | None = None) -> str:
        """Return what is added to a heading: which sample and which step, where there are several."""
        found = f", sample {sample[0] + 1}" if self.batch and self.batch[0] > 1 else ""
        return found + (f", step {step + 1}" if step is not None and self.length > 1 else "")
