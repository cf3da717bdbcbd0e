"""Opens a copy of the quickstart notebook in JupyterLab, or, with the word `app`, Voila's page without code.

In the browser where there is a display, else by printing the address.

The server listens on 127.0.0.1 alone and runs until interrupted. PORT names its port; without it, the first free one
from 8888 on is taken.
"""

import errno
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
COPIES = ROOT / "build" / "notebooks"
FIRST = "01_quickstart.ipynb"
APP = "app/explore.ipynb"
HOST = "127.0.0.1"
PATIENCE = 300  # seconds until the server must answer; a first start on a slow disk takes long


def is_free(port: int) -> bool:
    """Says whether we could listen on the port.

    Raises:
        SystemExit: the system forbids the port (below 1024, for most people).
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return False
            raise SystemExit(f"Cannot listen on port {port}: {problem.strerror}.") from None
    return True


def choose_port() -> int:
    """Returns the port that PORT names, or else a free one."""
    wanted = os.environ.get("PORT", "")
    if not wanted:
        return next(port for port in range(8888, 65536) if is_free(port))
    if not wanted.isdecimal() or not 1 <= int(wanted) <= 65535:
        raise SystemExit(f"PORT is {wanted!r}; expected a number from 1 to 65535, as in: make demo PORT=9000")
    if not is_free(int(wanted)):
        raise SystemExit(f"Port {wanted} is taken. Choose another, as in: make demo PORT={int(wanted) % 65535 + 1}")
    return int(wanted)


def has_display() -> bool:
    """Says whether a browser window could appear."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def wait_until_ready(server: subprocess.Popen[bytes], address: str) -> None:
    """Returns once the server answers.

    Raises:
        SystemExit: it ended, or stayed silent for PATIENCE seconds.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"The server ended at once with status {server.returncode}; its own words are above.")
        try:
            direct.open(address, timeout=10).close()
            return
        except urllib.error.HTTPError:
            return  # Voila has no such page, and says so
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"The server did not answer within {PATIENCE} seconds.")


# A saved widget is there again when the notebook is opened the next day, and nothing pops up over it.
SETTINGS = {
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def write_settings() -> None:
    """Put the demo's JupyterLab settings where this environment's JupyterLab looks for defaults."""
    folder = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(SETTINGS))


def copy_notebooks(originals: Path = NOTEBOOKS, copies: Path = COPIES) -> None:
    """Put the notebooks where they may be run and saved: what the originals hold, the tests compare.

    A copy that is there already may hold somebody's work, and stays.
    """
    copies.mkdir(parents=True, exist_ok=True)
    for original in sorted(originals.glob("*.ipynb")):
        copy = copies / original.name
        if not copy.exists():
            shutil.copyfile(original, copy)
        elif original.stat().st_mtime > copy.stat().st_mtime:
            print(f"{original.name} has changed since {copy} was made; delete the copy to get the new one.", flush=True)


def lab(port: int, token: str) -> tuple[list[str], str]:
    """Writes JupyterLab's settings and copies the notebooks; returns its command, and the path of the page to open."""
    write_settings()
    copy_notebooks()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={ROOT}"]
    command += [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--ServerApp.answer_yes=True", "--ServerApp.log_level=WARN", "--LabApp.log_level=WARN"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    return command, f"lab/tree/{(COPIES / FIRST).relative_to(ROOT).as_posix()}"


def app(port: int, token: str) -> tuple[list[str], str]:
    """Returns Voila's command, and the path of the page to open."""
    command = [sys.executable, "-m", "voila", str(ROOT / APP), "--no-browser", f"--port={port}", f"--Voila.ip={HOST}"]
    return [*command, "--Voila.port_retries=0", "--Voila.log_level=WARN", f"--token={token}"], ""


def main() -> None:
    """Serves until interrupted."""
    port = choose_port()
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(16)
    command, page = (app if sys.argv[1:] == ["app"] else lab)(port, token)
    # The kernel must be this environment's, whatever kernel of that name the user has elsewhere.
    environment = {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1"}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_until_ready(server, f"http://{HOST}:{port}/api/status?token={token}")
        url = f"http://{HOST}:{port}/{page}?token={token}"
        hint = "Shift+Enter runs a cell. " if page else ""
        print(f"\n  {url}\n\n  {hint}Ctrl+C here stops the server.\n", flush=True)
        if has_display():
            webbrowser.open(url)
        server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()


if __name__ == "__main__":
    main()
