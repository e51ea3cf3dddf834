"""TensorBoard's event files, read and written without TensorBoard, TensorFlow or torch."""

from dltui.runs.tensorboard.reader import EventReader, event_runs
from dltui.runs.tensorboard.writer import write_events

__all__ = ["EventReader", "event_runs", "write_events"]
