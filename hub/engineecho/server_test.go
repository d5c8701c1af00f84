package engineecho_test

import (
	"context"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/engineecho"
	"github.com/siohub/siohub/hub/hubtest"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

func TestServer_SendsMessagesBack(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s, err := engineecho.New(engineecho.Config{})
		if err != nil {
			t.Fatal(err)
		}
		b := hubtest.Serve(t, s, s.ConfigureHTTP).Open(hubtest.Options{Transport: road})
		for _, packet := range []string{"4hello", "4", "4é\n", "bAAEC"} {
			b.Send(packet)
			b.Expect(packet)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestNew_RefusesInvalidSettings(t *testing.T) {
	if _, err := engineecho.New(engineecho.Config{PingInterval: -time.Second}); err == nil {
		t.Error("accepted a negative interval")
	}
}
