#!/usr/bin/env bash
# The figures of docs/results.md: five seeds of MNIST and of California Housing through a variational bottleneck, and beside it
# one sample, a mixture prior and no bottleneck. Needs the data of tests/unit/TestData.cs: results-main.sh FOLDER
# Prints one line a run: name, seed, quality, bound, the estimate's ends, bill, seconds.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${1:?the folder that holds mnist/ and tabular/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

field() { grep -o "\"$1\":[-0-9.eE]*" "$work/out.json" | head -1 | cut -d: -f2; }

row() { # NAME SEED QUALITY ARGUMENTS...
    local name=$1 seed=$2 quality=$3
    shift 3
    "$root/isthmus" train "$@" --seed "$seed" --out "$work/run-$name-$seed" --json --quiet >"$work/out.json"
    printf '%-22s seed %s  %s %s  bound %s  estimate %s..%s  bill %s  seconds %s\n' "$name" "$seed" "$quality" "$(field "$quality")" \
        "$(field bound_bits)" "$(field low_bits)" "$(field high_bits)" "$(field bill_bits)" "$(field seconds)"
}

for seed in 0 1 2 3 4; do
    row mnist-vib-mean $seed accuracy "$data/mnist"
    row mnist-vib-sample $seed accuracy "$data/mnist" --inference sample
    row mnist-vib-mixture $seed accuracy "$data/mnist" --set bottleneck.prior=mixture
    row mnist-identity $seed accuracy "$data/mnist" --bottleneck identity
    row mnist-identity-dropout $seed accuracy "$data/mnist" --bottleneck identity --set encoder.dropout=0.3
    row california-vib $seed r2 "$data/tabular/cal_housing.data" --target median_house_value
    row california-identity $seed r2 "$data/tabular/cal_housing.data" --target median_house_value --bottleneck identity
done
