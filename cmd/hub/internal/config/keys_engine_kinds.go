package config

import "time"

// between is a count within bounds.
func between(least, most int, allowed string) codec[int] {
	c := numbers[int]("count", "")
	c.allowed, c.check = allowed, func(n int) bool { return n >= least && n <= most }
	return c
}

// redisKeys are what the engines over Redis have each for itself.
func redisKeys() []Key {
	e := func(c *Config) *Engine { return &c.Cluster.Engine }
	return []Key{
		newKey("cluster.subscription_mode", func(c *Config) *string { return &e(c).SubscriptionMode }, choice("dynamic", "static", "dynamic-private"),
			"`subscriptionMode` of redis-sharded: a channel for each room, one for each namespace, or one for each room and each socket. The Node servers beside have to have the same."),
		newKey("cluster.specific_responses", func(c *Config) *bool { return &e(c).SpecificResponses }, boolean(),
			"`publishOnSpecificResponseChannel` of the engine redis: an answer goes to the server that has asked alone. Node servers take it whatever they are told themselves; programs in other languages may not."),
		newKey("cluster.sharded_pubsub", func(c *Config) *bool { return &e(c).ShardedPubSub }, boolean(),
			"`useShardedPubSub` of redis-streams, for a Redis Cluster of version 7: questions and answers live on one node each. The Node servers beside have to have the same."),
		newKey("cluster.stream", func(c *Config) *string { return &e(c).Stream }, text("1 to 256 bytes", isName), "`streamName` of redis-streams."),
		newKey("cluster.stream_count", func(c *Config) *int { return &e(c).StreamCount }, between(1, 64, "1 to 64"), "`streamCount` of redis-streams."),
		newKey("cluster.stream_length", func(c *Config) *int { return &e(c).StreamLength }, between(100, 100_000_000, "100 to 100000000"), "`maxLen` of redis-streams: about how many entries are kept. A hub that is away for longer misses what is gone, and a browser is not recovered from before it."),
		newKey("cluster.session_prefix", func(c *Config) *string { return &e(c).SessionPrefix }, text("1 to 256 bytes", isName),
			"`sessionKeyPrefix` of redis-streams: what the keys of sessions begin with whose browsers are away."),
	}
}

// jetStreamKeys are those of a log on NATS.
func jetStreamKeys() []Key {
	largeBytes := sizes()
	largeBytes.allowed, largeBytes.check = "16MiB or more", func(n int64) bool { return n >= 16<<20 }
	e := func(c *Config) *Engine { return &c.Cluster.Engine }
	return []Key{
		newKey("cluster.jetstream.enabled", func(c *Config) *bool { return &e(c).JetStream.Enabled }, boolean(),
			"Commands among hubs on `nats` go through a stream of JetStream: nothing is lost while a hub or NATS is away, and browsers are recovered at other hubs. The same on every hub."),
		newKey("cluster.jetstream.replicas", func(c *Config) *int { return &e(c).JetStream.Replicas }, between(1, 5, "1 to 5"), "How many servers of NATS keep each stream."),
		newKey("cluster.jetstream.max_age", func(c *Config) *time.Duration { return &e(c).JetStream.MaxAge }, duration(time.Minute, 24*time.Hour),
			"How long what was published is kept, and a session at most: not less than `recovery.max_duration`."),
		newKey("cluster.jetstream.max_bytes", func(c *Config) *int64 { return &e(c).JetStream.MaxBytes }, largeBytes,
			"Bytes of what was published that are kept, and of sessions."),
	}
}
