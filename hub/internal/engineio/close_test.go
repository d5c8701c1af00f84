package engineio_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

func TestClose_PacketFromTheBrowser(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, nil)
			b := st.Open(hubtest.Options{Transport: transport})
			synctest.Wait()
			start := time.Now()
			b.Send("1")
			st.wantClose(engineio.ReasonTransportClose)
			b.WaitEnd()
			if d := time.Since(start); d != 0 {
				t.Errorf("took %v", d)
			}
		})
	})
}

func TestClose_PacketByPostEndsThePollWithANoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		poll := st.pending(query)
		synctest.Wait()
		if a := st.Post(query, "1"); a.Status != 200 || a.Body != "ok" {
			t.Errorf("post: %+v", a)
		}
		if a := st.await(poll); a.Status != 200 || a.Body != "6" {
			t.Errorf("poll: %+v", a)
		}
		st.wantClose(engineio.ReasonTransportClose)
		if a := st.Get(query); a.Status != 400 {
			t.Errorf("next poll: %+v", a)
		}
	})
}

// The browser's last poll and its close packet travel on two connections: the poll may lose the race.
func TestClose_PacketByPostWaitsForThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		start := time.Now()
		post := make(chan hubtest.Answer, 1)
		go func() { post <- st.Post(query, "1") }()
		synctest.Wait()
		if a := st.Get(query); a.Status != 200 || a.Body != "6" {
			t.Errorf("poll: %+v", a)
		}
		if a := <-post; a.Status != 200 {
			t.Errorf("post: %+v", a)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
		st.Post(st.handshake(), "1") // nobody polls
		if d := time.Since(start); d != 50*time.Millisecond {
			t.Errorf("took %v", d)
		}
	})
}

func TestClose_NothingIsTakenBehindAClosePacket(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		_ = b.TrySend("4one", "1", "4two")
		st.wantClose(engineio.ReasonTransportClose)
		b.WaitEnd()
		if got := st.messages(); len(got) != 1 || got[0] != "one" {
			t.Errorf("received %q", got)
		}
	})
}

func TestClose_ByTheServerKeepsWhatWasSent(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		s := st.session(0)
		var batch engineio.Batch
		for _, m := range []string{"a", "b", "c"} {
			_ = s.Send(&batch, []*engineio.Message{text(m)}, false)
		}
		s.Close(engineio.Close{Reason: engineio.ReasonForcedClose, Detail: "test"})
		s.Close(engineio.Close{Reason: "twice"})
		b.Expect("4a", "4b", "4c")
		if end := b.WaitEnd(); !end.Told {
			t.Errorf("%+v", end)
		}
		if c := st.wantClose(engineio.ReasonForcedClose); c.Detail != "test" {
			t.Errorf("%+v", c)
		}
		if err := s.Send(nil, []*engineio.Message{text("late")}, false); err != engineio.ErrSessionClosed {
			t.Errorf("send after close: %v", err)
		}
		batch.Flush()
	})
}

func TestClose_LastPollGetsNoopAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		st.wantClose(engineio.ReasonForcedClose)
		virtualtime.Pass(29 * time.Second)
		if a := st.Post(query, "4ignored"); a.Status != 200 {
			t.Errorf("post: %+v", a)
		}
		if a := st.Get(query); a.Status != 200 || a.Body != "6"+separator+"1" {
			t.Errorf("last poll: %+v", a)
		}
		if a := st.Get(query); a.Status != 400 {
			t.Errorf("after it: %+v", a)
		}
		if got := st.messages(); len(got) != 0 {
			t.Errorf("received %q", got)
		}
	})
}

func TestClose_LastPollIsNotAwaitedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		virtualtime.Pass(30*time.Second + 1)
		if n := st.engine.SessionCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
		if a := st.Get(query); a.Status != 400 {
			t.Errorf("%+v", a)
		}
	})
}

func TestClose_HeldPollGetsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		poll := st.pending(st.handshake())
		synctest.Wait()
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		if a := st.await(poll); a.Body != "1" && a.Body != "6"+separator+"1" {
			t.Errorf("%+v", a)
		}
	})
}

func TestClose_FrameFromTheBrowser(t *testing.T) {
	for _, code := range []int{1000, 1001, 1011, 3000, 4999} {
		for _, serve := range []func(*testing.T, func(*engineio.Config)) *station{newStation, newTCPStation} {
			st := serve(t, nil)
			b := st.Open(hubtest.Options{Transport: hubtest.WebSocket})
			b.CloseFrame(code)
			if c := st.wantClose(engineio.ReasonTransportClose); c.Code != code {
				t.Errorf("%+v, want code %d", c, code)
			}
			if end := b.WaitEnd(); end.Code != code {
				t.Errorf("echo: %+v, want code %d", end, code)
			}
		}
	}
}

func TestClose_BrokenConnectionIs1006(t *testing.T) {
	for _, serve := range []func(*testing.T, func(*engineio.Config)) *station{newStation, newTCPStation} {
		st := serve(t, nil)
		b := st.Open(hubtest.Options{Transport: hubtest.WebSocket})
		b.Abort()
		if c := st.wantClose(engineio.ReasonTransportClose); c.Code != 1006 {
			t.Errorf("%+v", c)
		}
	}
}

// A browser that reads the close frame and does nothing must not keep its connection.
func TestClose_BrowserThatIgnoresTheCloseFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		f := st.Frames("EIO=4&transport=websocket")
		f.Next()
		f.Conn.SetCloseHandler(func(int, string) error { return nil })
		start := time.Now()
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		st.wantClose(engineio.ReasonForcedClose)
		if code := f.WaitClose(); code != 1000 {
			t.Errorf("code %d", code)
		}
		one := make([]byte, 1)
		_ = f.Conn.NetConn().SetReadDeadline(time.Time{})
		if _, err := f.Conn.NetConn().Read(one); err == nil {
			t.Error("bytes behind the close frame")
		}
		if d := time.Since(start); d > 35*time.Second {
			t.Errorf("connection closed after %v", d)
		}
	})
}

func TestClose_Server(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newTCPStation(t, nil)
		var browsers []*hubtest.Browser
		for range 20 {
			b := st.Open(hubtest.Options{Transport: transport})
			b.Send("4settled") // an upgrade may be under way until it is answered
			b.Expect("4settled")
			browsers = append(browsers, b)
		}
		st.handshake() // one that does not poll
		if err := st.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for _, b := range browsers {
			// A browser that is between two polls finds its session gone.
			if end := b.WaitEnd(); !end.Told && end.Status != 400 || transport != hubtest.Polling && end.Code != 1001 {
				t.Errorf("%+v", end)
			}
		}
		for range 21 {
			st.wantClose(engineio.ReasonServerShuttingDown)
		}
	})
}

func TestClose_ServerCutsWhoDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		f := st.Frames("EIO=4&transport=websocket")
		f.Next()
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		// Nobody reads: the close frame cannot be written.
		if err := st.engine.Close(ctx); err == nil {
			t.Error("no error")
		}
		synctest.Wait()
		if n := st.engine.SessionCount(); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}
