package loadgen

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used so far.
type usage struct {
	cpu time.Duration
	rss int64
}

// clockTick is the unit of CPU times in /proc: a hundredth of a second on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// readUsage reads /proc/PID/stat.
func readUsage(pid int) (usage, error) {
	if runtime.GOOS != "linux" {
		return usage{}, fmt.Errorf("loadgen: process %d: CPU and memory of processes are read from /proc, which %s has not", pid, runtime.GOOS)
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("loadgen: process %d: %w", pid, err)
	}
	return parseStat(string(stat))
}

// parseStat takes fields 14, 15 and 24 of proc(5). The second one, the program's
// name, may hold anything, so counting starts behind it.
func parseStat(stat string) (usage, error) {
	_, rest, ok := strings.Cut(stat[max(0, strings.LastIndexByte(stat, ')')):], ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 22 {
		return usage{}, fmt.Errorf("loadgen: not a process's stat: %q", stat)
	}
	var numbers [3]int64
	for i, field := range []int{14, 15, 24} {
		n, err := strconv.ParseInt(fields[field-3], 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("loadgen: field %d of a process's stat: %w", field, err)
		}
		numbers[i] = n
	}
	return usage{cpu: time.Duration(numbers[0]+numbers[1]) * clockTick, rss: numbers[2] * int64(os.Getpagesize())}, nil
}

// readUsages reads several.
func readUsages(pids []int) ([]usage, error) {
	all := make([]usage, len(pids))
	for i, pid := range pids {
		u, err := readUsage(pid)
		if err != nil {
			return nil, err
		}
		all[i] = u
	}
	return all, nil
}

// ownUsage is this process's; nothing where there is no /proc.
func ownUsage() usage {
	u, _ := readUsage(os.Getpid())
	return u
}

// processOf is what was used between first and last, and since before.
func processOf(before, first, last usage) Process {
	return Process{PID: os.Getpid(), CPU: last.cpu - first.cpu, RSSBefore: before.rss, RSSAfter: last.rss}
}
