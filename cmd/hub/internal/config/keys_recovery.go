package config

import (
	"time"

	"github.com/siohub/siohub/hub"
)

// Recovery says what is kept for browsers that are away, and who is asked when they come back.
type Recovery struct {
	hub.Recovery
	SkipAuthorizer bool
}

func recoveryKeys() []Key {
	return group("Connection state recovery",
		hubKey("recovery.enabled", func(c *Config) *bool { return &c.Recovery.Enabled }, boolean(),
			"Browsers whose connection broke come back with their id, rooms and data, and get what they have missed (`connectionStateRecovery`, `docs/recovery.md`). Events without acknowledgement then have an offset as last argument."),
		hubKey("recovery.max_duration", func(c *Config) *time.Duration { return &c.Recovery.MaxDuration }, durations(),
			"How long a browser may be away (`maxDisconnectionDuration`)."),
		newKey("recovery.skip_authorizer", func(c *Config) *bool { return &c.Recovery.SkipAuthorizer }, boolean(),
			"Whether a browser that takes up its session is let in without asking its authorizer, while the authorization that it had lasts. The reference does so (`skipMiddlewares: true`); here the authorizer is asked, with what is to be recovered."),
		hubKey("recovery.sessions", func(c *Config) *int { return &c.Recovery.Sessions }, counts(),
			"Sessions that may be away; beyond it the one that has been away for longest is forgotten, and its browser begins anew."),
		hubKey("recovery.session_bytes", func(c *Config) *int64 { return &c.Recovery.SessionBytes }, sizes(),
			"What the data and the rooms of one of them may take; one that has more is not kept, and its browser begins anew."),
		hubKey("recovery.log_bytes", func(c *Config) *int64 { return &c.Recovery.LogBytes }, sizes(),
			"What is kept of what was emitted in one namespace; the oldest goes first, and a browser that has missed it begins anew."),
		hubKey("recovery.total_bytes", func(c *Config) *int64 { return &c.Recovery.TotalBytes }, sizes(),
			"What all this takes: half of it may be sessions, of which the oldest goes first, and half of it what was emitted, of which the namespace with the most gives.").ofMemory(16),
		hubKey("recovery.persist", func(c *Config) *string { return &c.Recovery.Persist }, choice(hub.PersistOnStop, hub.PersistOnChange),
			"When sessions are kept for the other hubs of a cluster whose engine keeps what was published (`docs/cluster.md`): `on_stop` as this hub ends; `on_change` also whenever they change, with all that is emitted to browsers here, so that browsers of a hub that was killed are recovered as well."),
	)
}
