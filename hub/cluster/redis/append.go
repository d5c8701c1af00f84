package redis

import (
	"context"
	"net"
	"strconv"

	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// xadd is the connection over which entries are appended to the stream of one name.
type xadd struct {
	link
	length  string // about how many entries the stream keeps
	await   int    // entries whose replies are outstanding
	refused error
	read    func() error
}

func newXAdd(dial func(ctx context.Context) (net.Conn, error), left func(net.Conn) bool, length int64) *xadd {
	x := &xadd{link: link{dial: dial, left: left}, length: strconv.FormatInt(length, 10)}
	x.read = x.results
	return x
}

// add appends entries to a stream, all or none of them as far as Redis answers. Of several errors it returns the one that says
// why an entry was refused, and not that the others were for it.
func (x *xadd) add(ctx context.Context, stream string, entries []entry) error {
	if err := x.ready(ctx); err != nil {
		return err
	}
	many := len(entries) > 1 // one is all or none without MULTI and EXEC
	if many {
		x.buf = append(x.buf, "*1\r\n$5\r\nMULTI\r\n"...)
	}
	for i := range entries {
		x.buf = x.appendEntry(x.buf, stream, &entries[i].fields)
	}
	if many {
		x.buf = append(x.buf, "*1\r\n$4\r\nEXEC\r\n"...)
	}
	x.await, x.refused = len(entries), nil
	if err := x.exchange(x.read); err != nil {
		return err
	}
	return x.refused
}

// appendEntry appends the command for one.
func (x *xadd) appendEntry(buf []byte, stream string, e *nodewire.Entry) []byte {
	var room [7]field
	fields := fieldsOf(room[:0], e)
	const words = 6 // beside fields
	buf = strconv.AppendInt(append(buf, '*'), int64(words+2*len(fields)), 10)
	buf = append(buf, "\r\n$4\r\nXADD\r\n"...)
	buf = appendBulk(buf, stream)
	buf = append(buf, "$6\r\nMAXLEN\r\n$1\r\n~\r\n"...)
	buf = appendBulk(buf, x.length)
	buf = append(buf, "$1\r\n*\r\n"...)
	for _, f := range fields {
		buf = appendBulk(appendBulk(buf, f.name), f.value)
	}
	return buf
}

// results reads what Redis says of x.await entries.
func (x *xadd) results() error {
	if x.await == 1 {
		return x.id()
	}
	if err := x.words(1 + x.await); err != nil { // +OK, and +QUEUED for each
		return err
	}
	line, err := x.line()
	switch {
	case err != nil:
		return err
	case line[0] == '-': // nothing was done
		if x.refused == nil {
			x.refused = serverError(line[1:])
		}
		return nil
	case string(line) != "*"+strconv.Itoa(x.await):
		return errProtocol
	}
	for range x.await {
		if err := x.id(); err != nil {
			return err
		}
	}
	return nil
}

// words reads so many statuses.
func (x *xadd) words(n int) error {
	for range n {
		line, err := x.line()
		switch {
		case err != nil:
			return err
		case line[0] == '-' && x.refused == nil:
			x.refused = serverError(line[1:])
		case line[0] != '-' && line[0] != '+':
			return errProtocol
		}
	}
	return nil
}

// id reads the id of an entry that was appended, or why it was not.
func (x *xadd) id() error {
	line, err := x.line()
	switch {
	case err != nil:
		return err
	case line[0] == '-':
		if x.refused == nil {
			x.refused = serverError(line[1:])
		}
		return nil
	case line[0] != '$' || string(line) == "$-1":
		return errProtocol
	}
	_, err = x.line()
	return err
}

// field is one of an entry.
type field struct{ name, value string }

// fieldsOf are the fields of an entry as Redis has them: entryOf reads them.
func fieldsOf(fields []field, e *nodewire.Entry) []field {
	fields = append(fields, field{"uid", e.UID}, field{"type", e.Type})
	if e.Namespace != "" {
		fields = append(fields, field{"nsp", e.Namespace})
	}
	if e.Data != "" {
		fields = append(fields, field{"data", e.Data})
	}
	if e.Hub {
		fields = append(fields, field{"hub", "1"})
	}
	if e.Number != "" {
		fields = append(fields, field{"number", e.Number})
	}
	if e.After != "" {
		fields = append(fields, field{"after", e.After})
	}
	return fields
}

// valuesOf are the same for go-redis.
func valuesOf(e *nodewire.Entry) (values []any) {
	for _, f := range fieldsOf(nil, e) {
		values = append(values, f.name, f.value)
	}
	return values
}
