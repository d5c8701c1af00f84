package config

import (
	"errors"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/siohub/siohub/internal/shorttime"
)

// errValue marks a value that is not taken; Load adds the key and the range.
var errValue = errors.New("config: value not allowed")

// texts reads a string. A number in YAML (`name: 7`) is taken as it is written.
func texts() codec[string] {
	return codec[string]{kind: "text", parse: func(raw any) (string, bool) {
		switch v := raw.(type) {
		case string:
			return v, true
		case int:
			return strconv.Itoa(v), true
		}
		return "", false
	}}
}

// text is texts of one form.
func text(allowed string, check func(string) bool) codec[string] {
	c := texts()
	c.allowed, c.check = allowed, check
	return c
}

// words reads a word, in any case of letters.
func words() codec[string] {
	c := texts()
	parse := c.parse
	c.parse = func(raw any) (string, bool) {
		s, ok := parse(raw)
		return strings.ToLower(s), ok
	}
	return c
}

// choice is one of a few words.
func choice(some ...string) codec[string] {
	c := words()
	c.allowed = "one of " + strings.Join(some, ", ")
	c.check = func(s string) bool { return slices.Contains(some, s) }
	return c
}

// address reads host:port.
func address() codec[string] {
	return text("host:port, port 0 to 65535 (0 picks a free one)", func(s string) bool {
		_, port, err := net.SplitHostPort(s)
		if err != nil {
			return false
		}
		_, err = strconv.ParseUint(port, 10, 16)
		return err == nil
	})
}

// maybeAddress is address, or empty for none.
func maybeAddress() codec[string] {
	c := address()
	check := c.check
	c.allowed += ", or empty for none"
	c.check = func(s string) bool { return s == "" || check(s) }
	return c
}

// boolean reads true and false. YAML 1.1's yes and on are taken too, because a
// variable is often written so.
func boolean() codec[bool] {
	return codec[bool]{kind: "yes/no", allowed: "true or false", parse: func(raw any) (bool, bool) {
		switch v := raw.(type) {
		case bool:
			return v, true
		case string:
			switch strings.ToLower(v) {
			case "true", "yes", "on", "1":
				return true, true
			case "false", "no", "off", "0":
				return false, true
			}
		}
		return false, false
	}}
}

// durations reads 25s or 1m30s. A bare number is refused, because Socket.IO's
// options count milliseconds and nobody could tell what was meant. Zero is
// written without a unit as well.
func durations() codec[time.Duration] {
	return codec[time.Duration]{
		kind: "duration", hint: ", with its unit: ms, s, m or h",
		parse: func(raw any) (time.Duration, bool) {
			switch v := raw.(type) {
			case string:
				d, err := time.ParseDuration(v)
				return d, err == nil
			case int:
				return 0, v == 0
			}
			return 0, false
		},
		show: func(d time.Duration) any { return shorttime.Text(d) },
	}
}

// duration is durations in a range.
func duration(minimum, maximum time.Duration) codec[time.Duration] {
	c := durations()
	c.allowed = shorttime.Text(minimum) + " to " + shorttime.Text(maximum)
	c.check = func(d time.Duration) bool { return minimum <= d && d <= maximum }
	return c
}

// numbers reads a whole number.
func numbers[T int | int64](kind, hint string) codec[T] {
	return codec[T]{
		kind: kind, hint: hint,
		parse: func(raw any) (T, bool) {
			n, ok := wholeNumber(raw)
			return T(n), ok
		},
	}
}

const sizeHint = "; 64KiB, 1MB and the like are understood"

// counts reads how many of something there may be.
func counts() codec[int] { return numbers[int]("count", "") }

// sizes reads a number of bytes, also as 64KiB or 1MB.
func sizes() codec[int64] { return numbers[int64]("size", sizeHint) }

// thresholds is a size that is kept as an int.
func thresholds() codec[int] { return numbers[int]("size", sizeHint) }

// units are the suffixes of sizes; the longer ones stand first.
var units = []struct {
	suffix string
	factor int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1},
}

// wholeNumber reads 1000, 1_000, 1e6 (YAML gives a float) and 64KiB.
func wholeNumber(raw any) (int64, bool) {
	switch v := raw.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case string:
		return parseSize(v)
	}
	return 0, false
}

func parseSize(s string) (int64, bool) {
	factor := int64(1)
	digits := strings.ToLower(strings.TrimSpace(s))
	for _, u := range units {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(digits, "_", ""), 10, 64)
	if err != nil || n > math.MaxInt64/factor || n < math.MinInt64/factor {
		return 0, false
	}
	return n * factor, true
}

// lists reads a YAML list, or a string with commas.
func lists() codec[[]string] {
	return codec[[]string]{
		kind: "list", parse: parseList,
		show: func(items []string) any { return slices.Clip(append([]string{}, items...)) },
	}
}

// list is lists whose items are of one form.
func list(allowed string, check func(string) bool) codec[[]string] {
	c := lists()
	c.allowed = allowed
	c.check = func(items []string) bool {
		return !slices.ContainsFunc(items, func(s string) bool { return !check(s) })
	}
	return c
}

func parseList(raw any) ([]string, bool) {
	switch v := raw.(type) {
	case string:
		return splitList(v), true
	case []string:
		var items []string
		for _, s := range v {
			items = append(items, splitList(s)...)
		}
		return items, true
	case []any:
		var items []string // an empty list is none
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, false
			}
			items = append(items, s)
		}
		return items, true
	}
	return nil, false
}

func splitList(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// levels reads component: level pairs, or component=level with commas.
func levels() codec[map[string]string] {
	return codec[map[string]string]{
		kind:    "map",
		allowed: "component to level; components are " + strings.Join(Components, ", "),
		parse: func(raw any) (map[string]string, bool) {
			if m, ok := raw.(map[string]any); ok {
				return levelsOfMap(m)
			}
			items, ok := parseList(raw)
			if !ok {
				return nil, false
			}
			m := make(map[string]any, len(items))
			for _, item := range items {
				component, level, found := strings.Cut(item, "=")
				if !found {
					return nil, false
				}
				m[component] = level
			}
			return levelsOfMap(m)
		},
		show: func(m map[string]string) any {
			if m == nil {
				return map[string]string{}
			}
			return m
		},
	}
}

func levelsOfMap(m map[string]any) (map[string]string, bool) {
	out := make(map[string]string, len(m))
	for component, raw := range m {
		level, _ := raw.(string)
		level = strings.ToLower(level)
		if !slices.Contains(Components, component) || !slices.Contains(logLevels, level) {
			return nil, false
		}
		out[component] = level
	}
	return out, true
}
