#!/bin/sh
# Installs what the engine tests need and the machine lacks; for Debian and Ubuntu, as root.
set -eu

PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in dockerd:docker.io debootstrap:debootstrap iptables:iptables nginx:nginx-light chromium:chromium rabbitmq-server:rabbitmq-server promtool:prometheus; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests of containers, pages and RabbitMQ start a Docker engine, a browser, a broker and a Prometheus: run them as root on Debian or Ubuntu. Missing:$missing" >&2
    exit 1
fi
apt-get update -q
# No RabbitMQ or Prometheus of the system is to run: the tests start their own.
[ -e /usr/sbin/policy-rc.d ] || {
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
