#!/bin/sh
# Makes the virtual environment $1 (or takes the one that is there) and installs the pinned packages of $2 and the
# project itself into it. May be cut at any point and called again: pip keeps what it has fetched.
set -eu

venv=$1
requirements=$2

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# The environment of another checkout or of a Python that is gone does not work any more.
if ! new_enough "$venv/bin/python"; then
    python=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Contraponto needs Python 3.11 or newer; found: $(python3 --version 2>/dev/null || echo none)." >&2
        echo "Install it (Debian and Ubuntu: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2
        exit 1
    fi
    echo "Making $venv with $("$python" --version)"
    if ! "$python" -m venv --clear "$venv"; then
        rm -rf "$venv"
        echo "$python cannot make virtual environments. Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi

log=$venv/install.log

# Runs a command: with its progress in a terminal; elsewhere, where pip writes lines for every package, into the log,
# whose end is shown if the command fails.
quietly() {
    if [ -t 1 ]; then
        "$@"
        return
    fi
    if "$@" >>"$log" 2>&1; then
        return
    else
        code=$?
    fi
    echo "The installation failed (exit code $code). The end of $log:" >&2
    tail -n 30 "$log" >&2
    return "$code"
}

: >"$log"
# A cut `python -m venv` leaves an environment without pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || quietly "$venv/bin/python" -m ensurepip --upgrade

# What runs finds other files where it looks for more of its own packages: a server answers with errors then, and jobs
# fail.
changed=
if [ -x "$venv/bin/contraponto" ]; then
    changed=$("$venv/bin/python" "$(dirname "$0")/changed_packages.py" "$requirements" || true)
fi
if [ -n "$changed" ]; then
    echo "Other versions: $changed. What runs from $venv is stopped before; \`make up\` starts it again."
    "$venv/bin/contraponto" down || echo "It could not be stopped, and may fail meanwhile." >&2
fi

echo "Installing the packages of $requirements ($(grep -c '^[A-Za-z0-9].*==' "$requirements" || true) pinned)"
# The file names every package, so there is nothing to resolve; older pips get lost when a newer version exists.
quietly "$venv/bin/python" -m pip install --no-deps --require-hashes -r "$requirements"
quietly "$venv/bin/python" -m pip install --quiet --no-deps -e .
count=$("$venv/bin/python" -m pip list --format=freeze 2>/dev/null | grep -c '==' || true)
echo "Installed: $venv has $count packages"
