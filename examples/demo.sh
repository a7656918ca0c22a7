#!/bin/sh
# One child, then a registry. `make demo` calls this with BIN, the folder of the installed command.
set -eu
REALL="${BIN:-.venv/bin}/reall"
HERE=$(dirname "$0")
OUT=demo-out
mkdir -p "$OUT"

"$REALL" assess "$HERE/cases/late-marrow-mrd-between-cut-offs.yaml" --html "$OUT/board.html"
"$REALL" cohort assign "$HERE/registry.csv" --out "$OUT/assigned.csv"

echo
echo "The page for the tumour board: $OUT/board.html"
echo "The registry with every system's answer: $OUT/assigned.csv"
