package hub_test

import (
	"strings"
	"testing"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// Each form is spoken where the configuration says so, and the application cannot tell them apart.
func TestConfig_Parser(t *testing.T) {
	forms := map[string]struct {
		connect, event, answer string
	}{
		"json": {"40", `421["echo",{"a":[1]}]`, `431[{"a":[1]}]`},
		"msgpack": {
			hubtest.Binary([]byte("\x82\xa4type\x00\xa3nsp\xa1/")),
			hubtest.Binary([]byte("\x84\xa4type\x02\xa4data\x92\xa4echo\x81\xa1a\x91\x01\xa2id\x01\xa3nsp\xa1/")),
			hubtest.Binary([]byte("\x84\xa4type\x03\xa4data\x91\x81\xa1a\x91\x01\xa2id\x01\xa3nsp\xa1/")),
		},
	}
	for parser, spoken := range map[string]string{"": "json", "json": "json", "msgpack": "msgpack", "both": "json msgpack"} {
		t.Run("parser "+parser, func(t *testing.T) {
			p := open(t, hub.Config{Protocol: hub.Protocol{Parser: parser}})
			p.event = func(e *hub.Event) {
				if got := string(e.Args); got != `[{"a":[1]}]` || e.Name != "echo" {
					t.Errorf("%s %s", e.Name, got)
				}
				if err := e.Reply(nil, e.Args, e.Attachments); err != nil {
					t.Error(err)
				}
			}
			for name, form := range forms {
				b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
				b.Send(form.connect)
				if !strings.Contains(spoken, name) {
					b.WaitEnd()
					continue
				}
				b.Next()
				b.Send(form.event)
				b.Expect(form.answer)
			}
		})
	}
}
