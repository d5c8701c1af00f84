package chat_test

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/examples/chat"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

func start(t *testing.T) *servicetest.Hub {
	t.Helper()
	return servicetest.New(t, chat.New(service.Options{}))
}

func enter(t *testing.T, h *servicetest.Hub, name string) *servicetest.Client {
	t.Helper()
	c, err := h.Connect("/chat", servicetest.Auth(map[string]any{"name": name}))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

func TestEnter_RefusesWithAReason(t *testing.T) {
	h := start(t)
	for _, test := range []struct {
		auth any
		want string
	}{
		{nil, "Please tell us your name."},
		{map[string]any{"name": " \t"}, "Please tell us your name."},
		{map[string]any{"name": 7}, "Your name has to be a text."},
		{map[string]any{"name": " Admin "}, "The name “Admin” is reserved. Please choose another one."},
		{map[string]any{"name": strings.Repeat("ö", 25)}, "Please choose a name of at most 24 letters."},
	} {
		_, err := h.Connect("/chat", servicetest.Auth(test.auth))
		var refused *servicetest.ConnectError
		if !errors.As(err, &refused) || refused.Message != test.want {
			t.Errorf("%v: got %v, want %q", test.auth, err, test.want)
		}
	}
}

func TestPeople_AreToldWhoIsThere(t *testing.T) {
	h := start(t)
	ada := enter(t, h, "  Ada   Lovelace ")
	people(t, ada, "Ada Lovelace")
	grace := enter(t, h, "Grace")
	people(t, ada, "Ada Lovelace", "Grace")
	people(t, grace, "Ada Lovelace", "Grace")
	h.Cut() // the stream; a restarted service has nothing to remember
	grace.Disconnect()
	people(t, ada, "Ada Lovelace")
}

// people waits until a browser is told of just these.
func people(t *testing.T, c *servicetest.Client, want ...string) {
	t.Helper()
	for {
		var names []string
		if err := heard(t, c, "people").Bind(&names); err != nil {
			t.Fatal(err)
		}
		if slices.Sort(names); slices.Equal(names, want) {
			return
		}
	}
}

// heard waits for an event of this name, whatever else is said before it.
func heard(t *testing.T, c *servicetest.Client, event string) *servicetest.Message {
	t.Helper()
	for {
		m, err := c.Next(t.Context())
		if err != nil {
			t.Fatalf("waiting for %s: %v", event, err)
		}
		if m.Event == event {
			return m
		}
	}
}

func TestMessage_ReachesTheOthersAndIsAcknowledged(t *testing.T) {
	h := start(t)
	ada, grace := enter(t, h, "Ada"), enter(t, h, "Grace")
	ack, err := ada.EmitWithAck(t.Context(), "message", map[string]any{"id": "1", "text": "<b>hi</b>"})
	if err != nil || string(ack.Args) != "[{}]" {
		t.Fatalf("ack %s, %v", ack.Args, err)
	}
	want := regexp.MustCompile(`^message \[\{"id":"1","from":"Ada","time":"[^"]+Z","text":"<b>hi</b>"\}\]$`)
	if got := heard(t, grace, "message"); !want.MatchString(got.String()) {
		t.Errorf("got %s", got)
	}
	for _, m := range ada.Received() {
		if strings.HasPrefix(m, "message") {
			t.Errorf("the author got it back: %s", m)
		}
	}
}

func TestMessage_IsRejectedInTheAck(t *testing.T) {
	ada := enter(t, start(t), "Ada")
	for _, message := range []any{
		nil, 7, map[string]any{"text": "no id"}, map[string]any{"id": "1", "text": " "},
		map[string]any{"id": "1", "text": strings.Repeat("ö", 2001)},
	} {
		ack, err := ada.EmitWithAck(t.Context(), "message", message)
		if err != nil || !strings.Contains(string(ack.Args), `"error"`) {
			t.Errorf("%v: ack %s, %v", message, ack.Args, err)
		}
	}
}

func TestImage_IsBinaryBothWays(t *testing.T) {
	h := start(t)
	ada, grace := enter(t, h, "Ada"), enter(t, h, "Grace")
	picture := map[string]any{"id": "1", "type": "image/png", "width": 2, "height": 1}
	if ack, err := ada.EmitWithAck(t.Context(), "image", picture, []byte{1, 2, 3}); err != nil || string(ack.Args) != "[{}]" {
		t.Fatalf("ack %s, %v", ack.Args, err)
	}
	var image chat.Image
	var bytes []byte
	if err := heard(t, grace, "image").Bind(&image, &bytes); err != nil {
		t.Fatal(err)
	}
	if image.From != "Ada" || image.Width != 2 || string(bytes) != "\x01\x02\x03" {
		t.Errorf("got %+v, %v", image, bytes)
	}
	picture["type"] = "text/html"
	ack, err := ada.EmitWithAck(t.Context(), "image", picture, []byte{1})
	if err != nil || !strings.Contains(string(ack.Args), `"error"`) {
		t.Errorf("HTML is no picture: ack %s, %v", ack.Args, err)
	}
}

// TestPage_NeedsNothingElse: whatever the page names is in it, or the client file.
func TestPage_NeedsNothingElse(t *testing.T) {
	page := chat.Page()
	index, err := fs.ReadFile(page, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?:src|href)="([^"#]+)"`).FindAllSubmatch(index, -1) {
		name := string(match[1])
		if name == "/socket.io/socket.io.min.js" {
			continue
		}
		if _, err := fs.Stat(page, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
