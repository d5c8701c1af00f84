// Package contractdoc holds the generated parts of docs/contract.md against the code:
//
//	service   the text of examples/bare-java
//	numbers   the field numbers, from the descriptors of gen/hub/v1 and the list in kept_test.go
//	reasons   the reasons that a Status can carry, from package fault
//
// A part stands between two comments of the page; `go test
// ./controlplane/internal/contractdoc -update` writes it anew. The package has no code
// of its own.
package contractdoc
