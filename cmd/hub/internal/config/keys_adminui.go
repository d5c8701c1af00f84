package config

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/siohub/siohub/cmd/hub/internal/adminui"
)

// AdminUI says whether and how the Admin UI of Socket.IO connects.
type AdminUI struct {
	Enabled   bool
	Namespace string
	Username  string
	// PasswordHash is a bcrypt hash, PasswordHashFile a file with one.
	PasswordHash, PasswordHashFile string
	ReadOnly                       bool
	Mode                           string
	// ServerID is how the page calls the hub. Empty: by host and process.
	ServerID string
}

func adminUIKeys() []Key {
	return group("Admin UI",
		newKey("admin_ui.enabled", func(c *Config) *bool { return &c.AdminUI.Enabled }, boolean(),
			"Lets the page of Socket.IO's Admin UI connect, on the listeners for browsers (`docs/admin-ui.md`). Wants `cors.origins` with the page's origin, and `cors.credentials`."),
		newKey("admin_ui.username", func(c *Config) *string { return &c.AdminUI.Username },
			text("a text of at most 256 bytes", func(s string) bool { return len(s) <= 256 && utf8.ValidString(s) }),
			"The name that the page has to show."),
		newKey("admin_ui.password_hash_file", func(c *Config) *string { return &c.AdminUI.PasswordHashFile },
			text("a file with "+adminui.HashAllowed+"; empty for none", nil),
			"The password that it has to show, as its hash. Read again when the file changes: pages that are logged in then have to log in again."),
		newKey("admin_ui.password_hash", func(c *Config) *string { return &c.AdminUI.PasswordHash },
			text(adminui.HashAllowed, func(s string) bool { return s == "" || adminui.IsHash(s) }),
			"The same hash in the environment or the YAML file.").secret(),
		newKey("admin_ui.read_only", func(c *Config) *bool { return &c.AdminUI.ReadOnly }, boolean(),
			"Whether the page shows and does nothing. Otherwise whoever is logged in makes sockets join and leave rooms, disconnects them, and emits, in every namespace and at every server of the cluster."),
		newKey("admin_ui.mode", func(c *Config) *string { return &c.AdminUI.Mode }, choice("production", "development"),
			"In `development` the page shows each socket and its rooms, and what browsers and services emit, as far as it can be read: 200 events and 1000 changes a second. In `production` it shows servers, namespaces and counts."),
		newKey("admin_ui.namespace", func(c *Config) *string { return &c.AdminUI.Namespace },
			text("a namespace such as /admin, not /, without * and a comma, at most 128 bytes", isOwnNamespace),
			"Namespace to which the page connects. Services hear nothing of it."),
		newKey("admin_ui.server_id", func(c *Config) *string { return &c.AdminUI.ServerID },
			text("a text of at most 256 bytes; empty for host name and process id", func(s string) bool { return len(s) <= 256 && utf8.ValidString(s) }),
			"How the page calls this hub: another one for each server of a cluster."),
	)
}

func isOwnNamespace(s string) bool {
	return len(s) > 1 && len(s) <= 128 && s[0] == '/' && !strings.ContainsAny(s, "*,?#\x00") && utf8.ValidString(s)
}

// check checks what belongs together.
func (a *AdminUI) check(refuse func(bad bool, key string, value any, allowed string)) {
	if !a.Enabled {
		return
	}
	refuse(a.Username == "", "admin_ui.username", "", "want a name with admin_ui.enabled")
	refuse(a.PasswordHash == "" && a.PasswordHashFile == "", "admin_ui.password_hash_file", "", "want a file with "+adminui.HashAllowed)
	refuse(a.PasswordHash != "" && a.PasswordHashFile != "", "admin_ui.password_hash_file", a.PasswordHashFile, "want either this or admin_ui.password_hash")
}

// Password opens the password. Its error is an *Error.
func (a *AdminUI) Password() (*adminui.Password, error) {
	p, err := adminui.OpenPassword(a.PasswordHash, a.PasswordHashFile)
	if err == nil {
		return p, nil
	}
	allowed := err.Error()
	if errors.Is(err, adminui.ErrHash) {
		allowed = "want a file with " + adminui.HashAllowed
	}
	return nil, &Error{Problems: []*Problem{{Key: "admin_ui.password_hash_file", Value: a.PasswordHashFile, Allowed: allowed}}}
}
