package hostile

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"google.golang.org/grpc/metadata"
)

// What `hub serve` is configured with: the conformance program lets every origin
// and every service in, and compresses nothing.
const (
	goodOrigin = "https://good.example"
	goodToken  = "hostile-suite-token-0123456789"
)

// suiteServe is what the suite needs of it, in addition.
const suiteServe = "namespaces: [/]\nrates: {messages: 0, bytes: 0}\nparking: {age: 2s}\nper_message_deflate: {enabled: true}\nlog: {level: debug}\n"

// startServe runs `hub serve`, its files in the folder tmp, and more in its configuration and environment.
func startServe(tmp, more string, env ...string) (*target, error) {
	dir, err := programs()
	if err != nil {
		return nil, err
	}
	tokens, config := filepath.Join(tmp, "tokens"), filepath.Join(tmp, "hub.yaml")
	t := &target{addr: freePort(), control: freePort(), admin: freePort(), token: goodToken}
	yaml := fmt.Sprintf("listen: %s\ncontrol: {listen: %q, tokens_file: %q}\nadmin: {listen: %q}\n"+
		"ping_interval: %v\nping_timeout: %v\nconnect_timeout: %v\ncors: {origins: [%q]}\n%s",
		t.addr, t.control, tokens, t.admin, pingInterval, pingTimeout, connectTimeout, goodOrigin, more)
	if err := os.WriteFile(tokens, []byte("suite: "+goodToken+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(dir, "hub"), "serve", "--config", config)
	cmd.Env = append(os.Environ(), env...)
	return t, t.launch(cmd, func() bool { return t.adminPage("/readyz") != "" })
}

// serveInputs are the rows that `hub serve` is needed for.
func serveInputs() []input {
	var all []input
	for _, make := range []func() []input{originInputs, deflateInputs, tokenInputs} {
		all = append(all, make()...)
	}
	return unique(all)
}

// authorized adds the token that the target's services need.
func (t *target) authorized(ctx context.Context) context.Context {
	if t.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+t.token)
}
