package option

import (
	"fmt"
	"slices"
	"time"

	"github.com/siohub/siohub/internal/shorttime"
)

// Option is one row of the table.
type Option[T any] struct {
	// Key is its name in the configuration file: limits.depth.
	Key string
	// Default is what it is when nobody says anything.
	Default T
	// Allowed says in words what is taken.
	Allowed string

	ok func(T) bool
}

// row is an Option of any type.
type row interface {
	// takes reports whether the value is allowed; another type than the option's is not.
	takes(value any) bool
	// words are the option's Allowed.
	words() string
	// otherwise is the option's Default.
	otherwise() any
}

func (o Option[T]) takes(value any) bool {
	v, is := value.(T)
	return is && o.ok(v)
}

func (o Option[T]) words() string { return o.Allowed }

func (o Option[T]) otherwise() any { return o.Default }

// table has all options by key.
var table = map[string]row{}

// Takes reports whether an option may have this value. known is false for a key that is not in the table.
func Takes(key string, value any) (ok, known bool) {
	o, known := table[key]
	return known && o.takes(value), known
}

// Allowed says in words what an option takes. Empty for a key that is not in the table.
func Allowed(key string) string {
	if o, known := table[key]; known {
		return o.words()
	}
	return ""
}

// Default is what an option is when nobody says anything. Nil for a key that is not in the table.
func Default(key string) any {
	if o, known := table[key]; known {
		return o.otherwise()
	}
	return nil
}

func add[T any](key string, otherwise T, allowed string, ok func(T) bool) Option[T] {
	o := Option[T]{key, otherwise, allowed, ok}
	table[key] = o
	return o
}

// number is an option with a least and a largest value. Unit is what follows the figures.
func number[T int | int64](key string, otherwise, least, most T, unit string) Option[T] {
	return add(key, otherwise, fmt.Sprintf("%d to %d%s", least, most, unit), func(n T) bool { return least <= n && n <= most })
}

func count(key string, otherwise, least, most int) Option[int] {
	return number(key, otherwise, least, most, "")
}

func bytes[T int | int64](key string, otherwise, least, most T) Option[T] {
	return number(key, otherwise, least, most, " bytes")
}

func duration(key string, otherwise, least, most time.Duration) Option[time.Duration] {
	return add(key, otherwise, shorttime.Text(least)+" to "+shorttime.Text(most), func(d time.Duration) bool { return least <= d && d <= most })
}

func yesNo(key string, otherwise bool) Option[bool] {
	return add(key, otherwise, "true or false", func(bool) bool { return true })
}

// list is an option whose items are all of one kind.
func list(key string, otherwise []string, allowed string, ok func(string) bool) Option[[]string] {
	return add(key, otherwise, allowed, func(items []string) bool {
		return !slices.ContainsFunc(items, func(s string) bool { return !ok(s) })
	})
}
