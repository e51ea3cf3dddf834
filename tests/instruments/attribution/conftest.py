"""Makes the cases importable by the tests beside it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attribution_cases import MODELS, one_of_three

from dltui.instruments.attribution.question import Question


@pytest.fixture(params=MODELS)
def asked(request: pytest.FixtureRequest) -> Question:
    """Return a question about one of three models."""
    return one_of_three(request.param)
