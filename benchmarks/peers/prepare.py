"""Fetches and builds the peers, once, into `benchmarks/` of the data directory.

From package registries only: a virtual environment for Channels and Daphne, npm packages for
Socket.IO and ws, and the two C programs of this folder, by `cc` or the compiler in the `ziglang` wheel.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.machine import say
from tools.setup import node_environment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ZIG = "ziglang==0.17.1"


@dataclass(frozen=True)
class Tools:
    """Where the parts are. `node` and `python` are None until somebody asked for them."""

    load: Path
    send_limit: Path
    node: Path | None = None
    node_modules: Path | None = None
    python: Path | None = None


def cache() -> Path:
    return Path(os.environ.get("LIVESHOP_DATA") or ROOT / "var").resolve() / "benchmarks"


def tools(*, node: bool = True, channels: bool = True) -> Tools:
    """Everything ready to run; the first time takes a minute or two."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        env = node_environment() if node else {}
        return Tools(
            load=_compiled("load"),
            send_limit=_compiled("send_limit"),
            node=Path(shutil.which("node", path=env["PATH"]) or "node") if node else None,
            node_modules=_npm(env) if node else None,
            python=_environment() if channels else None,
        )


def digest(*files: Path) -> str:
    """Short name for the contents of these files."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _compiled(name: str) -> Path:
    source = HERE / f"{name}.c"
    made = cache() / f"{name}-{digest(source)}"
    if not made.exists():
        say(f"benchmark: compiling {name}.c")
        _run([*_compiler(), "-O2", "-o", str(made) + ".part", str(source)])
        os.replace(str(made) + ".part", made)
    return made


def _compiler() -> list[str]:
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    folder = cache() / "zig"
    if not folder.exists():
        say("benchmark: fetching a C compiler, because there is no cc here")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--target", str(part), ZIG])  # fmt: skip
        part.rename(folder)
    return [str(folder / "ziglang" / "zig"), "cc"]


def _npm(env: dict[str, str]) -> Path:
    """A folder with the Node programs of this folder and their packages beside them."""
    sources = sorted((HERE / "node").glob("*.mjs"))
    pins = [HERE / "node" / "package.json", HERE / "node" / "package-lock.json"]
    folder = cache() / f"node-{digest(*pins)}"
    if not folder.exists():
        say("benchmark: fetching Socket.IO and ws")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for pin in pins:
            shutil.copy(pin, part)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
             cwd=part, env=env)  # fmt: skip
        part.rename(folder)
    for source in sources:
        shutil.copy(source, folder)
    return folder


def _environment() -> Path:
    """The Python of a virtual environment with plain Channels and Daphne."""
    pins = HERE / "site" / "requirements.txt"
    folder = cache() / f"channels-{digest(pins)}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        say("benchmark: fetching Channels, channels_redis and Daphne")
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--require-hashes", "-r", str(pins)])  # fmt: skip
        (folder / "complete").touch()
    return python


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=cwd, env=env, check=False, stdout=sys.stderr, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(
            f"benchmark: `{' '.join(command[:4])} …` failed with status {done.returncode}; its "
            "messages are above. The peers come from PyPI and npm: check the network, then run again."
        )
