#!/bin/sh
# Records what ansible-core says about the inventories beside this script (all, or those named) as expected.json.
# Needs ansible-core 2.19, for TOML tomli-w as well; PYTHON names the interpreter that has it.
set -eu
exec "${PYTHON:-python3}" "$(dirname "$0")/record.py" "$@"
