#!/bin/sh
# Builds component.wasm; needs Python 3.10 or newer. The WASI that the Python engine brings along is stubbed out.
set -eu
cd "$(dirname "$0")"
python3 -m venv target/venv
target/venv/bin/pip install --quiet --requirement requirements.txt
target/venv/bin/componentize-py --wit-path ../../../wit --world campaign-plugin componentize hello --stub-wasi --output component.wasm
