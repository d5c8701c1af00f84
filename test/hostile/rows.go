package hostile

// BrowserInputs are the rows of browsers that any target takes.
func BrowserInputs() []Input {
	return all(httpInputs, pollingInputs, frameInputs, upgradeInputs, packetInputs, binaryInputs, stringInputs, slowInputs, revision3Inputs)
}

// ServeInputs are the rows of browsers that `hub serve` is needed for.
func ServeInputs() []Input { return all(originInputs, deflateInputs) }

func all(kinds ...func() []Input) []Input {
	var rows []Input
	for _, make := range kinds {
		rows = append(rows, make()...)
	}
	return rows
}
