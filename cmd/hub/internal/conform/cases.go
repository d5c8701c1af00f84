package conform

import "slices"

// ProgramCases are the cases that are held against a program.
func ProgramCases() []*Case {
	return slices.Concat(
		sessionCases, reachCases, heartbeatCases, endCases(), waitCases, credentialCases, deliveryCases, decisionCases, laneCases, payloadCases, badCases(),
		commandCases, answerCases, settlementCases, revocationCases, resumeCases, lostCases, hubsCases, lossCases, factCases, leaveCases,
	)
}
