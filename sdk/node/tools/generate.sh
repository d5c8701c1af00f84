#!/bin/sh
# Generates src/pb from ../../proto. The output is committed: a build needs neither this nor a network.
set -eu
cd "$(dirname "$0")/.."
root=$(cd ../.. && pwd)
buf=${BUF:-$(ls "$root"/.cache/bin/*/buf 2>/dev/null | head -1)}
buf=${buf:-buf}
"$buf" --version >/dev/null # before the old code goes
rm -rf src/pb/hub src/pb/google
cat > tools/.buf.gen.yaml <<YAML
version: v2
plugins:
  - local: ["node_modules/.bin/protoc-gen-ts_proto"]
    out: src/pb
    include_imports: true
    opt:
      - esModuleInterop=true
      - outputServices=none
      - outputJsonMethods=false
      - outputPartialMethods=true
      - outputTypeRegistry=false
      - outputClientImpl=false
      - oneof=unions
      - useOptionals=none
      - forceLong=number
      - env=node
      - useDate=false
      - removeEnumPrefix=false
      - outputExtensions=false
      - useExactTypes=false
      - exportCommonSymbols=false
      - importSuffix=.js
YAML
"$buf" generate --template tools/.buf.gen.yaml "$root/proto"
rm tools/.buf.gen.yaml
# The reader and writer are our own, over Buffers: see src/pb/wire.ts.
find src/pb/hub src/pb/google -name '*.ts' | while read -r file; do
  up=$(dirname "${file#src/pb/}" | sed 's#[^/][^/]*#..#g')
  sed -i "s#\"@bufbuild/protobuf/wire\"#\"$up/wire.js\"#" "$file"
done
# Numbers of the contract stay below 2^53, and bytes are views: nothing is copied that nobody keeps.
find src/pb/hub src/pb/google -name '*.ts' | xargs sed -i \
  -e 's#longToNumber(reader.\(u\?int64\)())#reader.\1()#' \
  -e 's#Buffer.from(reader.bytes())#reader.bytes()#' \
  -e '/^function longToNumber/,/^}/d'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$buf" build "$root/proto" --as-file-descriptor-set -o "$work/contract.json"
node tools/contract.mjs "$work/contract.json" >src/pb/hub/v1/contract.ts
