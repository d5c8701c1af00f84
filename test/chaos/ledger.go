package chaos

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
)

// The kinds of a Record.
const (
	Connected    = "connected"
	Event        = "event"
	Disconnected = "disconnected"
	Released     = "released"
)

// Namespace is where the browsers meet the service.
const Namespace = "/chaos"

// Record is one line of the ledger: a handler ran.
type Record struct {
	// Run names the process that wrote it: unlike an instance id, no two lives of an
	// instance share it.
	Run string `json:"run"`
	// Socket is the socket's id, Kind one of Connected, Event, Disconnected and
	// Released.
	Socket string `json:"socket"`
	Kind   string `json:"kind"`
	// N is the number that the browser gave an event: 1, 2, 3, … per socket.
	N int `json:"n,omitempty"`
	// DedupeID and Attempt are those of the delivery, the id in hexadecimal. A handler that is not told them
	// makes a name of its own for the delivery, and says attempt 0.
	DedupeID string `json:"dedupe_id"`
	Attempt  int    `json:"attempt"`
	// Reason is why the socket left.
	Reason string `json:"reason,omitempty"`
}

// Ledger is a file that several processes append records to.
type Ledger struct{ file *os.File }

// OpenLedger opens the ledger for appending, and makes it when it is not there.
func OpenLedger(path string) (*Ledger, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Ledger{file}, nil
}

// Append adds a record in one write, so that lines of several processes never mix.
// It may be called at the same time. Once it has returned, the record outlives the
// process.
func (l *Ledger) Append(r Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(line, '\n'))
	return err
}

// ReadLedger reads all records. One without its end is left out: it is being written, or was when its process was killed,
// for a write that meets the end of a page may be a part of it. Another one follows in the same line then.
func ReadLedger(path string) ([]Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []Record
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		r, err := readRecord(scanner.Bytes())
		if err != nil {
			continue
		}
		records = append(records, r)
	}
	return records, nil
}

// recordStart is how every record begins, whoever writes it.
var recordStart = []byte(`{"run":`)

// readRecord reads the last record of a line.
func readRecord(line []byte) (r Record, err error) {
	err = json.Unmarshal(line, &r)
	if at := bytes.LastIndex(line, recordStart); err != nil && at > 0 {
		r = Record{}
		err = json.Unmarshal(line[at:], &r)
	}
	return r, err
}
