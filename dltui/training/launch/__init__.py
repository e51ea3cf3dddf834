"""Starting a training: in this process, or in several that a supervisor looks after."""

from dltui.training.launch.options import Options
from dltui.training.launch.start import is_first, launch

__all__ = ["Options", "is_first", "launch"]
