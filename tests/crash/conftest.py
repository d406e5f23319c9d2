"""Makes the alert lab and the sender importable under pytest's importlib mode."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functional" / "scenarios")]
