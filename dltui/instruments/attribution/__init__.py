"""Why a model gave its answer: how much each part of the input had to do with it."""

from dltui.instruments.attribution.explain import Wanted, explain
from dltui.instruments.attribution.methods import Choices

__all__ = ["Choices", "Wanted", "explain"]
