#!/bin/sh
# Builds component.wasm; needs Node.js 20 or newer. The WASI that the JavaScript engine brings along is stubbed out.
set -eu
cd "$(dirname "$0")"
npm ci
npx componentize-qjs --wit ../../../wit --world campaign-plugin --js hello.js --stub-wasi --sync --opt-size --output component.wasm
