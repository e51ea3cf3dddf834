"""Networks, one file a family; ``build`` makes one by name."""

from dltui.models._names import NAMES
from dltui.models._registry import MODELS, Builder, build, model

__all__ = ["MODELS", "NAMES", "Builder", "build", "model"]
