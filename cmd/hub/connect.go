package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/client"
	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// hubFlags say which hub a command asks, and who asks. All commands that go to the
// control listener have them.
type hubFlags struct {
	Hub       string        `default:"127.0.0.1:7420" env:"HUB_ADDRESS" placeholder:"HOST:PORT" group:"hub" help:"Control listener of the hub. Default ${default}."`
	TokenFile string        `placeholder:"FILE" group:"hub" help:"File with the bearer token, where the hub wants one; or the variable HUB_TOKEN or HUB_TOKEN_FILE."`
	CA        string        `name:"tls-ca" env:"HUB_TLS_CA" placeholder:"FILE" group:"hub" help:"PEM file with the authorities that the hub's certificate is checked against, or \"system\" for those of this machine. Turns TLS on."`
	Cert      string        `name:"tls-cert" env:"HUB_TLS_CERT" placeholder:"FILE" group:"hub" help:"PEM file with the certificate that is shown to the hub."`
	Key       string        `name:"tls-key" env:"HUB_TLS_KEY" placeholder:"FILE" group:"hub" help:"PEM file with its private key."`
	Name      string        `name:"tls-server-name" env:"HUB_TLS_SERVER_NAME" placeholder:"NAME" group:"hub" help:"Name in the hub's certificate, where it is not the host of --hub."`
	Insecure  bool          `group:"hub" help:"Let the token go to another machine without TLS."`
	Timeout   time.Duration `default:"10s" group:"hub" help:"How long to wait for the hub. Default ${default}."`
}

// oneHub is the first address of a list: HUB_ADDRESS has all hubs for a service, and a
// command asks one of them, of a name's addresses one that answers.
func oneHub(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimPrefix(strings.TrimSpace(first), "dns:///")
}

// do gives a command to the hub, on a connection of its own.
func (f *hubFlags) do(a *app, verb string, command *hubv1.Command) (*hubv1.Result, error) {
	conn, err := f.dial(a)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Do(a.ctx, verb, command)
}

// dial prepares the connection. A flag that cannot be is a *usageError.
func (f *hubFlags) dial(a *app) (*client.Client, error) {
	if f.Timeout <= 0 {
		return nil, &usageError{err: fmt.Errorf("--timeout = %s: want more than 0s", f.Timeout)}
	}
	o := client.Options{
		Address: oneHub(f.Hub), TokenFile: f.TokenFile, CA: f.CA, Cert: f.Cert, Key: f.Key, ServerName: f.Name,
		Insecure: f.Insecure, Timeout: f.Timeout,
	}
	if o.TokenFile == "" {
		o.Token = variable(a.environ, config.EnvToken)
		o.TokenFile = variable(a.environ, config.EnvTokenFile)
	}
	c, err := client.Dial(o)
	var usage *client.UsageError
	if errors.As(err, &usage) {
		return nil, &usageError{err: err}
	}
	return c, err
}

// outputFlags say how a list is printed.
type outputFlags struct {
	Output string `short:"o" default:"table" enum:"table,json" placeholder:"FORM" help:"table, or json: one object a line. Default ${default}."`
}

// list prints a list as a table or as JSON lines.
type list struct {
	json  *json.Encoder
	table *tabwriter.Writer
	// header is printed with the first row, or at the end; it is empty from then on.
	header string
	rows   int
}

func (f *outputFlags) list(w io.Writer, header string) *list {
	if f.Output == "json" {
		enc := json.NewEncoder(terminal.JSON(w))
		enc.SetEscapeHTML(false)
		return &list{json: enc}
	}
	return &list{table: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), header: header}
}

// head prints the header, if it is not there yet.
func (l *list) head() {
	if l.header != "" {
		_, _ = fmt.Fprintln(l.table, l.header) // its error comes again with flush
		l.header = ""
	}
}

// add prints one row: the object as JSON, or the line, which has the columns with tabs
// between them.
func (l *list) add(object any, line string) error {
	l.rows++
	if l.json != nil {
		return l.json.Encode(object)
	}
	l.head()
	_, err := fmt.Fprintln(l.table, line)
	return err
}

// end is flush for a list that is whole: one without rows has its header.
func (l *list) end() error {
	l.head()
	return l.flush()
}

// flush prints what there is; of a call that was refused that is nothing.
func (l *list) flush() error {
	if l.table == nil {
		return nil
	}
	return l.table.Flush()
}

// dash stands for what is not there.
func dash(s string) string { return cmp.Or(s, "-") }

// sockets says how many.
func sockets(n uint32) string {
	if n == 1 {
		return "1 socket"
	}
	return fmt.Sprintf("%d sockets", n)
}
