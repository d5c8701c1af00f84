package controlplane

import (
	"log/slog"

	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/facts"
)

// The parts of a Server: each has one subject, and what it needs for that. They are embedded, so that who holds the Server
// has them all.
type (
	// watching hears facts of the hub: it is its hub.Watcher.
	watching struct {
		listeners *facts.Listeners
		observers *copies.Observers
	}
	// debugLines tell the story of browsers at level Debug.
	debugLines struct{ log *slog.Logger }
	// attaching answers hellos, and says what becomes of attachments whose stream ends. All others have to do with that.
	attaching struct{ srv *Server }
	// deciding decides connect attempts without a service.
	deciding struct{ srv *Server }
)

// parts are all of them.
type parts struct {
	watching
	attaching
	introducing
	namespaces
	deciding
	memories
	keeping
	backlogs
	debugLines
	*clustering
}

func newParts(s *Server) parts {
	return parts{
		watching: watching{&s.listeners, s.observers}, attaching: attaching{s}, introducing: introducing{roster: &s.routes.roster, log: s.log},
		namespaces: newNamespaces(&s.config, &s.routes.register, s.started), deciding: deciding{s}, memories: memories{roster: &s.routes.roster},
		keeping: keeping{s.node, &s.routes.register}, backlogs: backlogs{&s.telling, s.node}, debugLines: debugLines{s.log}, clustering: newClustering(s),
	}
}
