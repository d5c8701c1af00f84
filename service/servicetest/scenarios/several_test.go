package scenarios_test

import (
	"testing"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

func TestScenarios_SeveralHubsInMemory(t *testing.T) {
	scenarios.RunSeveral(t, func(*testing.T) scenarios.SeveralWorld { return &several{} })
}

// Hubs that name each other.
func TestScenarios_ClusterInMemory(t *testing.T) {
	scenarios.RunSeveral(t, func(*testing.T) scenarios.SeveralWorld { return &cluster{} })
}

// several is a world with hubs of servicetest.
type several struct{ hubs []*servicetest.Hub }

func (*several) Options() service.Options { return service.Options{} }

func (s *several) Run(t *testing.T, svc *service.Service) {
	s.hubs = servicetest.NewSeveral(t, svc, 3)
}

func (s *several) Connect(t *testing.T, hub int, namespace, auth string) (scenarios.Browser, error) {
	return (&memory{hub: s.hubs[hub]}).Connect(t, namespace, auth)
}

func (s *several) Cut(_ *testing.T, hub int)     { s.hubs[hub].Cut() }
func (s *several) CutOff(_ *testing.T, hub int)  { s.hubs[hub].CutOff() }
func (s *several) Rejoin(_ *testing.T, hub int)  { s.hubs[hub].Rejoin() }
func (s *several) Replace(_ *testing.T, hub int) { s.hubs[hub].Restart() }

// cluster is several hubs that name each other.
type cluster struct{ several }

func (*cluster) Clustered() {}

func (c *cluster) Run(t *testing.T, svc *service.Service) {
	c.several.Run(t, svc)
	c.name(c.hubs...)
}

// name lets all hubs say that these are alive.
func (c *cluster) name(alive ...*servicetest.Hub) {
	for _, h := range alive {
		h.TellHubs(alive...)
	}
}

func (c *cluster) without(hub int) (others []*servicetest.Hub) {
	for n, h := range c.hubs {
		if n != hub {
			others = append(others, h)
		}
	}
	return others
}

func (c *cluster) CutOff(t *testing.T, hub int) {
	c.several.CutOff(t, hub)
	c.name(c.without(hub)...)
}

func (c *cluster) Rejoin(t *testing.T, hub int) {
	c.name(c.hubs...)
	c.several.Rejoin(t, hub)
}

func (c *cluster) Replace(t *testing.T, hub int) {
	c.several.Replace(t, hub)
	c.name(c.hubs...)
}
