package fault

import hubv1 "github.com/siohub/siohub/gen/hub/v1"

// entry is what there is to know about a reason.
type entry struct {
	name    string
	code    hubv1.Code
	meaning string
}

// table is the registry of reasons: the only place in the hub that writes one.
var table = [reasons]entry{
	NoAuthorizer:     {"NO_AUTHORIZER", hubv1.Code_CODE_UNSPECIFIED, "A warning: nobody decides connect attempts of the namespace, so that no browser gets in."},
	UnknownNamespace: {"UNKNOWN_NAMESPACE", hubv1.Code_CODE_UNSPECIFIED, "A warning in a result of `ControlService.Execute`: the emit reached nobody, and the namespace is neither configured nor was it ever subscribed to."},

	AlreadyEnded:      {"ALREADY_ENDED", hubv1.Code_CODE_CANCELLED, "What the item is about had ended before."},
	BatchStopped:      {"BATCH_STOPPED", hubv1.Code_CODE_CANCELLED, "A command before this one failed, and the call said `stop_on_error`."},
	BrowserGone:       {"BROWSER_GONE", hubv1.Code_CODE_CANCELLED, "The browser left before the answer came."},
	BrowsersGone:      {"BROWSERS_GONE", hubv1.Code_CODE_CANCELLED, "Browsers left before they acknowledged."},
	CalleesFailed:     {"CALLEES_FAILED", hubv1.Code_CODE_CANCELLED, "Instances that were called nacked the call, or were lost."},
	InstanceLost:      {"INSTANCE_LOST", hubv1.Code_CODE_CANCELLED, "The instance that was called was lost before it answered."},
	SettlementRefused: {"SETTLEMENT_REFUSED", hubv1.Code_CODE_CANCELLED, "The settlement that the command belongs to was refused."},

	Nacked: {"NACKED", hubv1.Code_CODE_UNKNOWN, "The service nacked the delivery for good, or without a status."},

	AmbiguousTarget:     {"AMBIGUOUS_TARGET", hubv1.Code_CODE_INVALID_ARGUMENT, "`all` stands beside sockets, rooms or users."},
	BadArgs:             {"BAD_ARGS", hubv1.Code_CODE_INVALID_ARGUMENT, "Arguments are no JSON array."},
	BadDuration:         {"BAD_DURATION", hubv1.Code_CODE_INVALID_ARGUMENT, "A duration is negative, too long, or none."},
	BadJSON:             {"BAD_JSON", hubv1.Code_CODE_INVALID_ARGUMENT, "A value is no JSON."},
	BadLength:           {"BAD_LENGTH", hubv1.Code_CODE_INVALID_ARGUMENT, "A value is empty, or does not have the length that it has to have."},
	BadNamespace:        {"BAD_NAMESPACE", hubv1.Code_CODE_INVALID_ARGUMENT, "A namespace has no leading slash, or something that no namespace has."},
	BadPageToken:        {"BAD_PAGE_TOKEN", hubv1.Code_CODE_INVALID_ARGUMENT, "The token is none of this list."},
	BadPattern:          {"BAD_PATTERN", hubv1.Code_CODE_INVALID_ARGUMENT, "A pattern is not of one of the forms that are allowed."},
	BadPlaceholders:     {"BAD_PLACEHOLDERS", hubv1.Code_CODE_INVALID_ARGUMENT, "Placeholders and attachments do not fit each other."},
	BadRate:             {"BAD_RATE", hubv1.Code_CODE_INVALID_ARGUMENT, "A rate does not make sense."},
	BadReceipt:          {"BAD_RECEIPT", hubv1.Code_CODE_INVALID_ARGUMENT, "`ack_envelope_seq` names an envelope that was not sent. Ends the stream."},
	BadTime:             {"BAD_TIME", hubv1.Code_CODE_INVALID_ARGUMENT, "A time has passed already, or is none."},
	BadTimeout:          {"BAD_TIMEOUT", hubv1.Code_CODE_INVALID_ARGUMENT, "A time-out is missing, negative or too long."},
	BadTraceContext:     {"BAD_TRACE_CONTEXT", hubv1.Code_CODE_INVALID_ARGUMENT, "`traceparent` or `tracestate` is not of the form that W3C gives them."},
	CommandCount:        {"COMMAND_COUNT", hubv1.Code_CODE_INVALID_ARGUMENT, "The call has no commands, or too many."},
	EmptyEvent:          {"EMPTY_EVENT", hubv1.Code_CODE_INVALID_ARGUMENT, "An event has no name."},
	EmptyName:           {"EMPTY_NAME", hubv1.Code_CODE_INVALID_ARGUMENT, "A name is empty."},
	EmptyPatch:          {"EMPTY_PATCH", hubv1.Code_CODE_INVALID_ARGUMENT, "`merge` has no patch."},
	EmptyTarget:         {"EMPTY_TARGET", hubv1.Code_CODE_INVALID_ARGUMENT, "The target names nobody. It never means everybody."},
	EnvelopeGap:         {"ENVELOPE_GAP", hubv1.Code_CODE_INVALID_ARGUMENT, "`envelope_seq` does not follow the one before. Ends the stream."},
	Invalid:             {"INVALID", hubv1.Code_CODE_INVALID_ARGUMENT, "Wrong in a way that has no reason of its own."},
	InvalidUTF8:         {"INVALID_UTF8", hubv1.Code_CODE_INVALID_ARGUMENT, "A text is not UTF-8."},
	KeyOnQuery:          {"KEY_ON_QUERY", hubv1.Code_CODE_INVALID_ARGUMENT, "A query changes nothing and takes no idempotency key."},
	NotForAuthorizer:    {"NOT_FOR_AUTHORIZER", hubv1.Code_CODE_INVALID_ARGUMENT, "An authorizer cannot have this."},
	NotInExecute:        {"NOT_IN_EXECUTE", hubv1.Code_CODE_INVALID_ARGUMENT, "The query comes in pages: it has a call of its own."},
	NotOnAStream:        {"NOT_ON_A_STREAM", hubv1.Code_CODE_INVALID_ARGUMENT, "Only commands of a stream belong to a delivery."},
	OtherDelivery:       {"OTHER_DELIVERY", hubv1.Code_CODE_INVALID_ARGUMENT, "A command in a settlement names another delivery than the settlement."},
	Pattern:             {"PATTERN", hubv1.Code_CODE_INVALID_ARGUMENT, "A namespace is a pattern where none is allowed."},
	Required:            {"REQUIRED", hubv1.Code_CODE_INVALID_ARGUMENT, "Something that has to be there is missing."},
	ReservedEvent:       {"RESERVED_EVENT", hubv1.Code_CODE_INVALID_ARGUMENT, "The event's name means something to Socket.IO itself."},
	ReservedRoom:        {"RESERVED_ROOM", hubv1.Code_CODE_INVALID_ARGUMENT, "The room's name is kept for the hub."},
	TooLong:             {"TOO_LONG", hubv1.Code_CODE_INVALID_ARGUMENT, "A text is too long."},
	TooMany:             {"TOO_MANY", hubv1.Code_CODE_INVALID_ARGUMENT, "A list has too many entries."},
	TooManyActions:      {"TOO_MANY_ACTIONS", hubv1.Code_CODE_INVALID_ARGUMENT, "The envelope has more than 16 384 actions. Ends the stream."},
	TooSmall:            {"TOO_SMALL", hubv1.Code_CODE_INVALID_ARGUMENT, "A size is smaller than the least."},
	Twice:               {"TWICE", hubv1.Code_CODE_INVALID_ARGUMENT, "The hello asks for the same twice."},
	UnknownGuarantee:    {"UNKNOWN_GUARANTEE", hubv1.Code_CODE_INVALID_ARGUMENT, "The hub does not know this guarantee."},
	UnknownIntroduction: {"UNKNOWN_INTRODUCTION", hubv1.Code_CODE_INVALID_ARGUMENT, "The hub does not know this introduction."},
	UnknownOrdering:     {"UNKNOWN_ORDERING", hubv1.Code_CODE_INVALID_ARGUMENT, "The hub does not know this ordering."},
	UnknownRole:         {"UNKNOWN_ROLE", hubv1.Code_CODE_INVALID_ARGUMENT, "A role is missing, or not known."},

	AcksTimedOut: {"ACKS_TIMED_OUT", hubv1.Code_CODE_DEADLINE_EXCEEDED, "Not all browsers acknowledged in time."},
	CallTimedOut: {"CALL_TIMED_OUT", hubv1.Code_CODE_DEADLINE_EXCEEDED, "Not all instances answered the call in time."},
	Expired:      {"EXPIRED", hubv1.Code_CODE_DEADLINE_EXCEEDED, "Deliveries were parked for too long and dropped."},
	HelloLate:    {"HELLO_LATE", hubv1.Code_CODE_DEADLINE_EXCEEDED, "No hello came in time. Ends the stream."},

	NoOpenAck:       {"NO_OPEN_ACK", hubv1.Code_CODE_NOT_FOUND, "No acknowledgement is open for this event: it was given, given up, or its browser has gone."},
	UnknownDelivery: {"UNKNOWN_DELIVERY", hubv1.Code_CODE_NOT_FOUND, "The delivery was never given to the instance."},
	UnknownGroup:    {"UNKNOWN_GROUP", hubv1.Code_CODE_NOT_FOUND, "The hub does not know this group."},

	AlreadySettled:     {"ALREADY_SETTLED", hubv1.Code_CODE_ALREADY_EXISTS, "The delivery is settled already."},
	HeldByAnotherGroup: {"HELD_BY_ANOTHER_GROUP", hubv1.Code_CODE_ALREADY_EXISTS, "Another group holds the subscription."},

	NotPermitted:  {"NOT_PERMITTED", hubv1.Code_CODE_PERMISSION_DENIED, "The caller's identity may not do this."},
	OtherIdentity: {"OTHER_IDENTITY", hubv1.Code_CODE_PERMISSION_DENIED, "The instance_id belongs to another identity."},

	AnswerOmitted:    {"ANSWER_OMITTED", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "The answer of a call came and was left out: it is too large, or there was no room for it."},
	Arguments:        {"ARGUMENTS", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "More arguments than `limits.arguments`."},
	Attachments:      {"ATTACHMENTS", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "More attachments than `limits.attachments`."},
	Backlog:          {"BACKLOG", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "So many results wait to be read that the command window must have been ignored. Ends the stream."},
	CallsOpen:        {"CALLS_OPEN", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many calls wait for their answers, of this caller or in all."},
	CommandRate:      {"COMMAND_RATE", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "The identity gives more commands a second than it may."},
	CommandWindow:    {"COMMAND_WINDOW", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many commands of the stream have no final result yet."},
	DataBytes:        {"DATA_BYTES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "More data than `limits.data_bytes`."},
	Depth:            {"DEPTH", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "JSON that is nested deeper than `limits.depth`."},
	EnvelopeTooLarge: {"ENVELOPE_TOO_LARGE", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "The envelope is larger than `Welcome.max_envelope_bytes`. Beyond the hard end it ends the stream."},
	EventBytes:       {"EVENT_BYTES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "An event that is larger than `limits.event_bytes`."},
	EventNameBytes:   {"EVENT_NAME_BYTES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "A name that is longer than `limits.event_name_bytes`."},
	Forgotten:        {"FORGOTTEN", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: their group was forgotten."},
	GroupFull:        {"GROUP_FULL", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: too much of the group is parked."},
	IdempotencyBusy:  {"IDEMPOTENCY_BUSY", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many commands with idempotency keys are not finished."},
	Lifecycle:        {"LIFECYCLE", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many lifecycle records wait; live sockets are introduced anew."},
	Limit:            {"LIMIT", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "A limit of the hub that has no reason of its own."},
	NodeFull:         {"NODE_FULL", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: too much is parked in the hub."},
	PendingAcks:      {"PENDING_ACKS_PER_SOCKET", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Every receiver owes as many acknowledgements as `limits.pending_acks_per_socket`."},
	QueriesOpen:      {"QUERIES_OPEN", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many pages of queries wait to be read."},
	RoomBytes:        {"ROOM_BYTES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "A room's name that is longer than `limits.room_bytes`."},
	RoomsPerSocket:   {"ROOMS_PER_SOCKET", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "More rooms than `limits.rooms_per_socket`."},
	SocketFull:       {"SOCKET_FULL", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: too much of one socket is parked."},
	Oldest:           {"OLDEST", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: they made room for newer events of their socket."},
	TooLarge:         {"TOO_LARGE", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Larger than the envelopes that the instance takes."},
	TooManyGroups:    {"TOO_MANY_GROUPS", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "The hub knows too many groups. Ends the stream."},
	TooManyInstances: {"TOO_MANY_INSTANCES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Too many instances are attached. Ends the stream."},
	Tries:            {"TRIES", hubv1.Code_CODE_RESOURCE_EXHAUSTED, "Deliveries were dropped: tried as often as is allowed."},

	DataVersion:       {"DATA_VERSION", hubv1.Code_CODE_FAILED_PRECONDITION, "The data has another version than the expected one."},
	GroupAttached:     {"GROUP_ATTACHED", hubv1.Code_CODE_FAILED_PRECONDITION, "An instance of the group is attached."},
	HelloMissing:      {"HELLO_MISSING", hubv1.Code_CODE_FAILED_PRECONDITION, "The first action is no hello. Ends the stream."},
	HelloTwice:        {"HELLO_TWICE", hubv1.Code_CODE_FAILED_PRECONDITION, "A second hello. Ends the stream."},
	OutcomeMisfit:     {"OUTCOME_MISFIT", hubv1.Code_CODE_FAILED_PRECONDITION, "The outcome does not fit the delivery."},
	UnknownCapability: {"UNKNOWN_CAPABILITY", hubv1.Code_CODE_FAILED_PRECONDITION, "The hub does not have a capability that the hello requires. Ends the stream."},

	AlreadyDecided: {"ALREADY_DECIDED", hubv1.Code_CODE_ABORTED, "It has been answered, or has ended without this answer."},
	LeaseLost:      {"LEASE_LOST", hubv1.Code_CODE_ABORTED, "The delivery was revoked."},
	OtherHub:       {"OTHER_HUB", hubv1.Code_CODE_ABORTED, "The delivery belongs to another hub process."},
	TakenOver:      {"TAKEN_OVER", hubv1.Code_CODE_ABORTED, "Another stream with the same instance_id has taken over. Ends the stream."},

	UnknownField: {"UNKNOWN_FIELD", hubv1.Code_CODE_UNIMPLEMENTED, "A field, value or kind that the hub does not know: nothing of the item was carried out."},

	Internal: {"INTERNAL", hubv1.Code_CODE_INTERNAL, "The hub failed; its log has the cause."},

	AuthenticatorFailed: {"AUTHENTICATOR_FAILED", hubv1.Code_CODE_UNAVAILABLE, "The hub cannot check credentials at the moment."},
	Lost:                {"LOST", hubv1.Code_CODE_UNAVAILABLE, "Deliveries were with an instance whose stream was lost, and had to be delivered at most once."},
	NotReading:          {"NOT_READING", hubv1.Code_CODE_UNAVAILABLE, "The service does not read. Ends the stream."},
	Shutdown:            {"SHUTDOWN", hubv1.Code_CODE_UNAVAILABLE, "The hub is closing."},
	Silent:              {"SILENT", hubv1.Code_CODE_UNAVAILABLE, "Three heartbeats stayed away. Ends the stream."},
	StreamLost:          {"STREAM_LOST", hubv1.Code_CODE_UNAVAILABLE, "The stream or the call was lost."},

	CertificateMissing: {"CERTIFICATE_MISSING", hubv1.Code_CODE_UNAUTHENTICATED, "A client certificate is required."},
	CertificateUnknown: {"CERTIFICATE_UNKNOWN", hubv1.Code_CODE_UNAUTHENTICATED, "The client certificate names no known identity."},
	TokenExpired:       {"TOKEN_EXPIRED", hubv1.Code_CODE_UNAUTHENTICATED, "The token has expired. It also ends streams."},
	TokenMissing:       {"TOKEN_MISSING", hubv1.Code_CODE_UNAUTHENTICATED, "A bearer token is required."},
	TokenRevoked:       {"TOKEN_REVOKED", hubv1.Code_CODE_UNAUTHENTICATED, "The token is not valid any more. It also ends streams."},
	Unauthenticated:    {"UNAUTHENTICATED", hubv1.Code_CODE_UNAUTHENTICATED, "The credentials are not accepted."},
	TokenWrong:         {"TOKEN_WRONG", hubv1.Code_CODE_UNAUTHENTICATED, "The token belongs to nobody."},
}
