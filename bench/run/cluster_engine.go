package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// natsServer is the package of the NATS server, of the version that the tests embed.
const natsServer = "github.com/nats-io/nats-server/v2"

// engine is the process that servers share.
type engine struct {
	cmd *exec.Cmd
	url string
	// traffic tells what has come over its connections and gone out.
	traffic func() (in, out int64, err error)
}

// startEngine starts a Redis or a NATS that keeps nothing on disk.
func startEngine(name, nats, dir string) (*engine, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	e := &engine{}
	if name == "nats" {
		monitor, err := freeAddress()
		if err != nil {
			return nil, err
		}
		_, monitorPort, err := net.SplitHostPort(monitor)
		if err != nil {
			return nil, err
		}
		e.url = "nats://" + address
		e.cmd = exec.Command(nats, "--addr", "127.0.0.1", "--port", port, "--http_port", monitorPort)
		e.traffic = func() (int64, int64, error) { return natsTraffic("http://" + monitor + "/varz") }
	} else {
		e.url = "redis://" + address
		e.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir)
		e.traffic = func() (int64, int64, error) { return redisTraffic(address) }
	}
	log, err := os.Create(filepath.Join(dir, "engine.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	e.cmd.Stdout, e.cmd.Stderr = log, log
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	return e, until(context.Background(), "the engine answers", func() bool {
		_, _, err := e.traffic()
		return err == nil
	})
}

// freeAddress is one that nobody had a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// redisTraffic reads the bytes on all connections. What this question costs does not
// matter: it is asked of a connection whose bytes are taken off.
func redisTraffic(address string) (in, out int64, err error) {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte("INFO stats\r\n")); err != nil {
		return 0, 0, err
	}
	r := bufio.NewReader(conn)
	head, err := r.ReadString('\n')
	if err != nil {
		return 0, 0, err
	}
	size, err := strconv.Atoi(strings.Trim(head, "$\r\n"))
	if err != nil {
		return 0, 0, fmt.Errorf("redis: %q", head)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "total_net_input_bytes":
			in, err = strconv.ParseInt(value, 10, 64)
		case "total_net_output_bytes":
			out, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if in == 0 {
		return 0, 0, errors.New("redis tells no total_net_input_bytes")
	}
	return in, out, nil
}

// natsTraffic reads the bytes of all messages, which is their payloads alone.
func natsTraffic(url string) (in, out int64, err error) {
	client := http.Client{Timeout: patience}
	response, err := client.Get(url)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	var varz struct {
		In  int64 `json:"in_bytes"`
		Out int64 `json:"out_bytes"`
	}
	err = json.NewDecoder(response.Body).Decode(&varz)
	return varz.In, varz.Out, err
}
