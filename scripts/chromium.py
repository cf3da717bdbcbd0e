"""Prints the path of a Chromium for the browser tests.

Looked for in this order: the environment variable CAMWIDGET_CHROMIUM, the system's Chromium or Chrome, Playwright's
own. With `--install`, one that is missing is installed: Debian's package where we may (root, or sudo without a
password), else Playwright's own. Everything but the path goes to standard error.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPLICATION = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def works(path: str) -> bool:
    """Says whether the program starts; Ubuntu's `chromium-browser`, for one, may be an advertisement for a snap."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


def from_system() -> str | None:
    """Returns the first system Chromium or Chrome that starts."""
    paths = [shutil.which(name) for name in SYSTEM_NAMES]
    return next((path for path in [*paths, MAC_APPLICATION] if path and works(path)), None)


def from_playwright() -> str | None:
    """Returns Playwright's own Chromium, if it has been downloaded and starts."""
    # In a process of its own: its driver does not start on a bare system, and says so in a traceback.
    program = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    path = answer.stdout.strip()
    return path if answer.returncode == 0 and Path(path).exists() and works(path) else None


def find() -> str | None:
    """Returns the path of a Chromium that starts, or None.

    Raises:
        SystemExit: CAMWIDGET_CHROMIUM names something that is no Chromium; no other is tried in its place.
    """
    named = os.environ.get("CAMWIDGET_CHROMIUM")
    if named:
        if not works(named):
            raise SystemExit(f"CAMWIDGET_CHROMIUM is {named!r}, which does not start as a Chromium.")
        return named
    return from_system() or from_playwright()


def install_debian() -> None:
    """Installs Debian's chromium package, if this is Debian and we may."""
    if not shutil.which("apt-get") or platform.freedesktop_os_release().get("ID") != "debian":
        return  # Ubuntu's package of that name only leads to a snap
    sudo: list[str] = []
    if os.geteuid() != 0:
        sudo = ["sudo", "-n"]
        if not shutil.which("sudo") or subprocess.run([*sudo, "true"], capture_output=True).returncode != 0:
            return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # The letters that it draws with, and a library of Playwright's driver.
    packages = ["chromium", "fonts-dejavu-core", "libatomic1"]
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        subprocess.run([*sudo, *command], stdout=sys.stderr, env=environment)


def install_playwright() -> None:
    """Downloads Playwright's own Chromium."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr)


def main() -> int:
    """Prints the path; returns the exit status."""
    path = find()
    if path is None and "--install" in sys.argv[1:]:
        print("No Chromium found; installing one for the browser tests ...", file=sys.stderr)
        install_debian()
        path = from_system()
        if path is None:
            install_playwright()
            path = from_playwright()
    if path is None:
        print(
            "No Chromium for the browser tests. Install one (Debian: apt-get install chromium; else: Google Chrome, "
            "or .venv/bin/playwright install --with-deps chromium), or name one: CAMWIDGET_CHROMIUM=/path/to/it",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
