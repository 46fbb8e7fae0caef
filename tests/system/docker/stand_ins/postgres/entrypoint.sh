#!/bin/sh
# Makes the cluster, its user and its database at the first start, then becomes the server.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$PGDATA"
    exec setpriv --reuid postgres --regid postgres --clear-groups sh "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "${POSTGRES_PASSWORD:?}" >/tmp/password
    initdb --encoding=UTF8 --locale=C.UTF-8 --username="${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust >&2
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    printf 'CREATE DATABASE "%s";\n' "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" \
        | postgres --single -D "$PGDATA" template1 >/dev/null
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql,/tmp
