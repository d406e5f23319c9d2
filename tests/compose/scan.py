"""`make scan`: what can be seen of the container image from outside, before anybody puts it to work. Needs docker.

It fails for what is ours to keep: the user it runs as, what that user may write, files that lend somebody else's rights, secrets in its
settings or layers, packages other than those of the lock. It names Debian packages that have a newer version. Known weaknesses are
looked up by Trivy or Grype where one of them is on the PATH; where neither is, it says that nobody looked.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAY_WRITE = ("/opt/airflow/logs", "/opt/caseclock", "/tmp", "/var/tmp", "/dev", "/proc", "/run/lock")
"""Folders in which the user of the image may write. docker-compose.yaml puts a read-only root over all but the first two and /tmp."""
LIKE_A_SECRET = re.compile(r"(?i)\b([A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|FERNET|API_KEY|PRIVATE_KEY|SALT)[A-Z0-9_]*)=(\S+)")
NOT_SECRET = {"GPG_KEY"}
"""Names of public things."""
TOOLS = {"pip", "setuptools", "wheel", "uv"}
"""What the image under ours brings to install packages with."""
FIND_WRITABLE = "find / -xdev \\( -type f -o -type d \\) -writable 2>/dev/null"
FIND_LENT = "find / -xdev -type f -perm /6000 2>/dev/null"
FIND_KEYS = "grep -rlsI --include='*' -e '^-----BEGIN .*PRIVATE KEY-----' /opt /root /etc /srv /var/lib /usr/local/bin /home 2>/dev/null"
COMPARE = """
import importlib.metadata, json, re, sys
from packaging.requirements import Requirement
name = lambda n: re.sub(r'[-_.]+', '-', n).lower()
wanted = {}
for line in sys.stdin.read().replace('\\\\\\n', ' ').splitlines():
    line = line.split(' --hash')[0].split('#')[0].strip()
    if line and not line.startswith('-'):
        r = Requirement(line)
        if r.marker is None or r.marker.evaluate():
            wanted[name(r.name)] = str(r.specifier).removeprefix('==')
there = {name(d.name): d.version for d in importlib.metadata.distributions()}
print(json.dumps([wanted, there]))
"""


def out(*words: str, into: str | None = None) -> str:
    """What a command prints; ends the scan with what it said where it fails."""
    done = subprocess.run(words, input=into, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words[:4])} failed ({done.returncode}): {done.stderr.strip()[-500:]}")
    return done.stdout


def within(image: str, script: str, *, user: str = "", network: str = "none", into: str | None = None) -> str:
    """Runs a shell in a container of the image that is gone afterwards."""
    as_user = ["--user", user] if user else []
    flags = ["--rm", "-i", "--network", network, *as_user, "--entrypoint", "sh"]
    return out("docker", "run", *flags, image, "-c", script, into=into)


def about_its_user(image: str) -> list[str]:
    config = json.loads(out("docker", "image", "inspect", image))[0]["Config"]
    ids = within(image, "id -u").strip()
    print(f"runs as user {config.get('User') or 'root'} ({ids})")
    return [] if ids != "0" else ["it runs as root; allowed: any other user. Add USER to the Dockerfile"]


def about_writing(image: str) -> list[str]:
    found = within(image, f"{FIND_WRITABLE}; true").split("\n")
    bad = [p for p in found if p and not any(p == m or p.startswith(f"{m}/") for m in MAY_WRITE)]
    print(f"its user may write {len(found) - 1} files and folders, {len(bad)} of them where nothing is to be written")
    return [f"{p}: its user may write it; allowed: {', '.join(MAY_WRITE[:4])}. chown it to root in the Dockerfile" for p in bad]


def about_rights_lent(image: str) -> list[str]:
    found = within(image, f"{FIND_LENT}; true", user="0").split()
    print(f"{len(found)} files lend the rights of their owner or group")
    return [f"{p}: setuid or setgid; allowed: none. Take the bit away in the Dockerfile" for p in found]


def about_secrets(image: str) -> list[str]:
    config = json.loads(out("docker", "image", "inspect", image))[0]["Config"]
    layers = out("docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    said = {(where, name) for where, text in (("its environment", "\n".join(config.get("Env") or [])), ("a layer", layers))
            for name, value in LIKE_A_SECRET.findall(text) if name not in NOT_SECRET and not name.endswith("_FILE")}  # fmt: skip
    keys = [p for p in within(image, f"{FIND_KEYS}; true", user="0").split() if not re.search(r"/site-packages/.*/tests?/", p)]
    copied = within(image, "ls -d /opt/airflow/secrets /opt/airflow/.env /opt/airflow/.git /opt/airflow/tests 2>/dev/null; true", user="0")
    print(
        f"settings and {len(layers.splitlines())} layers were read for secrets, files for private keys (those of packages' own tests apart)"
    )
    told = [f"{name} has a value in {where}; allowed: none. Give it when a container starts (docs/how-to)" for where, name in sorted(said)]
    return told + [f"{p}: a private key" for p in keys] + [f"{p}: is not for the image; see .dockerignore" for p in copied.split()]


def about_packages(image: str) -> list[str]:
    lock = (ROOT / "requirements.txt").read_text()
    wanted, there = json.loads(within(image, f"python -c \"$(cat <<'EOF'\n{COMPARE}\nEOF\n)\"", into=lock))
    other = [f"{n} is {there.get(n, 'missing')}, the lock says {v}" for n, v in sorted(wanted.items()) if there.get(n) != v]
    beside = sorted(there.keys() - wanted.keys() - TOOLS)
    tools = ", ".join(sorted((there.keys() & TOOLS) - wanted.keys()))
    print(f"{len(there)} Python packages are installed, the lock has {len(wanted)}; beside it only what installs: {tools}")
    return other + [f"{n} {there[n]}: is not in the lock; rebuild from the lock" for n in beside]


def about_debian(image: str) -> None:
    """Named, not failed for: what is newer today was not there on the day of the build. The cure is a build without cache."""
    script = "apt-get update -qq >/dev/null 2>&1 && echo asked; apt-get -s dist-upgrade 2>/dev/null | grep '^Inst' ; true"
    found = within(image, script, user="0", network="default").splitlines()
    if "asked" not in found:
        print("Debian packages: NOT CHECKED, no Debian archive could be reached from a container")
        return
    newer = [line.split() for line in found if line.startswith("Inst ")]
    mending = [words[1] for words in newer if any("security" in word.lower() for word in words)]
    print(f"Debian packages: {len(newer)} have a newer version, {len(mending)} of them a security update: {', '.join(mending) or 'none'}")


def about_weaknesses(image: str) -> list[str]:
    if trivy := shutil.which("trivy"):
        words = [trivy, "image", "--quiet", "--ignore-unfixed", "--severity", "HIGH,CRITICAL", "--exit-code", "1", image]
    elif grype := shutil.which("grype"):
        words = [grype, image, "--only-fixed", "--fail-on", "high"]
    else:
        print("known weaknesses: NOT CHECKED, neither trivy nor grype is on the PATH")
        return []
    done = subprocess.run(words, text=True)
    return [] if done.returncode == 0 else [f"{Path(words[0]).name} found weaknesses that can be mended, or failed ({done.returncode})"]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("image", nargs="?", default="caseclock:dev")
    image: str = asked.parse_args().image
    if not shutil.which("docker"):
        print("make scan needs docker; see docs/how-to/deploy-with-compose.md", file=sys.stderr)
        return 2
    bad = [
        b
        for look in (about_its_user, about_writing, about_rights_lent, about_secrets, about_packages, about_weaknesses)
        for b in look(image)
    ]
    about_debian(image)
    for line in bad[:40]:
        print(f"  {line}", file=sys.stderr)
    print(f"{image}: {len(bad)} findings" if bad else f"{image}: nothing found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
