"""The contract, proto/hub/v1, made by generate.sh. Not for programs: it has no stable names."""
