package house

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// room is one line of the table of packages.
type room struct {
	// pkg is the package below the module; `/...` takes in everything under it.
	pkg string
	// may lists what it imports beside the standard library: packages of this
	// module by their short path, `/...` allowed, others by their module.
	may []string
	// not lists packages of the standard library that it keeps its hands off.
	not []string
}

const (
	protobuf   = "google.golang.org/protobuf"
	grpc       = "google.golang.org/grpc"
	gorilla    = "github.com/gorilla/websocket"
	klauspost  = "github.com/klauspost/compress"
	middleware = "github.com/grpc-ecosystem/go-grpc-middleware"
	prometheus = "github.com/prometheus/client_golang"
)

var network = []string{"net", "net/http"}

// rooms is the table of packages, ground floor first. The first line that fits
// counts.
var rooms = []room{
	{pkg: "gen/hub/v1", may: []string{grpc, protobuf}},

	{pkg: "hub/internal/eiopacket", not: network},
	{pkg: "hub/internal/siopacket", not: network, may: []string{"internal/placeholder"}},
	{pkg: "hub/internal/msgpacket", not: network, may: []string{"hub/internal/siopacket", "internal/placeholder", "github.com/vmihailenco/msgpack/v5"}},
	{pkg: "hub/cluster", not: network},
	{pkg: "hub/cluster/internal/wire", not: network, may: []string{"hub/cluster", "github.com/vmihailenco/msgpack/v5"}},
	{pkg: "hub/cluster/internal/mesh", not: network, may: []string{"hub/cluster", "hub/cluster/internal/wire", "internal/sampledlog"}},
	{pkg: "hub/cluster/internal/pending", not: network, may: []string{"hub/cluster", "hub/cluster/internal/mesh"}},
	{pkg: "hub/cluster/internal/fence", not: network, may: []string{"hub/cluster"}},
	{pkg: "hub/cluster/internal/pages", not: network, may: []string{"hub/cluster"}},
	{pkg: "hub/cluster/nats", may: []string{"hub/cluster", "hub/cluster/internal/fence", "hub/cluster/internal/mesh", "hub/cluster/internal/pages", "hub/cluster/internal/pending", "hub/cluster/internal/wire", "internal/sampledlog", "github.com/nats-io/nats.go", "github.com/nats-io/nkeys"}},
	{pkg: "hub/cluster/clustertest", not: network, may: []string{"hub/cluster", "hub/cluster/internal/mesh", "hub/cluster/internal/wire", "github.com/google/go-cmp"}},
	{pkg: "hub/cluster/redis", may: []string{
		"hub/cluster", "hub/cluster/internal/fence", "hub/cluster/internal/mesh", "hub/cluster/internal/pages", "hub/cluster/internal/pending", "hub/cluster/internal/wire", "hub/cluster/redis/internal/nodewire", "hub/internal/siopacket", "internal/rawio", "internal/sampledlog",
		"github.com/redis/go-redis/v9",
	}},
	{pkg: "hub/cluster/redis/internal/nodewire", not: network, may: []string{"hub/cluster", "hub/internal/msgpacket", "hub/internal/siopacket"}},
	{pkg: "hub/internal/rooms", not: network, may: []string{"hub/cluster"}},
	{pkg: "hub/internal/netpoll", may: []string{"internal/rawio"}},
	{pkg: "hub/internal/rates", not: network},
	{pkg: "hub/internal/peers", may: []string{"hub/internal/handover", "hub/internal/proxyheader", "hub/internal/rates", "internal/rawio", "internal/sampledlog"}},
	{pkg: "hub/internal/handover"},
	{pkg: "hub/internal/rules", may: []string{"hub/internal/option", "hub/internal/request"}},
	{pkg: "hub/internal/proxyheader", may: []string{"hub/internal/handover", "internal/sampledlog", "github.com/pires/go-proxyproto"}},
	{pkg: "hub/internal/unfinished", not: network},
	{pkg: "hub/internal/deflate", not: network, may: []string{klauspost}},
	{pkg: "hub/internal/option", not: []string{"net"}, may: []string{"hub/internal/deflate", "hub/internal/siopacket", "internal/shorttime", "golang.org/x/net/idna"}},
	{pkg: "hub/internal/request", may: []string{"hub/internal/eiopacket", "hub/internal/option"}},
	{pkg: "hub/internal/origin", may: []string{"hub/internal/option", "hub/internal/request", "internal/sampledlog", "github.com/rs/cors"}},
	{pkg: "hub/internal/wsframe", not: network, may: []string{"hub/internal/eiopacket", "hub/internal/unfinished"}},
	{pkg: "hub/internal/engineio", may: []string{
		"hub/internal/deflate", "hub/internal/eiopacket", "hub/internal/netpoll", "hub/internal/option", "hub/internal/origin", "hub/internal/peers", "hub/internal/proxyheader", "hub/internal/rates",
		"hub/internal/request", "hub/internal/rules", "hub/internal/unfinished", "hub/internal/wsframe", "internal/rawio", "internal/sampledlog", gorilla, klauspost,
	}},
	{pkg: "hub/internal/recovery", not: network, may: []string{"hub/cluster", "hub/internal/rooms"}},
	{pkg: "hub/internal/socketio", not: network, may: []string{
		"hub/internal/engineio", "hub/internal/eiopacket", "hub/internal/option", "hub/internal/recovery", "hub/internal/request", "hub/internal/siopacket", "hub/internal/wsframe",
		"hub/cluster", "hub/internal/rooms", "internal/sampledlog",
	}},
	{pkg: "hub/internal/federation", not: network, may: []string{
		"hub/cluster", "hub/internal/engineio", "hub/internal/recovery", "hub/internal/socketio", "internal/sampledlog", "github.com/vmihailenco/msgpack/v5",
	}},
	{pkg: "hub/internal/clientfiles", may: []string{"hub/internal/request", "github.com/andybalholm/brotli"}},
	{pkg: "hub/internal/v09", may: []string{
		"hub/internal/engineio", "hub/internal/eiopacket", "hub/internal/request", "hub/internal/siopacket", "internal/sampledlog", gorilla,
	}},
	{pkg: "hub/internal/relay", may: []string{"hub/internal/engineio", "hub/internal/netpoll", "hub/internal/request", "internal/rawio", "internal/sampledlog"}},
	{pkg: "hub/engineecho", may: []string{"hub/internal/engineio", "hub/internal/option", "hub/internal/origin"}},
	{pkg: "hub/internal/mergepatch", not: network},
	{pkg: "hub", may: []string{"hub/internal/...", "hub/cluster"}},
	{pkg: "hub/loadgen", may: []string{"hub/internal/eiopacket", "hub/internal/siopacket", gorilla}},
	{pkg: "hub/hubtest", may: []string{"hub/internal/eiopacket", "hub/internal/siopacket", gorilla, "go.uber.org/goleak"}},

	{pkg: "controlplane/trace", not: network},
	{pkg: "controlplane/overview", not: network},
	{pkg: "controlplane/access", not: network, may: []string{"controlplane/internal/permit", "golang.org/x/time/rate"}},
	{pkg: "controlplane/internal/dispatch", not: network, may: []string{
		"controlplane/internal/ledger", "controlplane/internal/park", "controlplane/internal/window",
	}},
	{pkg: "controlplane/internal/permit", not: network, may: []string{"controlplane/internal/route"}},
	{pkg: "controlplane/internal/observe", not: network, may: []string{"controlplane/internal/route"}},
	{pkg: "controlplane/internal/route", not: network, may: []string{"github.com/benbjohnson/immutable"}},
	{pkg: "controlplane/internal/fault", may: []string{
		"hub", "gen/hub/v1", "controlplane/internal/dispatch", "controlplane/internal/replay", "internal/envelope", grpc, protobuf,
	}},
	{pkg: "controlplane/internal/command", may: []string{
		"hub", "hub/cluster", "gen/hub/v1", "controlplane/internal/fault", "controlplane/internal/park", "controlplane/internal/replay",
		"controlplane/internal/route", "internal/envelope", grpc, protobuf,
	}},
	{pkg: "controlplane/internal/contract", not: network, may: []string{"hub", "gen/hub/v1", "controlplane/internal/dispatch", protobuf}},
	{pkg: "controlplane/internal/subscription", not: network, may: []string{
		"hub", "gen/hub/v1", "controlplane/internal/contract", "controlplane/internal/dispatch", "controlplane/internal/fault", "controlplane/internal/observe",
		"controlplane/internal/route", "internal/envelope", protobuf,
	}},
	{pkg: "controlplane/internal/calls", not: network, may: []string{
		"gen/hub/v1", "controlplane/internal/caller", "controlplane/internal/command", "controlplane/internal/fault", "controlplane/internal/turns",
		"controlplane/trace", "internal/envelope", grpc, protobuf, middleware, prometheus,
	}},
	{pkg: "controlplane/internal/loglines", not: network, may: []string{"golang.org/x/time/rate"}},
	{pkg: "controlplane/internal/roll", not: network, may: []string{"hub"}},
	{pkg: "controlplane/internal/outgoing", not: network, may: []string{
		"gen/hub/v1", "controlplane/internal/command", "controlplane/internal/contract", "controlplane/internal/copies", "controlplane/internal/dispatch",
		"internal/outqueue",
	}},
	{pkg: "controlplane/internal/copies", not: network, may: []string{
		"hub", "gen/hub/v1", "controlplane/trace", "controlplane/internal/command", "controlplane/internal/contract", "controlplane/internal/dispatch",
		"controlplane/internal/observe", "controlplane/internal/subscription", "internal/outqueue", protobuf,
	}},
	{pkg: "controlplane/internal/facts", not: network, may: []string{
		"hub", "gen/hub/v1", "controlplane/internal/contract", "controlplane/internal/observe", "controlplane/internal/route",
		"controlplane/internal/subscription",
	}},
	{pkg: "controlplane/internal/caller", may: []string{
		"gen/hub/v1", "controlplane/access", "controlplane/internal/command", "controlplane/internal/fault", "controlplane/internal/permit", grpc, middleware,
	}},
	{pkg: "controlplane/internal/replay", not: network, may: []string{"controlplane/internal/park"}},
	{pkg: "controlplane/internal/...", not: network}, // tables and arithmetic
	{pkg: "controlplane/controlplanetest", may: []string{"gen/hub/v1", grpc, protobuf}},
	{pkg: "controlplane", may: []string{
		"hub", "hub/cluster", "gen/hub/v1", "controlplane/access", "controlplane/overview", "controlplane/trace", "controlplane/internal/...", "internal/envelope", "internal/outqueue", "internal/shorttime", grpc, protobuf, middleware, prometheus,
		"golang.org/x/net/http/httpguts", "golang.org/x/time/rate",
	}},

	{pkg: "service/servicetest/scenarios", may: []string{"service", grpc}},
	{pkg: "service/servicetest", may: []string{"service", "service/internal/argjson", "gen/hub/v1", grpc, protobuf}},
	{pkg: "service/internal/argjson", not: network, may: []string{"internal/placeholder"}},
	{pkg: "service/internal/lanes", not: network},
	{pkg: "service/internal/results", not: network, may: []string{"gen/hub/v1", grpc, protobuf}},
	{pkg: "service", may: []string{"service/internal/...", "gen/hub/v1", "internal/envelope", "internal/outqueue", "internal/rawcreds", "internal/reach", grpc, protobuf}},

	{pkg: "cmd/hub/internal/terminal"},
	{pkg: "cmd/hub/internal/logsink", not: network},
	{pkg: "cmd/hub/internal/descriptors", may: []string{"internal/sampledlog"}},
	{pkg: "cmd/hub/internal/quicserver", may: []string{"internal/sampledlog", "github.com/quic-go/quic-go", "github.com/quic-go/webtransport-go"}},
	{pkg: "cmd/hub/internal/admin", may: []string{"cmd/hub/internal/terminal"}},
	{pkg: "cmd/hub/internal/client", may: []string{"cmd/hub/internal/terminal", "gen/hub/v1", "internal/reach", grpc}},
	{pkg: "cmd/hub/internal/tail", may: []string{"cmd/hub/internal/terminal", "gen/hub/v1", grpc}},
	{pkg: "cmd/hub/internal/jwttest", may: []string{"github.com/lestrrat-go/jwx"}},
	{pkg: "cmd/hub/internal/jwt", may: []string{"cmd/hub/internal/filewatch", "github.com/lestrrat-go/jwx"}},
	{pkg: "cmd/hub/internal/acmecerts", may: []string{"cmd/hub/internal/filewatch", "internal/sampledlog", "golang.org/x/crypto/acme"}},
	{pkg: "cmd/hub/internal/adminui", may: []string{"hub", "hub/cluster", "internal/sampledlog", "golang.org/x/crypto/bcrypt"}},
	{pkg: "cmd/hub/internal/metrics", may: []string{
		"cmd/hub/internal/adminui", "cmd/hub/internal/terminal", "hub", "hub/cluster", "controlplane/trace", prometheus, "github.com/prometheus/client_model",
	}},
	{pkg: "cmd/hub/...", may: []string{
		"internal/rawcreds", "internal/reach", "internal/sampledlog", "internal/shorttime",
		"hub", "hub/cluster", "hub/cluster/nats", "hub/cluster/redis", "hub/loadgen", "controlplane/...", "service", "gen/hub/v1", "cmd/hub/internal/...", "examples/chat/...",
		grpc, protobuf, middleware, prometheus,
		"github.com/KimMachineGun/automemlimit", "github.com/alecthomas/kong", "github.com/knadh/koanf", "go.yaml.in/yaml/v3", "golang.org/x/net/idna",
	}},
	{pkg: "cmd/conformance", may: []string{
		"hub", "hub/engineecho", "controlplane", "controlplane/trace", "internal/rawcreds", "service", "gen/hub/v1", grpc, protobuf, prometheus,
	}},
	// What both ends of the stream share.
	{pkg: "internal/outqueue", not: network},
	{pkg: "internal/placeholder", not: network},
	{pkg: "internal/certstest"},
	{pkg: "internal/virtualtime", not: network},
	{pkg: "internal/reach"},
	{pkg: "internal/sampledlog", not: network},
	{pkg: "internal/rawio"},
	{pkg: "internal/shorttime", not: network},
	{pkg: "internal/rawcreds", may: []string{"internal/rawio", grpc}},
	{pkg: "internal/envelope", not: network, may: []string{"gen/hub/v1", grpc, protobuf}},

	// Programs outside of the house use it as anybody would.
	{pkg: "examples/...", may: []string{"service", "gen/hub/v1", "examples/...", grpc, protobuf}},
	{pkg: "bench/...", may: []string{"service", "hub/loadgen", "bench/...", gorilla}},
	{pkg: "test/...", may: []string{"service", "hub", "hub/hubtest", "controlplane", "gen/hub/v1", "test/...", gorilla, grpc, protobuf, "golang.org/x/net"}},
	{pkg: "internal/house"},
}

// onlyIn names the one file of a package that may import a library.
var onlyIn = map[string]string{
	"hub/internal/engineio " + gorilla:            "gorilla.go",
	"hub/internal/v09 " + gorilla:                 "websocket.go",
	"hub/internal/origin " + "github.com/rs/cors": "policy.go",
}

// matches reports whether a short path is the pattern, or below it where the
// pattern ends in `/...`.
func matches(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	return path == pattern
}

// allowed reports whether a room may import a path.
func (r room) allowed(imported string) bool {
	if standard(imported) {
		return !slices.Contains(r.not, imported)
	}
	return slices.ContainsFunc(r.may, func(may string) bool {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			return matches(may, short(imported))
		}
		return imported == may || strings.HasPrefix(imported, may+"/")
	})
}

func TestLayout_ImportsPointDown(t *testing.T) {
	for _, p := range goList(t, "./...") {
		i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.pkg, short(p.ImportPath)) })
		if i < 0 {
			t.Errorf("%s stands in no line of the table of packages", short(p.ImportPath))
			continue
		}
		for _, imported := range p.Imports {
			if !rooms[i].allowed(imported) {
				t.Errorf("%s imports %s", short(p.ImportPath), short(imported))
			}
		}
	}
}

func TestLayout_LibraryInOneFile(t *testing.T) {
	for key, only := range onlyIn {
		pkg, library, _ := strings.Cut(key, " ")
		files, err := filepath.Glob(filepath.Join(root(t), pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Base(file)
			if name == only || strings.HasSuffix(name, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				if imported, _ := strconv.Unquote(spec.Path.Value); imported == library {
					t.Errorf("%s imports %s; only %s does", path.Join(pkg, name), library, only)
				}
			}
		}
	}
}

// The core is free of wires: whoever embeds the hub gets no gRPC, and who writes
// a service gets no hub.
func TestLayout_WhatNeverComesAlong(t *testing.T) {
	for _, c := range []struct {
		pkg   string
		never []string
	}{
		{"hub", []string{grpc, protobuf, prometheus, module + "/controlplane", module + "/gen"}},
		{"controlplane/internal/dispatch", []string{grpc, protobuf, module + "/hub"}},
		{"controlplane/internal/permit", []string{grpc, protobuf, module + "/hub"}},
		{"controlplane/internal/replay", []string{grpc, protobuf, module + "/hub"}},
		{"service", []string{gorilla, prometheus, middleware, module + "/hub", module + "/controlplane"}},
		{"service/servicetest", []string{gorilla, module + "/hub", module + "/controlplane"}},
		{"hub/loadgen", []string{grpc, protobuf}},
		{"hub/engineecho", []string{grpc, protobuf}},
	} {
		for _, dep := range goList(t, "-deps", "./"+c.pkg) {
			for _, never := range c.never {
				if dep.ImportPath == never || strings.HasPrefix(dep.ImportPath, never+"/") {
					t.Errorf("%s depends on %s", c.pkg, short(dep.ImportPath))
				}
			}
		}
	}
}
