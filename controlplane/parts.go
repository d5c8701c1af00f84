package controlplane

// The parts of a Server: each has the methods of one subject, and nothing of its own
// that needs a lock. They are embedded, so that who holds the Server has them all.
type (
	// watching hears facts of the hub: it is its hub.Watcher.
	watching struct{ srv *Server }
	// attaching answers hellos, and says what becomes of attachments whose stream ends.
	attaching struct{ srv *Server }
	// introducing finds the live sockets that a group has to be introduced to.
	introducing struct{ srv *Server }
	// namespaces knows which there are, and who decides about them.
	namespaces struct{ srv *Server }
	// deciding decides connect attempts without a service.
	deciding struct{ srv *Server }
	// backlogs watches what services do not keep up with.
	backlogs struct{ srv *Server }
	// debugLines tell the story of browsers at level Debug.
	debugLines struct{ srv *Server }
)

// parts are all of them.
type parts struct {
	watching
	attaching
	introducing
	namespaces
	deciding
	backlogs
	debugLines
	*clustering
}

func newParts(s *Server) parts {
	return parts{watching{s}, attaching{s}, introducing{s}, namespaces{s}, deciding{s}, backlogs{s}, debugLines{s}, newClustering(s)}
}
