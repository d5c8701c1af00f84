package main

import "time"

// growth are the workloads that grow along one axis at a time.
func growth(time.Duration) []workload { return nil }
