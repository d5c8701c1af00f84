// Package config turns flags, environment variables and a YAML file into one
// checked Config.
//
// One table, Keys, says everything about each option: its name, default, range
// and meaning. Flags, variables, checks, the printed configuration and
// docs/configuration.md are all derived from it, so they cannot disagree.
//
//	key         flag           variable          in YAML
//	cors.origins --cors-origins HUB_CORS_ORIGINS  cors: {origins: […]}
//
// A flag wins over a variable, a variable over the file, the file over the
// default. A key that nobody knows or a value that is out of range is a Problem;
// Load reports all of them at once and opens nothing: no port, no connection.
//
// What is an option of the hub has its default and its range there (hub.Default,
// hub.Allowed, hub.Check): what `hub config` accepts, hub.New does not refuse.
//
// The package starts no goroutine and holds no lock. A Config is a plain value.
package config
