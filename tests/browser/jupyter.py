"""A JupyterLab server for tests: on 127.0.0.1 alone, in a temporary folder, its kernel the tests' interpreter."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

# Seconds. Reached only when something is broken: on busy cores the first import of TensorFlow alone takes a minute.
PATIENCE = float(os.environ.get("CAMWIDGET_PATIENCE", "240"))
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Straight to 127.0.0.1, whatever proxy the environment names.
# Kernels by generation: up to ipykernel 6 a widget's observers run on the main thread, from 7 on in another one.
# `make` puts one of the older kind here, beside the one that is installed.
OLDER_KERNEL = Path(sys.prefix) / "older-kernel"
_OLDER_FIRST = os.pathsep.join([str(OLDER_KERNEL), *filter(None, [os.environ.get("PYTHONPATH")])])
KERNELS: dict[str, dict[str, str]] = {"python3": {}, "older": {"PYTHONPATH": _OLDER_FIRST}}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address and the folders in which it keeps what."""

    url: str
    notebooks: Path
    runtime: Path  # the kernels' connection files
    settings: Path  # JupyterLab's user settings, read anew by each page

    def ask(self, path: str, method: str = "GET") -> Any:
        """Asks the server's REST interface and returns its answer."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with DIRECT.open(request, timeout=PATIENCE) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def set(self, plugin: str, **setting: object) -> None:
        """Writes a JupyterLab plugin's user settings, for the pages opened from now on."""
        package, name = plugin.split(":")
        file = self.settings / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(setting))

    def write_notebook(self, name: str, cells: Sequence[str], kernel: str) -> None:
        """Writes a notebook of these code cells for a kernel in `KERNELS`."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(notebook, self.notebooks / name)

    def session(self, name: str) -> dict[str, Any] | None:
        """The session of an open notebook, once its kernel is there."""
        sessions = self.ask("sessions")
        return next((each for each in sessions if each["path"] == name and each["kernel"]), None)


@contextmanager
def serve(home: Path) -> Iterator[Server]:
    """Runs JupyterLab, all its folders inside `home`, without a token."""
    names = ("notebooks", "share", "config", "data", "runtime", "ipython")
    folders = {name: home / name for name in names}
    for folder in folders.values():
        folder.mkdir()
    for name, environment in KERNELS.items():
        _write_kernel(folders["share"] / "kernels" / name, environment)
    port = _free_port()
    server = Server(
        f"http://127.0.0.1:{port}", folders["notebooks"], folders["runtime"], folders["config"] / "settings"
    )
    # Nothing may pop up over the notebook.
    server.set("@jupyterlab/apputils-extension:notification", fetchNews="false", checkForUpdates=False)
    environment = {
        **os.environ,
        "JUPYTER_PATH": str(folders["share"]),
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "JUPYTERLAB_SETTINGS_DIR": str(server.settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folders["config"] / "workspaces"),
        "IPYTHONDIR": str(folders["ipython"]),
    }
    environment.pop("JUPYTER_TOKEN", None)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={server.notebooks}"]
    command += ["--expose-app-in-browser"]  # pages then say whether they have reached their kernel
    command += ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.terminate()  # it ends its kernels before itself
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_kernel(folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": argv, "display_name": folder.name, "language": "python", "env": environment}
    (folder / "kernel.json").write_text(json.dumps(kernel))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            server.ask("status")
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}") from None
            time.sleep(0.1)
