// Package option has what is known about the options of a hub: for each its key in the configuration file, its
// default and its range. hub.Config says what they mean. Engine.IO, Socket.IO, the hub and the program all take
// them from here, so that what one of them accepts no other one refuses.
//
// There are no goroutines and no locks; the table is never changed.
package option
