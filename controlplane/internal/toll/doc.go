// Package toll reckons how long somebody waits who does too much of what costs the hub
// work and is of no use: it says a time, and the caller waits. Nothing is ever refused.
//
// A Debt is one account: each thing has a price in time, so many of them are free in a
// row (credit), and beyond that what is owed is waited for, at most so long at once. Gate
// keeps the debts of many, by name, and forgets those that are paid.
//
// The package is arithmetic: the time is an argument, and it starts no goroutine. Gate has
// a lock, a leaf.
package toll
