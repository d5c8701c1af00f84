package nats

import (
	"testing"

	"github.com/siohub/siohub/hub/cluster/clustertest"
)

func TestCluster(t *testing.T) { clustertest.Run(t, three) }
