package conform

import (
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Target is a hub against which HubCases run.
type Target struct {
	// Attach and Control are its control listener.
	Attach  hubv1.AttachServiceClient
	Control hubv1.ControlServiceClient
	// URL is where browsers reach it, without a path. Empty: nowhere.
	URL string
}

// HubCases are the cases that are held against a hub; with browsers also those that
// need one.
func HubCases(browsers bool) []*Case {
	cases := slices.Concat(hubSessionCases, hubResumeCases, hubCommandCases)
	if browsers {
		cases = append(cases, hubBrowserCases...)
	}
	return cases
}
