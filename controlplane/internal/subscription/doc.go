// Package subscription is what one instance of a service asks for, from the words of its
// hello to how it takes a delivery.
//
//	hello ──► Check ──► may it? ──► Effective ──► New ──► Subscription
//	                    (caller)    defaults                  │
//	                                             Interests ◄──┘ all of one hello
//	                                                 │ In(namespace)
//	                                             Interest ──► Terms of a delivery
//
// A Subscription is one that is in force. Interests are those of one instance by namespace:
// they say whether it takes a delivery, in which order, with which guarantee and for how
// long. They do not change; the next hello makes new ones.
//
// It knows no instance and no group: which of several groups gets an event is for the table
// of claims (internal/route), and what the instances of a group ask for together for their
// union. Who may subscribe to what is for internal/caller.
//
// The package starts no goroutine. Interests.mu is a leaf; the rest never changes, but for
// the samplers of an observer, which are atomics.
package subscription
