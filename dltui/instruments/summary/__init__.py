"""What every module of a model gives, holds and costs: ``summarize(model, (1, 3, 224, 224))``."""

from dltui.instruments.summary.summarize import summarize

__all__ = ["summarize"]
