package main

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// fakeHub answers calls with what it was told, and remembers what it was asked.
type fakeHub struct {
	hubv1.UnimplementedControlServiceServer
	answer  *hubv1.ExecuteResponse
	sockets [][]*hubv1.SocketInfo // pages
	attach  func(grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) error
	err     error

	asked         *hubv1.ExecuteRequest
	authorization []string
	fetched       *hubv1.Target
	forgot        string
}

// Execute implements hubv1.ControlServiceServer.
func (f *fakeHub) Execute(ctx context.Context, r *hubv1.ExecuteRequest) (*hubv1.ExecuteResponse, error) {
	f.asked = r
	f.authorization = metadata.ValueFromIncomingContext(ctx, "authorization")
	return f.answer, f.err
}

// serve listens until the test ends.
func (f *fakeHub) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	hubv1.RegisterControlServiceServer(server, f)
	hubv1.RegisterAttachServiceServer(server, fakeAttach{f: f})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return l.Addr().String()
}

func answer(r *hubv1.Result) *hubv1.ExecuteResponse {
	return &hubv1.ExecuteResponse{Results: []*hubv1.Result{r}}
}

func TestEmit_SendsWhatTheCommandLineSays(t *testing.T) {
	f := &fakeHub{answer: answer(&hubv1.Result{MatchedCount: 3, QueuedCount: 2, DroppedCount: 1})}
	t.Setenv("HUB_TOKEN", "from-the-environment")
	out, errs, code := execute(t, "emit", "--hub", f.serve(t), "-n", "/chat", "--room", "a,b", "--room", "c", "--user", "u", "--socket", "s",
		"--except-room", "x", "--volatile", "message", ` {"b":1,"a":9007199254740993} `, "null", `"é"`)
	if code != 0 || out != "matched 3, queued 2, dropped 1\n" {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	want := &hubv1.ExecuteRequest{Commands: []*hubv1.Command{{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
		Target: &hubv1.Target{
			Namespace: "/chat", Rooms: []string{"a,b", "c"}, Users: []string{"u"}, Sockets: []string{"s"}, ExceptRooms: []string{"x"},
		},
		Event: "message", Volatile: true,
		Payload: &hubv1.Payload{Args: []byte(`[{"b":1,"a":9007199254740993},null,"é"]`)},
	}}}}}
	if diff := cmp.Diff(want, f.asked, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Bearer from-the-environment"}, f.authorization); diff != "" {
		t.Error(diff)
	}
}

func TestEmit_TokenFileWinsOverTheEnvironment(t *testing.T) {
	f := &fakeHub{answer: answer(&hubv1.Result{})}
	t.Setenv("HUB_TOKEN", "from-the-environment")
	file := writeFile(t, t.TempDir(), "token", "from-the-file\n")
	if _, errs, code := execute(t, "emit", "--hub", f.serve(t), "--token-file", file, "--all", "e"); code != 0 {
		t.Fatal(errs)
	}
	if diff := cmp.Diff([]string{"Bearer from-the-file"}, f.authorization); diff != "" {
		t.Error(diff)
	}
	if _, errs, code := execute(t, "emit", "--token-file", "/does/not/exist", "--all", "e"); code != 1 || !strings.Contains(errs, "--token-file") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestEmit_FailuresSayWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		name string
		hub  fakeHub
		want string
	}{
		{"no token", fakeHub{err: status.Error(codes.Unauthenticated, "x")}, "--token-file or in HUB_TOKEN"},
		{"unknown namespace", fakeHub{answer: answer(&hubv1.Result{Status: &hubv1.Status{Reason: "UNKNOWN_NAMESPACE"}})}, "no service and no browser knows the namespace /"},
		{"another error", fakeHub{err: status.Error(codes.PermissionDenied, "not for you")}, "not for you; `identities` in its configuration has to permit that, and the verb emit, to this identity"},
		{"no result", fakeHub{answer: &hubv1.ExecuteResponse{}}, "gave 0 results"},
		{"refused", fakeHub{answer: answer(&hubv1.Result{Status: &hubv1.Status{
			Code: hubv1.Code_CODE_INVALID_ARGUMENT, Field: "emit.event", Message: "is reserved",
		}})}, "the hub refused it: emit.event: is reserved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, errs, code := execute(t, "emit", "--hub", tt.hub.serve(t), "--all", "e")
			if code != 1 || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}

func TestClients_WithoutAHubSayHowToStartOne(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // an address where nobody listens
	for _, line := range [][]string{
		{"emit", "--hub", l.Addr().String(), "--all", "e"},
		{"sockets", "--hub", l.Addr().String()},
		{"rooms", "--hub", l.Addr().String()},
		{"users", "--hub", l.Addr().String()},
		{"tail", "--hub", l.Addr().String()},
		{"kick", "--user", "u", "--hub", l.Addr().String()},
		{"forget", "chat", "--hub", l.Addr().String()},
		{"status", "--admin", l.Addr().String(), "--hub", "hub.test:1"},
	} {
		_, errs, code := execute(t, line...)
		if code != 1 || !strings.Contains(errs, "no hub answers at "+l.Addr().String()) || !strings.Contains(errs, "hub serve") {
			t.Errorf("%s: exit %d: %s", line[0], code, errs)
		}
	}
}
