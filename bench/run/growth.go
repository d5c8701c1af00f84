package main

import (
	"strings"
	"time"
)

// growing leads the ids of the workloads that grow along one axis.
const growing = "grow-"

// grows says whether a workload is one of growth's.
func (w workload) grows() bool { return strings.HasPrefix(w.id, growing) }

// growth are the workloads that grow along one axis at a time.
func growth(time.Duration) []workload { return nil }
