"""The second witness to what was worked by hand: torch's answer; and the sheet as figures."""

from dltui.instruments.byhand.answer import Answer, says, torch_answer
from dltui.instruments.byhand.figures import sheet_figures, steps_of

__all__ = ["Answer", "says", "sheet_figures", "steps_of", "torch_answer"]
