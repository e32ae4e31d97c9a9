# SPDX-License-Identifier: Apache-2.0
"""Where a run came from: the command, the source's commit, the versions and the machine."""

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import torch

from handcraft.cores import available_cores

_DISTRIBUTIONS = {name: name for name in ("handcraft", "torch", "anny", "accelerate")} | {"warp": "warp-lang"}


def command_line() -> str:
    """The command this process was started with, as a shell would read it."""
    name = Path(sys.argv[0]).name
    is_script = name.endswith(".py") or not name
    return shlex.join(["python", *sys.orig_argv[1:]] if is_script else [name, *sys.argv[1:]])


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def git_commit(folder: Path = Path(__file__).parent) -> str | None:
    """The commit of the repository that tracks ``folder``, ``+modified`` appended if files there differ from it.

    None outside a repository, before its first commit, without git, and where a repository merely surrounds
    ``folder`` (an environment inside somebody's project) without tracking what is in it.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None or not _git(folder, "ls-files", "."):
        return None
    return commit + ("+modified" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def versions() -> dict[str, str]:
    """Versions of Python, handcraft and the parts that decide its numbers."""
    found = {"python": platform.python_version()}
    for name, distribution in _DISTRIBUTIONS.items():
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> dict[str, str | int | float]:
    """Cores this process may use, memory in GiB, platform, and the accelerator's name (``cpu`` where there is none)."""
    return {
        "platform": platform.platform(),
        "cores": available_cores(),
        "memory_gib": _memory_gib(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def _memory_gib() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 0.0
