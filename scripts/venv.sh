#!/bin/sh
# Makes the virtual environment $1. The interpreter is $PYTHON, or else the first that TensorFlow has packages for.
set -eu
venv=$1

between() { # between PYTHON MINOR MINOR: is this a Python 3 of a minor version in the range?
    "$1" -c "import sys; sys.exit(not (3, $2) <= sys.version_info[:2] <= (3, $3))" >/dev/null 2>&1
}

choose() {
    for name in python3 python3.13 python3.12 python3.11 python3.10 python; do
        if between "$name" 10 13; then echo "$name" && return; fi
    done
    for name in python3 python; do # newer ones too, by the time TensorFlow has packages for them
        if between "$name" 10 99; then echo "$name" && return; fi
    done
}

if [ -z "${PYTHON:-}" ] && between "$venv/bin/python" 10 99 && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0 # somebody made it already; it stays
fi
python=${PYTHON:-$(choose)}
if [ -z "$python" ] || ! between "$python" 10 99; then
    echo "camwidget needs Python 3.10 or later (TensorFlow has packages for 3.10 to 3.13)." >&2
    echo "Found: ${python:-$(python3 --version 2>&1 || true)}. Install one, or name one: make PYTHON=/path/to/python3" >&2
    exit 1
fi

echo "Making $venv with $("$python" --version) ..."
rm -rf "$venv"
if ! "$python" -m venv "$venv" >"$venv.log" 2>&1; then
    # Debian and Ubuntu keep ensurepip in a package of its own; a pip outside can stand in for it.
    rm -rf "$venv"
    if ! { "$python" -m venv --without-pip "$venv" && "$python" -m pip --python "$venv" install --quiet pip; } >>"$venv.log" 2>&1; then
        cat "$venv.log" >&2
        rm -rf "$venv" "$venv.log"
        echo "$python cannot make a virtual environment: it has neither ensurepip nor pip. Install what it lacks:" >&2
        echo "  Debian, Ubuntu: sudo apt-get install python3-venv      Fedora: sudo dnf install python3-pip" >&2
        echo "or name another interpreter: make PYTHON=/path/to/python3" >&2
        exit 1
    fi
fi
rm -f "$venv.log"
# Editable installs and extras that name each other want a pip of 2022.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "pip>=22.3"
