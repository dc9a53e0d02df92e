"""The modules of site/ can be imported here, as `site/build.py` imports them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "site"))
