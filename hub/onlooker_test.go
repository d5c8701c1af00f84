package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// onlooking writes down what it is told.
type onlooking struct {
	mu    sync.Mutex
	lines []string
}

func (o *onlooking) add(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
}

func (o *onlooking) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	o.lines = nil
	return lines
}

func (o *onlooking) hub() *hub.Onlooker {
	return &hub.Onlooker{
		Emitted: func(t hub.Target, m hub.Message) {
			o.add("emitted %s %v %v %s%s", t.Namespace, t.All, t.Rooms, m.Event, m.Args)
		},
		DataSet: func(t hub.Target) { o.add("data %s %v", t.Namespace, t.Sockets) },
	}
}

func TestOnlooker_HearsWhatIsDoneWhileItLooks(t *testing.T) {
	p := open(t, hub.Config{})
	_, id := p.join()
	o := new(onlooking)
	emit := func() {
		t.Helper()
		x := hub.Message{Event: "x", Args: []byte("[1]")}
		if _, err := p.hub.Emit(nil, all, x, hub.EmitOptions{}); err != nil {
			t.Error(err)
		}
		if _, err := p.hub.Emit(nil, hub.Target{Namespace: "*", All: true}, x, hub.EmitOptions{}); err != nil {
			t.Error(err)
		}
		if _, err := p.hub.EmitWithAck(nil, hub.Target{Namespace: "/", Rooms: []string{id}}, x, hub.EmitOptions{}, hub.AckOptions{Timeout: time.Second}); err != nil {
			t.Error(err)
		}
		if _, err := p.hub.SetData(hub.Target{Namespace: "/", Sockets: []string{id}}, hub.DataChange{Data: []byte("1")}); err != nil {
			t.Error(err)
		}
	}
	emit()
	p.hub.SetOnlooker(o.hub())
	emit()
	want := []string{"emitted / true [] x[1]", "emitted / true [] x[1]", "emitted / false [" + id + "] x[1]", "data / [" + id + "]"}
	if got := o.take(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	p.hub.SetOnlooker(nil)
	emit()
	if got := o.take(); got != nil {
		t.Errorf("nobody looks: %q", got)
	}
}

// What other servers have done to the sockets here is told as well.
func TestOnlooker_HearsOfWhatOtherServersDo(t *testing.T) {
	engine := new(loop).end()
	p := open(t, hub.Config{Cluster: hub.ClusterConfig{Engine: engine}})
	if err := p.hub.Cluster().Open(); err != nil {
		t.Fatal(err)
	}
	p.join()
	o := new(onlooking)
	p.hub.SetOnlooker(o.hub())
	engine.host.Apply(&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: &cluster.Message{Event: "theirs"}})
	if got := o.take(); !slices.Equal(got, []string{"emitted / true [] theirs"}) {
		t.Errorf("%q", got)
	}
}

func TestRecovery_WithoutANamespace(t *testing.T) {
	p := open(t, hub.Config{Recovery: hub.Recovery{Enabled: true, Without: []string{"/bare"}}})
	b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	b.Send("40/bare,")
	if got := b.Next(); strings.Contains(got, "pid") {
		t.Errorf("it is offered a session: %s", got)
	}
	if _, err := p.hub.Emit(nil, hub.Target{Namespace: "/bare", All: true}, hub.Message{Event: "x"}, hub.EmitOptions{}); err != nil {
		t.Error(err)
	}
	b.Expect(`42/bare,["x"]`) // without an offset
	b.Send("40")
	if got := b.Next(); !strings.Contains(got, "pid") {
		t.Errorf("elsewhere it is not: %s", got)
	}
	b.Abort()
	p.waitFor("the one session is away", func() bool { s := p.hub.Stats(); return s.Recovery.Away == 1 && s.Away["/bare"] == 0 })
}

func TestPollingSessions_AreThoseOnPolling(t *testing.T) {
	p := open(t, hub.Config{})
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		b := p.http.Open(hubtest.Options{Transport: road})
		b.Send("40")
		b.Next()
	})
	if n := p.hub.PollingSessions(); n != 1 {
		t.Errorf("%d of %d", n, p.hub.Stats().Sessions)
	}
}
