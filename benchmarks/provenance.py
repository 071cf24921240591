"""Where numbers come from: the commit, the machine and the versions behind a run."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["ROOT", "provenance"]

ROOT = Path(__file__).resolve().parent.parent
"""The top folder of the project."""

PACKAGES = ("numpy", "scipy", "opencv-python", "pillow", "PyWavelets", "scikit-image", "ssimulacra2")
GIBIBYTE = 2**30


def provenance() -> dict[str, object]:
    """Describe this run.

    Returns
    -------
    facts : dict
        ``commit`` (with ``+`` when files differ from it), ``machine``, ``cores``, ``memory_gib``, ``python`` and
        ``versions`` by package; None for a package that is not installed.
    """
    return {
        "commit": _commit(),
        "machine": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIBIBYTE),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in PACKAGES},
    }


def _commit() -> str:
    """Name the commit that is checked out; ``unknown`` outside a repository."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "src")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + "+" * bool(changed)


def _git(*words: str) -> str:
    """Ask git about this checkout."""
    answer = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True)  # noqa: S607 - git is where the user has it
    return answer.stdout.strip()


def _processor() -> str:
    """Name the processor as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    """Look up an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
