package hostile

import "fmt"

// kinds lists the kinds in the order of the report.
var kinds = []string{"http", "polling", "frames", "upgrade", "packets", "binary", "slow", "grpc", "grpcwire", "origin", "deflate", "token"}

// inputs makes all rows for the target.
func inputs(t *target) []input {
	var all []input
	for _, make := range []func() []input{
		httpInputs, pollingInputs, frameInputs, upgradeInputs, packetInputs, binaryInputs, stringInputs, slowInputs,
	} {
		all = append(all, make()...)
	}
	if t.control != "" {
		all = append(all, append(grpcInputs(), grpcWireInputs()...)...)
	}
	return unique(all)
}

// unique numbers names that occur twice, so that each can be run by its own.
func unique(all []input) []input {
	seen := map[string]int{}
	for i := range all {
		key := all[i].kind + "/" + all[i].name
		seen[key]++
		if n := seen[key]; n > 1 {
			all[i].name = fmt.Sprintf("%s (%d)", all[i].name, n)
		}
	}
	return all
}
