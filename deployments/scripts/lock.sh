#!/bin/sh
# Writes requirements.txt, requirements-dev.txt and that of the image from pyproject.toml: exact versions and
# hashes, no address of any package index. $1 is the Python to use.
set -eu

python=$1
"$python" -m pip install --quiet uv

lock() {
    output=$1
    shift
    echo "# Written by \`make lock\` from pyproject.toml. Every version is pinned and hashed; do not edit by hand." >"$output.new"
    # The file that is there goes first: uv keeps its versions unless pyproject.toml forbids them.
    cp "$output" "$output.tmp" 2>/dev/null || : >"$output.tmp"
    # docopt is that of num2words' command, which nobody calls, and there is no wheel of it.
    "$python" -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --no-strip-extras --no-emit-package docopt --quiet "$@" -o "$output.tmp" >/dev/null
    grep -v '^# Written by' "$output.tmp" >>"$output.new"
    rm "$output.tmp"
    mv "$output.new" "$output"
}

lock requirements.txt --extra embedded --extra speech --extra separation --extra speakers --extra voice --extra video --extra documents --extra promotion --extra reports --extra s3 --extra translation
lock requirements-dev.txt --all-extras
# The image has a server and a broker beside it instead of within.
lock deployments/docker/requirements.txt --extra speech --extra separation --extra speakers --extra voice --extra video --extra documents --extra promotion --extra reports --extra s3 --extra translation \
    --extra docker --extra cluster --extra amqp
