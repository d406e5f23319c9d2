"""Makes the sample charts importable under pytest's importlib mode."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve()
while ROOT.name != "tests":
    ROOT = ROOT.parent
sys.path.insert(0, str(ROOT / "unit" / "charts"))
