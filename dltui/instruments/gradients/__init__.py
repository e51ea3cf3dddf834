"""How steep the loss is: by tensor, by sample, by depth, at the start and along a run."""

from dltui.instruments.gradients.hardest import Origins
from dltui.instruments.gradients.norms import Wishes, measure
from dltui.instruments.gradients.update import Step

__all__ = ["Origins", "Step", "Wishes", "measure"]
