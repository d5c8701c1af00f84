package descriptors

// Bounds of what is kept back for operators, services and files.
const (
	minReserve, maxReserve = 64, 1024
	reserveFraction        = 16 // of the limit, between the two
)

// Budget says who may have how many of the descriptors.
type Budget struct {
	// Limit is that of the process. Zero: the system has none, or does not tell.
	Limit int
	// Browsers have descriptors below this one, Services below that one. Zero: no bound.
	Browsers, Services int
}

// Plan makes the budget of this process. Go has raised the soft limit to the hard one.
func Plan() Budget { return planFor(limit()) }

func planFor(limit int) Budget {
	if limit <= 0 {
		return Budget{}
	}
	reserve := min(max(limit/reserveFraction, minReserve), maxReserve)
	reserve = min(reserve, limit/2)
	return Budget{Limit: limit, Browsers: limit - reserve, Services: limit - reserve/4}
}
