"""Makes the sample messages and charts importable under pytest's importlib mode."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve()
while ROOT.name != "tests":
    ROOT = ROOT.parent
sys.path[:0] = [str(ROOT / "unit" / "notifications" / "channels"), str(ROOT / "unit" / "charts")]
