package admin

import (
	"fmt"
	"strings"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// Cluster is what a hub knows of the others.
type Cluster struct {
	// Engine is what they share; Connected whether this hub reaches it, since when, and Settled whether for so long that
	// a hub which is not among Servers is lost.
	Engine    string    `json:"engine"`
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since"`
	Settled   bool      `json:"settled"`
	// LagSeconds is how long this hub's own last message took to come back.
	LagSeconds float64 `json:"lag_seconds"`
	// QueuedBytes wait to be written to the engine.
	QueuedBytes int64 `json:"queued_bytes"`
	// Servers are the others, hubs and foreign ones.
	Servers []Server `json:"servers"`
}

// Server is another hub, or a foreign server.
type Server struct {
	ID      string `json:"id"`
	Foreign bool   `json:"foreign,omitempty"`
	// ControlAddress is where services reach it, PeerAddress where other hubs do.
	ControlAddress string    `json:"control_address,omitempty"`
	PeerAddress    string    `json:"peer_address,omitempty"`
	Since          time.Time `json:"since"`
	// Silent says that it has not been heard of for more than a second.
	Silent   bool     `json:"silent,omitempty"`
	Version  string   `json:"version,omitempty"`
	Sockets  int      `json:"sockets"`
	Services []string `json:"services,omitempty"`
}

func (s *Status) printCluster(b *strings.Builder, now time.Time) {
	c := s.Cluster
	if c == nil {
		return
	}
	state := "connected"
	if !c.Connected {
		state = "not reached"
	}
	fmt.Fprintf(b, "\nCluster\n  this is hub %s; %s %s since %s", terminal.Clean(s.HubID), terminal.Clean(c.Engine), state, age(now, c.Since))
	if c.LagSeconds > 0 {
		fmt.Fprintf(b, ", lag %s", time.Duration(c.LagSeconds*float64(time.Second)).Round(10*time.Microsecond))
	}
	b.WriteByte('\n')
	if len(c.Servers) == 0 {
		b.WriteString("  no other hub is there\n")
	}
	for _, other := range c.Servers {
		kind := "hub"
		if other.Foreign {
			kind = "server"
		}
		fmt.Fprintf(b, "  %s %s", kind, terminal.Clean(other.ID))
		if other.ControlAddress != "" {
			fmt.Fprintf(b, " at %s", terminal.Clean(other.ControlAddress))
		}
		if !other.Foreign {
			fmt.Fprintf(b, ": %s", count(other.Sockets, "socket"))
		}
		if len(other.Services) > 0 {
			fmt.Fprintf(b, ", services %s", terminal.Clean(strings.Join(other.Services, ", ")))
		}
		if other.Silent {
			b.WriteString(", silent")
		}
		b.WriteByte('\n')
	}
}
