package scenarios_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScenarios_HubInMemory(t *testing.T) {
	scenarios.RunAll(t, func(*testing.T) scenarios.World { return &memory{} })
}

// memory is a world with the hub of servicetest.
type memory struct {
	hub     *servicetest.Hub
	options []servicetest.Option
}

func (*memory) Options() service.Options { return service.Options{} }

func (m *memory) Run(t *testing.T, svc *service.Service) {
	if m.hub != nil {
		t.Fatal("one service at a time")
	}
	m.hub = servicetest.New(t, svc, m.options...)
}

func (m *memory) Recover(*testing.T) {
	m.options = append(m.options, servicetest.Recovery(2*time.Minute))
}

func (m *memory) Connect(t *testing.T, namespace, auth string) (scenarios.Browser, error) {
	c, err := m.hub.Connect(namespace, shows(auth)...)
	return browser{c}, err
}

func shows(auth string) []servicetest.ConnectOption {
	if auth == "" {
		return nil
	}
	return []servicetest.ConnectOption{servicetest.Auth(json.RawMessage(auth))}
}

func (m *memory) Cut(*testing.T)               { m.hub.Cut() }
func (m *memory) Restart(*testing.T)           { m.hub.Restart() }
func (m *memory) MoveAway(b scenarios.Browser) { m.hub.MoveAway(b.(browser).Client) }
func (m *memory) MoveBack(b scenarios.Browser) { m.hub.MoveBack(b.(browser).Client) }

type browser struct{ *servicetest.Client }

func (b browser) Emit(event, args string) { b.Client.Emit(event, service.Payload{Args: []byte(args)}) }

func (b browser) Call(ctx context.Context, event, args string) (string, error) {
	got, err := b.Client.EmitWithAck(ctx, event, service.Payload{Args: []byte(args)})
	if len(got.Args) == 0 && err == nil {
		return "[]", nil
	}
	return string(got.Args), err
}

func (b browser) Next(ctx context.Context) (string, error) {
	m, err := b.Client.Next(ctx)
	if err != nil {
		return "", err
	}
	return m.String(), nil
}

func (b browser) Leave() { b.Client.Disconnect() }

func (b browser) Lose() { b.Client.Lose("transport close", 1006) }

func (b browser) Return(_ *testing.T, auth string) (scenarios.Browser, error) {
	c, err := b.Client.Return(shows(auth)...)
	return browser{c}, err
}

func (b browser) Gone(context.Context) error {
	if b.Client.Gone() == "" {
		return errors.New("still there")
	}
	return nil
}
