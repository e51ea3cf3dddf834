"""The second witness: torch's answer to what was worked by hand, in float64, values and gradients."""

from dltui.instruments.byhand.answer import Answer, says, torch_answer

__all__ = ["Answer", "says", "torch_answer"]
