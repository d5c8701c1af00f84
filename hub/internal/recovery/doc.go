// Package recovery keeps what a browser needs to come back as if it had never been away: its session, and the packets
// that it has missed.
//
// # What it is
//
// A Store is all of one hub: the sessions, and its Logs. A Log has what was emitted in one namespace: one Entry for each packet,
// whoever it is for, and never a copy for a session. A Session is one socket over all its connections: it is live, away, or reserved by a
// browser that wants to take it up. The private id names it, and whoever has that may take it up, once; who comes while
// another one has it may wait (Wait).
//
//	           Leave                 Reserve
//	live ────────────────► away ◄──────────────► reserved ───► live
//	  │                      │        Return         │   Restore
//	  └──────────────────────┴───── End, expiry ─────┘
//
// # Positions and offsets
//
// The entries of a log are numbered from 1 on, in the order in which they were put into the queues of browsers. An
// offset is such a position as browsers see it: the epoch of the Logs and the number. A browser says the offset of the last
// packet that it has handled. What it has not handled are the entries behind it that were for its session; they are
// found by looking at each entry's target again, with the rooms that the session was in at that position (Trail). So what
// was still on its way when its connection broke is there as well, and nothing is there that a browser which had never
// been away would not have got.
//
// Beyond the reference: a session that was sent nothing since the offset resumes where it left, however old its offset
// is; and one that has not received anything yet resumes where it joined.
//
// # Bounds
//
// What counts is what it takes of the heap, and no less.
//
// A log is bounded in bytes and in time, all logs together and all sessions together in bytes, sessions in number as
// well. What has been there longest goes first. Whoever needs an entry that has gone is told so (Log.Read), and begins anew;
// so does whoever needs rooms from before the MaxChanges changes that a Trail remembers.
//
// # What it is not
//
// It knows no packets, no connections and no clock but time.Now. It does not decide who may come back.
// A Store is in memory.
//
// # Between hubs
//
// A position means nothing to another hub, which has had what was emitted in another order. So a Point has a Place too, where
// hubs share an engine with a log: how far that log was applied here, and the number of the last of this hub's own
// commands, which are applied before they are in the log. A session travels as a Record. Whoever takes it in (Adopt) reads
// the engine's log from the place on that the browser names, or that its hub has come to, and a Retrace finds in it
// what the session has missed: as its hub would have had it, with the rooms that it was in, and what was done to it since.
// That is its Carriage, which it has until its browser must have got it. What comes here late and was there already is
// passed over (Session.Had).
//
// # Goroutines and locks
//
// There are no goroutines but those of timers: one that forgets sessions and one that drops entries which are too old, while there
// are any (sweeper), and one for each Wait. Locks, from outer to inner:
//
//	Logs.mu -> Log.mu
//	Store.mu -> sweeper.mu
//
// Config.Forgotten and the calls of a Wait are made without a lock: the former and the one for
// its time on the goroutine of the timer, the other one from Depart or Return. Config.Ended is called with Store.mu held. A session's
// Trail and Kept belong to whoever made it.
package recovery
