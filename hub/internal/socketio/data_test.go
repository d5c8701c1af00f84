package socketio

import (
	"errors"
	"strconv"
	"sync"
	"testing"
)

// Two who merge at once both count, as the merging is done on what is there.
func TestSetData_MergesLoseNothing(t *testing.T) {
	s := play(t, Config{})
	s.join("/")
	socket := s.socket("/")
	add := func(old []byte) ([]byte, error) {
		n, _ := strconv.Atoi(string(old))
		return strconv.AppendInt(nil, int64(n+1), 10), nil
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				s.server.SetData("/", everybody, DataChange{Merge: add})
			}
		})
	}
	wg.Wait()
	if data, version := socket.Data(); string(data) != "800" || version != 800 {
		t.Errorf("%s, version %d", data, version)
	}
}

func TestSetData_FailedMergeAndOtherVersionLeaveTheSocketAlone(t *testing.T) {
	s := play(t, Config{})
	s.join("/")
	one, three := uint64(1), uint64(3)
	failed := errors.New("no")
	for i, row := range []struct {
		change  DataChange
		queued  int
		version uint64
		err     error
	}{
		{DataChange{Data: []byte(`1`)}, 1, 1, nil},
		{DataChange{Data: []byte(`2`), Expected: &three}, 0, 1, nil},
		{DataChange{Merge: func([]byte) ([]byte, error) { return nil, failed }}, 0, 1, failed},
		{DataChange{Merge: func(old []byte) ([]byte, error) { return append([]byte(`1`), old...), nil }, Expected: &three}, 0, 1, nil},
		{DataChange{Merge: func(old []byte) ([]byte, error) { return append([]byte(`1`), old...), nil }, Expected: &one}, 1, 2, nil},
		{DataChange{}, 1, 3, nil},
	} {
		o, version, err := s.server.SetData("/", everybody, row.change)
		if o.Queued != row.queued || o.Matched != 1 || version != row.version || !errors.Is(err, row.err) {
			t.Errorf("%d: %+v, version %d, %v", i, o, version, err)
		}
		if data, _ := s.socket("/").Data(); i == 4 && string(data) != "11" || i == 5 && data != nil {
			t.Errorf("%d: %s", i, data)
		}
	}
}

// Many sockets may be selected, and a merge reads and writes JSON.
func TestSetData_OtherVersionIsNotMerged(t *testing.T) {
	s := play(t, Config{})
	s.join("/")
	merged, three := 0, uint64(3)
	merge := func(old []byte) ([]byte, error) { merged++; return old, errors.New("no") }
	o, version, err := s.server.SetData("/", everybody, DataChange{Merge: merge, Expected: &three})
	if o.Queued != 0 || o.Matched != 1 || version != 0 || err != nil || merged != 0 {
		t.Errorf("%+v, version %d, %v, merged %d times", o, version, err, merged)
	}
}
