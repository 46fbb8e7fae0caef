#!/bin/sh
# Installs what the engine tests need and the machine lacks; for Debian and Ubuntu, as root.
set -eu

PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in dockerd:docker.io debootstrap:debootstrap iptables:iptables docker-compose:docker-compose nginx:nginx-light chromium:chromium; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests of containers and pages start a Docker engine and a browser: run them as root on Debian or Ubuntu. Missing:$missing" >&2
    exit 1
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
