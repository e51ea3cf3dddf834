"""Recording a training loop that somebody else wrote, into a run that ``dltui watch`` shows."""

from dltui.recorder.loop import Watched, watch

__all__ = ["Watched", "watch"]
