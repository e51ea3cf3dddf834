"""Lets the tests of the calculus import the harness beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
