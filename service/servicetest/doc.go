// Package servicetest is a hub to test a service's handlers against: in memory,
// without a port, a process or a browser.
//
//	h := servicetest.New(t, svc)
//	alice, err := h.Connect("/chat", servicetest.Auth(map[string]any{"name": "alice"}))
//	alice.Emit("message", "hello")
//	got := alice.Expect("message")
//
// It is not the hub: there is one service, nothing is parked for long, and no
// packet is ever written. It keeps what handlers can notice of the contract:
// order for each socket, one settlement for each delivery, fenced commands,
// windows, rooms and users, acknowledgements both ways and later, presence, calls,
// copies for observers, authorizations that end. A service's connection can break and
// be taken up ([Hub.Cut]), be forgotten ([Hub.Drop]), or find another hub
// ([Hub.Restart]); with [NewSeveral] there are more hubs, one of which can be lost
// ([Hub.CutOff], [Hub.TellHubs]); browsers can move to another instance and back ([Hub.MoveAway],
// [Hub.MoveBack]); with [Recovery] they take up their sessions ([Client.Return]). Retries without a delay come at once, decisions are not cached, and
// rates of a policy are not counted.
//
// That it does what the real hub does is held by one list of stories that runs against
// both: service/servicetest/scenarios.
//
// The main type is [Hub]. It runs the service in a goroutine of its own, closes it
// at the end of the test, and fails the test when the service did not end well.
// Everything the hub does happens inside of calls to it, under one lock; it works
// inside of testing/synctest. Methods may be called at the same time; those that
// wait give up after [Patience] and fail the test.
package servicetest
