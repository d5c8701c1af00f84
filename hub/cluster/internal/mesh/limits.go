package mesh

import "time"

const (
	// heartbeatEvery is how often a hub says that it is there: 200 hubs receive 500 of these small messages a second.
	heartbeatEvery = 400 * time.Millisecond
	// silentAfter is two heartbeats and a half: one may be lost, and a pause of the garbage collector or of a busy machine be
	// added to the next. A question is answered that much after a hub has died at the latest, and a tenth of a second.
	silentAfter = time.Second
	// doubtAfter is how long nothing may come from the engine, the hub's own heartbeats included, before it is doubted that
	// others are heard: longer than a second, after which NATS is asked, and shorter than the smallest cluster.expiry by a
	// heartbeat, so that nobody is lost because of a connection that has not been noticed to be dead.
	doubtAfter = 2500 * time.Millisecond
	// beatEvery is how often the clock is looked at: a hub that is gone is silent 1.1 s after its last word.
	beatEvery = heartbeatEvery / 4
	// describeEvery bounds how often a description of up to a mebibyte is sent, however often it changes or is asked for.
	describeEvery = 500 * time.Millisecond
	// ackGrace is what the last answer to an emission with acknowledgements may take beyond the time that browsers have.
	ackGrace = time.Second
)

const (
	// maxMembers bounds the servers that are known.
	maxMembers = 1024
	// maxDescriptionBytes bounds what all of them together say of themselves.
	maxDescriptionBytes = 64 << 20
	// maxPartBytes bounds what has come of messages of which parts are missing, of all senders together.
	maxPartBytes = 256 << 20
	// maxLanes bounds the lanes that are counted, each way, for one sender, and those to be forgotten: beyond it counting begins anew.
	maxLanes = 4096
	// maxAhead is how far ahead of its last number a sender is believed.
	maxAhead = 1 << 22
	// maxQuestions and maxQuestionBytes bound the questions that are open, on each side.
	maxQuestions     = 8192
	maxQuestionBytes = 64 << 20
	// urgentBytes is what heartbeats may use of the queue beyond its bound, so that a hub is not lost for being busy.
	urgentBytes = 64 << 10
)
