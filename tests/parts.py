"""Gets what the tests need and no wheel brings. Without root or without a package manager it only says what will be missing."""

import os
import shutil
import subprocess
import sys

PARTS = {"chromium": ("chromium", "chromium-browser", "google-chrome")}  # Debian package: programs that will do


def main() -> int:
    missing = [package for package, programs in PARTS.items() if not any(shutil.which(p) for p in programs)]
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"not here and not to be had without root: {', '.join(missing)}; the tests that need it are skipped and counted")
        return 0
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    done = subprocess.run([*install, *missing, "fonts-dejavu-core"], check=False, **quiet)
    if done.returncode:
        print(f"apt-get could not install {', '.join(missing)}; the tests that need it are skipped and counted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
