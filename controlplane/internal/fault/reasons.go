package fault

// Reason says why, for programs: each value is a row of the table in table.go, which
// has its name, its code and its meaning. The zero value is INTERNAL.
type Reason uint16

// The reasons, by their codes.
const (
	// Internal: the hub failed.
	Internal Reason = iota

	// OK: a warning.
	NoAuthorizer
	EnvelopeSmall
	UnknownNamespace

	// CANCELLED.
	BatchStopped
	BrowserGone
	BrowsersGone
	CalleesFailed
	InstanceLost
	SettlementRefused

	// UNKNOWN.
	Nacked

	// INVALID_ARGUMENT.
	AmbiguousTarget
	BadArgs
	BadDuration
	BadJSON
	BadLength
	BadNamespace
	BadPageToken
	BadPattern
	BadPlaceholders
	BadRate
	BadReceipt
	BadTime
	BadTimeout
	BadTraceContext
	CommandCount
	EmptyEvent
	EmptyName
	EmptyPatch
	EmptyTarget
	EnvelopeGap
	IdempotencyReused
	Invalid
	InvalidUTF8
	KeyOnQuery
	BadName
	NotAllowed
	NotForRole
	NotInExecute
	NotOnAStream
	OtherDelivery
	Pattern
	Required
	ReservedEvent
	ReservedRoom
	TooLong
	TooMany
	TooManyActions
	Malformed
	TooSmall
	Twice
	UnknownRole

	// DEADLINE_EXCEEDED.
	AcksTimedOut
	CallTimedOut
	Expired
	HelloLate

	// NOT_FOUND.
	NoOpenAck
	UnknownDelivery
	UnknownGroup
	Unhandled

	// ALREADY_EXISTS.
	AlreadyAttached
	AlreadySettled
	HeldByAnotherGroup

	// PERMISSION_DENIED.
	NotPermitted
	OtherIdentity

	// RESOURCE_EXHAUSTED.
	AnswerOmitted
	Arguments
	Attachments
	Backlog
	CalleeBusy
	CallsOpen
	CommandRate
	CommandWindow
	DataBytes
	Depth
	EnvelopeTooLarge
	TooManyElements
	EventBytes
	EventNameBytes
	Forgotten
	GroupFull
	IdempotencyBusy
	Lifecycle
	Limit
	NodeFull
	NoService
	Abandoned
	Oldest
	PendingAcks
	QueriesOpen
	RoomBytes
	RoomsPerSocket
	SocketFull
	TooLarge
	TooManyGroups
	TooManyInstances
	Tries

	// FAILED_PRECONDITION.
	DataVersion
	GroupAttached
	HelloMissing
	HelloTwice
	OutcomeMisfit
	UnknownCapability

	// ABORTED.
	AlreadyDecided
	LeaseLost
	TakenOver

	// UNIMPLEMENTED.
	UnknownField

	// UNAVAILABLE.
	AuthenticatorFailed
	Lost
	NotReading
	Shutdown
	Silent
	StreamLost

	// UNAUTHENTICATED.
	CertificateExpired
	CertificateMissing
	CertificateUnknown
	TokenExpired
	TokenMissing
	TokenRevoked
	TokenWrong
	Unauthenticated

	reasons // how many there are
)
