package engineio_test

import (
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestConfig_ZeroValueWorks(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { *c = engineio.Config{OnSession: c.OnSession} })
	if a := st.Do("GET", "EIO=4&transport=polling", "", nil); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}
