"""Prepares a checkout with nothing but Python 3.11+: packages, Node when missing, the front end.

    python3 tools/setup.py [--dev]

Each step is skipped when its inputs have not changed. Uses the standard library only, since it
runs before anything is installed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMPS = VENV / "stamps"
NODE_MINIMUM = (20, 19)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dev", action="store_true", help="also what tests and checks need")
    wanted = options.parse_args()
    if sys.version_info < (3, 11):
        stop(
            f"needs Python 3.11 or newer, this is {sys.version.split()[0]}: run `make PYTHON=python3.11 …`"
        )
    if shutil.disk_usage(ROOT).free < 2 * 2**30:
        stop(f"needs 2 GiB free in {ROOT} for packages")
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment()
        packages("requirements.txt")
        if wanted.dev:
            packages("requirements-dev.txt")
        front_end()
        messages()
        if wanted.dev:
            browser()


def environment() -> None:
    if (BIN / "python").exists():
        return
    say("creating the virtual environment")
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "Python cannot create virtual environments here: on Debian run `apt install python3-venv`"
        )


def packages(name: str) -> None:
    with fresh(name, [ROOT / name]) as stale:
        if stale:
            say(f"installing {name}")
            run([str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--require-hashes", "-r", str(ROOT / name)])  # fmt: skip


def front_end() -> None:
    """npm packages and the bundles under static/dist."""
    env = node_environment()
    lock = ROOT / "package-lock.json"
    with fresh("node_modules", [lock], made=ROOT / "node_modules") as stale:
        if stale:
            say("installing the front-end packages")
            run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                env,
            )
    sources = [*sorted((ROOT / "frontend").rglob("*")), lock, ROOT / "vite.config.ts"]
    with fresh("bundles", sources, made=ROOT / "static/dist/manifest.json") as stale:
        if stale:
            say("building the front end")
            run([str(ROOT / "node_modules/.bin/vite"), "build", "--logLevel", "warn"], env)


def node_environment() -> dict[str, str]:
    """An environment in which `node` and `npm` are new enough; installs a wheel if need be."""
    if node_is_fit(os.environ["PATH"]):
        return dict(os.environ)
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    if not node_is_fit(path):
        say("installing Node (200 MB), because the system has none from 20.19 on")
        packages("requirements-node.txt")
    if not node_is_fit(path):
        stop("Node 20.19 or newer is needed: install it, or check the messages above")
    return {**os.environ, "PATH": path}


def node_is_fit(path: str) -> bool:
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if not node or not npm:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    try:
        version = tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return False
    return version >= NODE_MINIMUM


def messages() -> None:
    sources = sorted((ROOT / "locale").rglob("*.po"))
    made = sources[0].with_suffix(".mo") if sources else None
    with fresh("messages", sources, made=made) as stale:
        if stale and sources:
            run([str(BIN / "python"), "-m", "tools.messages", "compile"])


def browser() -> None:
    """Chromium for the browser tests: on PATH, else Debian's, else Playwright's."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing Chromium from Debian's packages")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "-y", "install", "chromium"],
        ):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if shutil.which("chromium"):
            return
    say("installing Chromium by Playwright")
    subprocess.run([str(BIN / "playwright"), "install", "chromium"], check=False)


class fresh:
    """`with fresh(name, inputs) as stale:` remembers the inputs' hash when the block succeeds."""

    def __init__(self, name: str, inputs: list[Path], made: Path | None = None) -> None:
        digest = hashlib.sha256()
        for path in inputs:
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        self.digest = digest.hexdigest()
        self.stamp = STAMPS / name
        self.missing = made is not None and not made.exists()

    def __enter__(self) -> bool:
        known = self.stamp.read_text() if self.stamp.exists() else ""
        self.stale = self.missing or known != self.digest
        return self.stale

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None and self.stale:
            STAMPS.mkdir(parents=True, exist_ok=True)
            self.stamp.write_text(self.digest)


def run(command: list[str], env: dict[str, str] | None = None) -> None:
    for attempt in (1, 2):
        result = subprocess.run(command, cwd=ROOT, env=env, check=False)
        if result.returncode == 0:
            return
        if attempt == 1 and ("pip" in command or "npm" in command[0]):
            say("that failed; trying once more, networks do hiccup")
            time.sleep(3)
        else:
            break
    raise subprocess.CalledProcessError(result.returncode, command)


def say(text: str) -> None:
    print(f"set-up: {text}", file=sys.stderr, flush=True)


def stop(text: str) -> None:
    sys.exit(f"set-up: {text}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        stop(
            f"`{' '.join(map(str, error.cmd))}` failed with status {error.returncode}; its messages are above"
        )
