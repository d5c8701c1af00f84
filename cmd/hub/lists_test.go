package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// FetchSockets implements hubv1.ControlServiceServer.
func (f *fakeHub) FetchSockets(r *hubv1.FetchSocketsRequest, wire grpc.ServerStreamingServer[hubv1.FetchSocketsResponse]) error {
	f.fetched = r.GetFetch().GetTarget()
	for _, page := range f.sockets {
		if err := wire.Send(&hubv1.FetchSocketsResponse{Sockets: page}); err != nil {
			return err
		}
	}
	return f.err
}

// page cuts what follows a token out of "name-0", "name-1", … : 3 names a page.
func page(prefix, token string, total int) (names []string, next string) {
	for i := range total {
		names = append(names, fmt.Sprintf("%s-%d", prefix, i))
	}
	names = names[slices.Index(names, token)+1:]
	if len(names) > 3 {
		return names[:3], names[2]
	}
	return names, ""
}

// ListRooms implements hubv1.ControlServiceServer.
func (f *fakeHub) ListRooms(_ context.Context, r *hubv1.ListRoomsRequest) (*hubv1.ListRoomsResponse, error) {
	names, next := page(r.GetListRooms().GetNamespace()+r.GetListRooms().GetPrefix(), r.GetListRooms().GetPageToken(), 5)
	resp := &hubv1.ListRoomsResponse{NextPageToken: next}
	for _, n := range names {
		resp.Rooms = append(resp.Rooms, &hubv1.Room{Name: n, SocketCount: 7})
	}
	return resp, f.err
}

// ListUsers implements hubv1.ControlServiceServer.
func (f *fakeHub) ListUsers(_ context.Context, r *hubv1.ListUsersRequest) (*hubv1.ListUsersResponse, error) {
	names, next := page(r.GetListUsers().GetNamespace()+r.GetListUsers().GetPrefix(), r.GetListUsers().GetPageToken(), 4)
	resp := &hubv1.ListUsersResponse{NextPageToken: next}
	for _, n := range names {
		resp.Users = append(resp.Users, &hubv1.User{Id: n, SocketCount: 2})
	}
	return resp, f.err
}

// ForgetGroup implements hubv1.ControlServiceServer.
func (f *fakeHub) ForgetGroup(_ context.Context, r *hubv1.ForgetGroupRequest) (*hubv1.ForgetGroupResponse, error) {
	f.forgot = r.GetGroup()
	return &hubv1.ForgetGroupResponse{}, f.err
}

// refusal is the error of a call with a reason.
func refusal(t *testing.T, code codes.Code, reason, message string) error {
	t.Helper()
	s, err := status.New(code, message).WithDetails(&hubv1.Status{Code: hubv1.Code(code), Reason: reason, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

func TestSockets_PrintsATableOrJSONLines(t *testing.T) {
	joined := time.Now().Add(-90 * time.Second).UTC().Truncate(time.Second)
	f := &fakeHub{sockets: [][]*hubv1.SocketInfo{{{
		Socket: &hubv1.Socket{Id: "s1", Namespace: "/chat", User: "ann", Transport: "websocket", ClientId: "c1"},
		Rooms:  []string{"a", "b"}, ConnectTime: timestamppb.New(joined), Handshake: &hubv1.Handshake{RemoteAddress: "203.0.113.7"},
	}}, {{
		Socket: &hubv1.Socket{Id: "s2", Namespace: "/chat", User: "evil\x1b[2J", Transport: "polling"}, ConnectTime: timestamppb.New(joined),
	}}}}
	at := f.serve(t)
	out, errs, code := execute(t, "sockets", "--hub", at, "-n", "/chat")
	lines := strings.Split(out, "\n")
	if code != 0 || len(lines) != 4 || !f.fetched.GetAll() || f.fetched.GetNamespace() != "/chat" {
		t.Fatalf("exit %d, asked %v\n%s%s", code, f.fetched, out, errs)
	}
	for i, want := range []string{"ID USER ROOMS TRANSPORT AGE ADDRESS", "s1 ann a,b websocket 1m30s 203.0.113.7", "s2 evil\ufffd[2J - polling 1m30s -"} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want && got != strings.Replace(want, "1m30s", "1m31s", 1) {
			t.Errorf("line %d: %q, want %q", i, got, want)
		}
	}
	out, _, _ = execute(t, "sockets", "--hub", at, "--user", "ann", "--room", "a,b", "--socket", "s1", "-o", "json")
	var got socketRow
	if err := json.Unmarshal([]byte(strings.Split(out, "\n")[0]), &got); err != nil {
		t.Fatal(err, out)
	}
	want := socketRow{
		ID: "s1", Namespace: "/chat", User: "ann", Rooms: []string{"a", "b"}, Transport: "websocket", ConnectTime: joined,
		Address: "203.0.113.7", ClientID: "c1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f.fetched.GetAll() || f.fetched.GetRooms()[0] != "a,b" || f.fetched.GetUsers()[0] != "ann" || f.fetched.GetSockets()[0] != "s1" {
		t.Errorf("asked for %v", f.fetched)
	}
}

func TestRoomsAndUsers_ReadAllPages(t *testing.T) {
	at := (&fakeHub{}).serve(t)
	out, errs, code := execute(t, "rooms", "--hub", at, "-n", "/chat", "--prefix", "x")
	if code != 0 || strings.Count(out, "\n") != 6 || !strings.Contains(out, "/chatx-4  7\n") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	out, errs, code = execute(t, "users", "--hub", at, "-o", "json")
	if code != 0 || strings.Count(out, "\n") != 4 || !strings.Contains(out, `{"user":"/-3","sockets":2}`) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// A call that is refused prints nothing where a program looks for rows.
func TestLists_OfARefusedCallAreEmpty(t *testing.T) {
	at := (&fakeHub{err: refusal(t, codes.PermissionDenied, "NOT_PERMITTED", "not permitted")}).serve(t)
	for _, command := range []string{"sockets", "rooms", "users"} {
		if out, errs, code := execute(t, command, "--hub", at); code == 0 || out != "" || errs == "" {
			t.Errorf("%s: exit %d, %q %q", command, code, out, errs)
		}
	}
	at = (&fakeHub{}).serve(t)
	if out, errs, code := execute(t, "sockets", "--hub", at); code != 0 || !strings.HasPrefix(out, "ID ") || strings.Count(out, "\n") != 1 {
		t.Errorf("nobody: exit %d, %q %q", code, out, errs)
	}
}

func TestKick_SaysHowMany(t *testing.T) {
	f := &fakeHub{answer: answer(&hubv1.Result{MatchedCount: 3})}
	at := f.serve(t)
	if out, errs, code := execute(t, "kick", "--hub", at, "-n", "/chat", "--room", "r", "--close"); code != 0 || out != "disconnected 3 sockets\n" {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if d := f.asked.GetCommands()[0].GetDisconnect(); !d.GetCloseTransport() || d.GetTarget().GetNamespace() != "/chat" || d.GetTarget().GetRooms()[0] != "r" {
		t.Errorf("asked for %v", d)
	}
	f.answer = answer(&hubv1.Result{MatchedCount: 1})
	if out, errs, code := execute(t, "kick", "--hub", at, "--user", "ann", "--revoke"); code != 0 || out != "revoked 1 socket\n" {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if r := f.asked.GetCommands()[0].GetRevoke(); len(r.GetUsers()) != 1 || r.GetUsers()[0] != "ann" {
		t.Errorf("asked for %v", r)
	}
}

func TestForget_NamesTheGroupOrWhyNot(t *testing.T) {
	f := &fakeHub{}
	at := f.serve(t)
	if out, _, code := execute(t, "forget", "chat", "--hub", at); code != 0 || out != "forgot chat\n" || f.forgot != "chat" {
		t.Errorf("exit %d %s", code, out)
	}
	f.err = refusal(t, codes.FailedPrecondition, "GROUP_ATTACHED", "an instance of chat is attached")
	if _, errs, code := execute(t, "forget", "chat", "--hub", at); code != 1 || !strings.Contains(errs, "an instance of chat is attached") {
		t.Errorf("exit %d %s", code, errs)
	}
}

// Whichever command it is, what the hub refuses is said with the option or the permission
// that helps.
func TestClients_SayWhichOptionOrPermissionHelps(t *testing.T) {
	f := &fakeHub{}
	at := f.serve(t)
	for _, tt := range []struct {
		code           codes.Code
		reason, option string
	}{
		{codes.Unauthenticated, "TOKEN_MISSING", "--token-file or in HUB_TOKEN"},
		{codes.Unauthenticated, "TOKEN_WRONG", "does not know this token"},
		{codes.Unauthenticated, "CERTIFICATE_MISSING", "--tls-cert and --tls-key"},
		{codes.PermissionDenied, "NOT_PERMITTED", "the verb "},
	} {
		f.err = refusal(t, tt.code, tt.reason, "no")
		for verb, args := range map[string][]string{
			"emit": {"emit", "--all", "e"}, "fetch": {"sockets"}, "list_rooms": {"rooms"}, "list_users": {"users"},
			"disconnect": {"kick", "--user", "u"}, "revoke": {"kick", "--user", "u", "--revoke"}, "admin": {"forget", "chat"},
			"observe": {"tail"},
		} {
			want := tt.option
			if tt.code == codes.PermissionDenied {
				want += verb
			}
			_, errs, code := execute(t, append(args, "--hub", at)...)
			if code != 1 || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
				t.Errorf("%v, %s: exit %d: %s", args, tt.reason, code, errs)
			}
		}
	}
}
