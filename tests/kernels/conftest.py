"""Tests of the kernels share the modules beside this file (parity, cases)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
