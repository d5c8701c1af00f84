// Package mesh is what all engines have in common: who is there, who is asked, and what is kept in order.
//
// # What it is
//
// A Mesh is a cluster.Cluster over a Bus, which is what an engine has to be able to do: hand frames to all hubs, to one, or to
// those that are interested in a namespace or a room. What comes from the engine goes to Mesh.Receive; Mesh.Up and
// Mesh.Down say whether the engine can be reached.
//
//	Publish, Ask, Answer ─► outbox (bounded, numbered) ─ loop ─► Bus.Send
//	Receive ─► arrivals (duplicates, order, gaps, parts) ─► Members, Questions, Host
//
// The first line is a Mesh's sending (publish.go), the second its inbox (receive.go), which answers by the sending; beat.go has
// what both do as time passes. What they share is its common.
//
// An engine embeds a Mesh and adds its connection. One that reaches foreign servers too takes the parts: Mesh.OpenQuestion begins a
// question of which hubs and so many foreign servers are asked (Asked.Foreign, Asked.AnswerOfForeign), Members holds foreign
// servers beside hubs (Mesh.HeardForeign), and Mesh.PublishTo and Mesh.SendQuestion send what goes to hubs alone.
//
// What is published one by one within a moment goes to the Bus in one Send: a host says that more follows (Mesh.Gather), and
// when it was all (Mesh.Flush). Nothing urgent waits for it, nor anything for longer than 2 ms once something else is sent.
//
// # Membership
//
// Each hub sends a heartbeat every 400 ms. Of whom nothing is heard for a second is silent: questions do not wait for it, nor
// any longer where they do. After cluster.expiry it is lost. Nobody is lost while the engine is away, nor until one expiry
// has passed since it is back: then the fault may be ours. The engine counts as away for that while nothing at all comes from it,
// this hub's own heartbeats included, whatever its connection seems to be: a network that swallows everything, or a process that
// stood still, is noticed by nothing else for a while (Members.Proved). A newcomer says hello and is answered at once. What a hub says of
// itself (Describe) has a number that its heartbeats tell: who has another one asks, and all that asked within half a second
// are answered by one message.
//
// # Order
//
// Frames are numbered as they enter the outbox (wire.Header). A receiver takes a frame only if its number is above the last
// one of the sender: what is doubled, or comes too late, is dropped and counted, so that order holds, or the message is
// lost. What is missing in a lane is counted as lost. A number far ahead is not believed; a forged one that was
// believed silences its sender until its heartbeats have been late for a second.
//
// # What it is not
//
// It knows no connection, no namespace's members and no service. It does not keep what could not be sent. It makes nobody wait:
// Behind says that whoever publishes should.
//
// # Goroutines and locks
//
// Open starts three: beat (heartbeats), watch (who is silent or lost) and outbox.loop, which alone calls Bus.Send; Close ends
// them and waits. Receive may be called from several goroutines and works one at a time: its lock is held while the host is
// called, which must not block.
// All other locks are leaves. An Asking's functions are called without a lock, one at a time, by whoever has something to
// tell (Asked.drain).
package mesh
