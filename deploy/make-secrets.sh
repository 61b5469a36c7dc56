#!/bin/sh
# Makes the secrets that docker-compose.yml names, as files of the directory `secrets` (or the one given).
# A file that is there already is never changed. Needs nothing but a shell.
set -eu
directory=${1:-secrets}

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() { # NAME CONTENT
    if [ ! -e "$directory/$1" ]; then
        printf '%s\n' "$2" >"$directory/$1"
        # Containers run as other users than the owner of these files: they must be able to read them. Nobody else
        # on this machine is, because of the mode of the directory.
        chmod 0444 "$directory/$1"
        echo "made $directory/$1"
    fi
}

umask 077
mkdir -p "$directory/channels"
chmod 0700 "$directory"
chmod 0755 "$directory/channels"

keep postgres_password "$(random)"
keep database_url "postgresql://alerts:$(cat "$directory/postgres_password")@postgres:5432/alerts"
keep redis_password "$(random)"
keep broker_url "redis://alerts:$(cat "$directory/redis_password")@redis:6379/0"
# Whoever does not log in may ask whether the server is there, and nothing else.
keep redis_users "user default on nopass -@all +ping
user alerts on >$(cat "$directory/redis_password") ~* &* +@all -@admin"
keep signing_key "$(random)"
keep operator_token "$(random)"
