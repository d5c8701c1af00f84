package conform

// Target is a hub against which HubCases run.
type Target struct{}
