package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// sample is one round of one server under one workload: a line of the results.
type sample struct {
	// Series is when its series began: only within one are figures compared.
	Series   time.Time       `json:"series"`
	Workload string          `json:"workload"`
	Peer     string          `json:"peer"`
	Round    int             `json:"round"`
	Result   *loadgen.Result `json:"result"`
	// RestedBytes is the server's memory a connection after a rest.
	RestedBytes float64 `json:"rested_bytes,omitempty"`
}

// cost is the i-th process's CPU in µs for an operation, or for a connection and
// second where there are none; below zero where there is no such process.
func (s sample) cost(i int) float64 {
	if i >= len(s.Result.Processes) {
		return -1
	}
	per := float64(s.Result.Operations)
	if s.Result.Scenario == loadgen.Idle {
		per = float64(s.Result.Connections) * s.Result.Elapsed.Seconds()
	}
	return float64(s.Result.Processes[i].CPU.Microseconds()) / max(1, per)
}

// String is a line of progress.
func (s sample) String() string {
	text := fmt.Sprintf("-- %s, %s, round %d: %.2f µs", s.Workload, s.Peer, s.Round, s.cost(0))
	if app := s.cost(1); app >= 0 {
		text += fmt.Sprintf(" + %.2f µs", app)
	}
	if s.RestedBytes > 0 {
		text += fmt.Sprintf(", %.0f B a connection", s.RestedBytes)
	}
	return text + fmt.Sprintf(", %.0f/s, p50 %v, p99 %v", s.Result.PerSecond(), s.Result.Latency.P50, s.Result.Latency.P99)
}

// spread is a median with the least and the greatest value.
type spread struct{ median, least, greatest float64 }

// of takes the median of one peer's rounds.
func (m metric) of(samples []sample, peer string) (spread, bool) {
	var values []float64
	for _, s := range samples {
		if s.Peer == peer {
			values = append(values, m.value(s))
		}
	}
	return middle(values)
}

func middle(values []float64) (spread, bool) {
	if len(values) == 0 {
		return spread{}, false
	}
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return spread{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}, true
}

// resultsFile is where the rounds of a workload are kept.
func resultsFile(w workload) string {
	if w.grows() {
		return "bench/results/growth.jsonl"
	}
	return "bench/results/marks.jsonl"
}

// keep puts a new series in the place of a workload's last one.
func keep(file, workload string, samples []sample) error {
	all, err := read(file)
	if err != nil {
		return err
	}
	all = append(slices.DeleteFunc(all, func(s sample) bool { return s.Workload == workload }), samples...)
	return writeLines(file, all)
}

// read returns the samples of a file; none where there is no file.
func read(file string) ([]sample, error) { return readLines[sample](file) }

// readLines reads a value from each line of a file; none where there is no file.
func readLines[T any](file string) ([]T, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []T
	for line := range bytes.Lines(text) {
		var s T
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// writeLines writes a line for each value.
func writeLines[T any](file string, all []T) error {
	var b bytes.Buffer
	for _, s := range all {
		line, err := json.Marshal(s)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
