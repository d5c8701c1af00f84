package hostile_test

import (
	"fmt"

	"github.com/siohub/siohub/test/hostile"
	"github.com/siohub/siohub/test/hostile/services"
)

// kinds lists the kinds in the order of the report.
var kinds = []string{"http", "polling", "frames", "upgrade", "packets", "binary", "slow", "revision3", "grpc", "grpcwire", "origin", "deflate", "token"}

// inputs makes all rows for the target.
func inputs(t *hostile.Target) []hostile.Input {
	rows := hostile.BrowserInputs()
	if t.Control != "" {
		rows = append(rows, services.Inputs()...)
	}
	return unique(rows)
}

// inputsOfServe makes the rows that `hub serve` is needed for.
func inputsOfServe() []hostile.Input {
	return unique(append(hostile.ServeInputs(), services.TokenInputs()...))
}

// unique numbers names that occur twice, so that each can be run by its own.
func unique(rows []hostile.Input) []hostile.Input {
	seen := map[string]int{}
	for i := range rows {
		key := rows[i].Kind + "/" + rows[i].Name
		seen[key]++
		if n := seen[key]; n > 1 {
			rows[i].Name = fmt.Sprintf("%s (%d)", rows[i].Name, n)
		}
	}
	return rows
}
