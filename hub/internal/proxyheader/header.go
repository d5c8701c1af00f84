package proxyheader

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/pires/go-proxyproto"
)

// The reasons for which a connection is closed.
const (
	Unlisted  = "unlisted"
	Missing   = "missing"
	Malformed = "malformed"
	Late      = "late"
)

var (
	errMissing   = errors.New("proxyheader: no header")
	errMalformed = errors.New("proxyheader: malformed header")
)

const (
	// shortest is the size of the smallest header, `PROXY UNKNOWN` with its line end. That of version 2 has one byte more.
	shortest = 15
	fixed    = 16
	// longestLine is the most that a header of version 1 may have, longestTail what we take of version 2: addresses, and
	// what a proxy tells beside them.
	longestLine = 107
	longestTail = 4096
)

// Parse reads a header and not one byte more. source is nil where the proxy speaks for itself, or does not know.
func Parse(r io.Reader) (source net.Addr, err error) {
	header := make([]byte, shortest, longestLine)
	if n, err := io.ReadFull(r, header); err != nil {
		return nil, begun(header[:n], err)
	}
	switch {
	case bytes.HasPrefix(header, proxyproto.SIGV1):
		header, err = readLine(r, header)
	case bytes.HasPrefix(header, proxyproto.SIGV2):
		header, err = readTail(r, header)
	default:
		return nil, errMissing
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(header, proxyproto.SIGV2) && header[fixed-4] == byte(proxyproto.PROXY) && header[fixed-3]>>4 == 0 {
		return nil, nil // no address family; the library refuses it
	}
	rest := bufio.NewReaderSize(bytes.NewReader(header), len(header))
	h, err := proxyproto.Read(rest)
	if err != nil || rest.Buffered() > 0 {
		return nil, errMalformed
	}
	if h.Command.IsLocal() || h.TransportProtocol.IsUnspec() {
		return nil, nil
	}
	at, ok := h.SourceAddr.(*net.TCPAddr)
	if !ok {
		return nil, errMalformed // UDP, or the name of a socket file
	}
	return at, nil
}

// begun is the error of a header that has ended before its time.
func begun(header []byte, err error) error {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return err
	case len(header) > 0 && (bytes.HasPrefix(header, proxyproto.SIGV1) || bytes.HasPrefix(header, proxyproto.SIGV2) || bytes.HasPrefix(proxyproto.SIGV2, header)):
		return errMalformed
	}
	return errMissing
}

// readLine reads version 1 to its line end.
func readLine(r io.Reader, line []byte) ([]byte, error) {
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		if len(line) == longestLine {
			return nil, errMalformed
		}
		line = line[:len(line)+1]
		if _, err := io.ReadFull(r, line[len(line)-1:]); err != nil {
			return nil, begun(line, err)
		}
	}
	return line, nil
}

// readTail reads version 2, which says how long it is.
func readTail(r io.Reader, header []byte) ([]byte, error) {
	header = header[:fixed]
	if _, err := io.ReadFull(r, header[shortest:]); err != nil {
		return nil, begun(header, err)
	}
	tail := int(binary.BigEndian.Uint16(header[fixed-2:]))
	if tail > longestTail {
		return nil, errMalformed
	}
	header = append(header, make([]byte, tail)...)
	if _, err := io.ReadFull(r, header[fixed:]); err != nil {
		return nil, begun(header, err)
	}
	return header, nil
}
