"""Small borders that other rooms of the tests are made of."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "routing"))
