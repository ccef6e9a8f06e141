#!/bin/sh
# Builds a Python plugin: `build.sh FOLDER` leaves FOLDER/target/component.wasm, still without its manifest.
set -eu
sdk=$(cd "$(dirname "$0")" && pwd)
cd "$1"
mkdir -p target

# One environment a folder, made again when what it is made of changes.
venv=$PWD/target/python
[ -f requirements.txt ] && own=requirements.txt || own=/dev/null
made_of=$(python3 -VV && cat "$sdk/requirements.txt" "$own")
if [ "$(cat "$venv/made-of" 2>/dev/null)" != "$made_of" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$sdk/requirements.txt" --requirement "$own"
    echo "$made_of" > "$venv/made-of"
fi

kinds=$(sed -n 's/^\[\(scorer\|campaign\|connector\|analyzer\)\]$/\1/p' plugin.toml)
PYTHONPATH=$sdk "$venv/bin/python" -B -m guanxi_plugin.world $kinds > target/world.wit
RUST_BACKTRACE=0 VIRTUAL_ENV=$venv "$venv/bin/componentize-py" --quiet \
    --wit-path "$sdk/../../wit" --wit-path target/world.wit --world guanxi:built/component \
    componentize --python-path . --python-path "$sdk" --stub-wasi --output target/component.wasm guanxi_plugin.component
