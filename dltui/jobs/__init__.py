"""Jobs: verbs and exhibits that run in processes of their own, watched from here; imports neither torch nor textual."""

from dltui.jobs.engine import Engine
from dltui.jobs.events import Cancelled, Done, Event, Failed, Note, Partial, Progress, Started
from dltui.jobs.exhibit import LiveExhibit
from dltui.jobs.job import Job, State
from dltui.jobs.keep import ENDING, NAME, scratch_folder

__all__ = [
    "ENDING",
    "NAME",
    "Cancelled",
    "Done",
    "Engine",
    "Event",
    "Failed",
    "Job",
    "LiveExhibit",
    "Note",
    "Partial",
    "Progress",
    "Started",
    "State",
    "scratch_folder",
]
