# What .ci/run and .ci/nightly share: sourced by both, in the folder of the checkout.
#
# All steps work on a clean copy of the checkout, without a developer's .env, database or exported settings. PostgreSQL
# is expected on 127.0.0.1:5432 (user root, trust, database "test"). Steps whose programs are missing are skipped, or
# fail where CI=true.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE  # as in the Makefile: or every process compiles all the code again

python3=${PYTHON:-python3}
work=$(mktemp -d)
scratch="newsfold_ci_$$"
postgres="postgres://root@127.0.0.1:5432"
redis=""
has_postgres=""

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
fail() { printf '%s\n' "$1" >&2; exit 1; }
skip() {  # a step that can't be run: $1 says why
    [ "${CI:-}" != true ] || fail "$1"
    printf '%s Skipped.\n' "$1"
}

clean_up() {
    status=$?
    if [ -n "$redis" ]; then kill "$redis" 2>/dev/null || true; fi
    if [ -n "$has_postgres" ]; then sql "DROP DATABASE IF EXISTS $scratch" || true; fi
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

answers() { "$python3" -c "import socket; socket.create_connection(('127.0.0.1', $1), 2)" 2>/dev/null; }
free_port() { "$python3" -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"; }
sql() {
    .venv/bin/python -c "import psycopg, sys; psycopg.connect('$postgres/test', autocommit=True).execute(sys.argv[1])" "$1"
}
copy_to() {  # the checkout without what a developer's machine adds to it
    mkdir -p "$1"
    tar -cf - --exclude=./.git --exclude=./.venv --exclude=./.env --exclude='./db.sqlite3*' --exclude=./var \
        --exclude=__pycache__ --exclude='./.*_cache' --exclude=./.hypothesis . | tar -xf - -C "$1"
}

# A command without the settings that a developer has exported: those that .env.example names, and the tests' own.
unset_all=()
for name in $(sed -nE 's/^#?([A-Z][A-Z_]*)=.*/\1/p' .env.example) TEST_DATABASE_URL TEST_CACHE_URL \
    DJANGO_SETTINGS_MODULE PORT SERVE; do unset_all+=(-u "$name"); done
isolated() { env "${unset_all[@]}" "$@"; }
isolated_make() { isolated make --no-print-directory "$@"; }

install_debian_packages() {  # each argument: command=package
    local missing=""
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || [ -x "/usr/sbin/${pair%%=*}" ] || missing="$missing ${pair#*=}"
    done
    "$python3" -c "import ensurepip, venv" 2>/dev/null || missing="$missing python3-venv"
    if [ -z "$missing" ]; then
        echo "All there."
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # shellcheck disable=SC2086
        apt-get install -y -qq --no-install-recommends $missing >/dev/null || echo "Not installed:$missing."
    else
        echo "Not installed, for want of root or apt-get:$missing."
    fi
}

enter_clean_copy() {
    isolated_make install PYTHON="$python3"
    origin=$PWD
    copy_to "$work/checkout"
    cd "$work/checkout"
    ln -s "$origin/.venv" .venv
    if [ -d "$origin/../shared" ]; then ln -s "$origin/../shared" "$work/shared"; fi  # real documents
}

start_services() {  # sets has_postgres, with an empty database $scratch, and cache, the URL of a Redis
    cache=""
    if ! answers 5432; then
        skip "PostgreSQL doesn't answer on 127.0.0.1:5432. Start it with a database \"test\" for user root (trust)."
        return
    fi
    has_postgres=yes
    sql "CREATE DATABASE $scratch"
    if answers 6379; then
        cache="redis://127.0.0.1:6379/9"
    elif command -v redis-server >/dev/null; then
        local port
        port=$(free_port)
        redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$work" >/dev/null &
        redis=$!
        for _ in $(seq 50); do answers "$port" && break; sleep 0.1; done
        cache="redis://127.0.0.1:$port/0"
    else
        skip "Redis doesn't answer on 127.0.0.1:6379, and there is no redis-server to start."
    fi
}
with_services() { isolated TEST_DATABASE_URL="$postgres/$scratch" ${cache:+TEST_CACHE_URL="$cache"} make --no-print-directory "$@"; }
