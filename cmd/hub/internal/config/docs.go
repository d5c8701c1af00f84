package config

import (
	"fmt"
	"io"
	"strings"
)

// intro opens docs/configuration.md.
const intro = `# Configuration

` + "`hub serve`, `hub demo` and `hub config`" + ` take each option as a flag, as an environment variable and from a YAML
file (` + "`--config FILE` or `HUB_CONFIG`" + `). A flag wins over a variable, a variable over the file, the file over the default.
` + "`hub config`" + ` prints what is in force and where it came from.

The name of the flag and of the variable follow from the key: ` + "`cors.max_age` is `--cors-max-age` and `HUB_CORS_MAX_AGE`" + `;
in YAML the parts are nested. Lists are written with commas in flags and variables. Durations have their unit
(` + "`25s`, `1m30s`" + `), sizes may (` + "`64KiB`, `1MB`" + `).

An unknown key, an unknown variable that starts with ` + "`HUB_`" + ` or a value out of range ends the start with exit code 2 and a
line that says the key, the value and what is allowed; no port has been opened then. Secrets have no flag, because
everybody on a machine can read flags; they are printed as ` + "`***`" + `.

` + "```yaml" + `
listen: :3000
namespaces: [/chat, /org/*]
cors:
  origins: [https://chat.example.com]
control:
  tokens_file: /etc/hub/tokens   # one "name: token" a line
log:
  format: json
  levels: {controlplane: debug}
` + "```" + `

On SIGHUP ` + "`hub serve`" + ` reads all of it again. ` + "`log.level` and `log.levels`" + ` take effect at once; one log line says what has changed and which keys
want a restart. A configuration that is not accepted leaves the old one in force. Tokens, certificates and keys in files are watched, and
read at once then.

The memory limit is ` + "`GOMEMLIMIT`" + ` (` + "`GOMEMLIMIT=512MiB hub serve`" + `), or else 90 % of what the container or the cgroup may have (` + "`AUTOMEMLIMIT=0.8`" + `
takes 80 %, ` + "`off`" + ` nothing). Where there is one, what browsers and services may make the hub hold in all is by default at most three quarters of it (thirteen sixteenths with ` + "`recovery.enabled`" + `), and the rest is left for
sessions, rooms, work of services and the collector; ` + "`hub serve`" + ` warns of a configuration that promises more.

Other variables: ` + "`HUB_CONFIG`" + ` (the file), those of services and of the commands that ask a hub, such as
` + "`hub emit`" + ` and ` + "`hub tail`" + `: ` + "`HUB_ADDRESS`" + ` (where it is; services take a list), ` + "`HUB_TOKEN` or `HUB_TOKEN_FILE`" + ` (their bearer token), ` + "`HUB_TLS_CA`, `HUB_TLS_CERT`" + `,
` + "`HUB_TLS_KEY` and `HUB_TLS_SERVER_NAME`" + `, and ` + "`DEBUG`" + ` in the field's habit: ` + "`DEBUG=engineio,control*,-socketio hub serve`" + ` logs those
components at debug level, ` + "`DEBUG=*`" + ` all.

This page is generated from the table in ` + "`cmd/hub/internal/config`" + ` (` + "`go test ./cmd/hub/internal/config -update`" + `).
`

// WriteDocs writes the reference of all keys as Markdown.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString(intro)
	heading := ""
	for _, k := range Keys() {
		if k.Group != heading {
			heading = k.Group
			fmt.Fprintf(&b, "\n## %s\n\n| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n", heading)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, cell(showDefault(k)), cell(k.Allowed), cell(k.Help+k.remark()))
	}
	writeSums(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// remark is what the row of a key says beside its help.
func (k Key) remark() string {
	switch {
	case k.Secret:
		return " Secret: no flag, printed as `***`."
	case k.Share > 0:
		return fmt.Sprintf(" By default at most 1/%d of the memory limit.", k.Share)
	}
	return ""
}

// WriteTable writes all keys for a terminal, one paragraph each.
func WriteTable(w io.Writer) error {
	var b strings.Builder
	heading := ""
	for _, k := range Keys() {
		if k.Group != heading {
			heading = k.Group
			fmt.Fprintf(&b, "\n%s\n", heading)
		}
		fmt.Fprintf(&b, "\n  %s\n      %s%s\n      default %s; allowed: %s\n",
			k.Name, k.Help, k.remark(), strings.Trim(showDefault(k), "`"), k.Allowed)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

func showDefault(k Key) string {
	switch v := k.Default().(type) {
	case string:
		if v == "" {
			return "empty"
		}
		return "`" + v + "`"
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return "`" + strings.Join(v, ", ") + "`"
	case map[string]string, map[string]any, []any:
		return "none"
	default:
		return fmt.Sprintf("`%v`", v)
	}
}

// cell escapes what would end a table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
