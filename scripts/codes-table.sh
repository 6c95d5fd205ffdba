#!/usr/bin/env bash
# The tables of docs/results-codes.md: an autoencoder and a classifier of MNIST through five kinds of codes, quality of what the
# receiver makes of the messages against the bytes that they took. One line a code: mean and standard deviation over the seeds.
#   scripts/codes-table.sh MNIST [autoencoder|classifier]      MNIST: a folder with its IDX files
# ISTHMUS names another program than ./isthmus, SEEDS other seeds than 0 to 4.
set -euo pipefail
data=${1:?usage: scripts/codes-table.sh MNIST [autoencoder|classifier]}
which=${2:-both}
isthmus=${ISTHMUS:-$(dirname "$0")/../isthmus}
seeds=${SEEDS:-0 1 2 3 4}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# row NAME QUALITY ARGUMENTS…: trains with every seed and prints a line of the table.
row() {
  local name=$1 quality=$2 seed
  shift 2
  for seed in $seeds; do
    $isthmus train "$data" "$@" --seed "$seed" --out "$runs/${name// /-}-$quality-$seed" --json --quiet
  done | awk -v name="$name" -v quality="$quality" '
    function number(text, field) {
      if (!match(text, "\"" field "\":[-+.0-9eE]+")) { print "no " field " in: " text > "/dev/stderr"; exit 1 }
      return substr(text, RSTART + length(field) + 3, RLENGTH - length(field) - 3) + 0
    }
    {
      bill = substr($0, index($0, "\"bill\":{"))
      b = number(bill, "stream_bits"); q = number(bill, quality)
      n++; sb += b; sbb += b * b; sq += q; sqq += q * q
    }
    function deviation(sum, squares) { v = n > 1 ? (squares - sum * sum / n) / (n - 1) : 0; return v > 0 ? sqrt(v) : 0 }
    END { printf "| %s | %.1f ± %.1f | %.4f ± %.4f | %d |\n", name, sb / n, deviation(sb, sbb), sq / n, deviation(sq, sqq), n }'
}

if [ "$which" != classifier ]; then
  network=(--task reconstruction --set objective=mse --epochs 5)
  printf '| autoencoder | bill, bits an image | MSE | seeds |\n|---|---|---|---|\n'
  row "pca, 48 components, step 1.85" mse --task reconstruction --bottleneck pca --set bottleneck.latent=48 --set bottleneck.step=1.85 --epochs 0
  row "vq, 6 heads of 256 codes" mse "${network[@]}" --bottleneck vq --set bottleneck.heads=6
  row "fsq, 5 heads" mse "${network[@]}" --bottleneck fsq --set bottleneck.heads=5
  row "vib, dithered, beta 0.05" mse "${network[@]}" --bottleneck vib --latent 32 --beta 0.05
  row "entropic, beta 0.2" mse "${network[@]}" --bottleneck entropic --set bottleneck.latent=32 --set bottleneck.beta=0.2
fi
[ "$which" != both ] || echo
if [ "$which" != autoencoder ]; then
  network=(--epochs 5)
  printf '| classifier | bill, bits an image | accuracy | seeds |\n|---|---|---|---|\n'
  row "pca, 48 components, step 0.65" accuracy "${network[@]}" --bottleneck pca --set bottleneck.latent=48 --set bottleneck.step=0.65
  row "pca, 12 components, step 3.5" accuracy "${network[@]}" --bottleneck pca --set bottleneck.latent=12 --set bottleneck.step=3.5
  row "vq, 1 head of 256 codes" accuracy "${network[@]}" --bottleneck vq
  row "fsq, 1 head" accuracy "${network[@]}" --bottleneck fsq
  row "vib, dithered, beta 0.01" accuracy "${network[@]}" --bottleneck vib --latent 8 --beta 0.01
  row "entropic, beta 0.05" accuracy "${network[@]}" --bottleneck entropic --set bottleneck.latent=8 --set bottleneck.beta=0.05
fi
