package hostile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// What `hub serve` is configured with: the conformance program lets every origin
// and every service in, and compresses nothing.
const (
	goodOrigin = "https://good.example"
	GoodToken  = "hostile-suite-token-0123456789"
)

// SuiteServe is what the suite needs of it, in addition.
const SuiteServe = "namespaces: [/]\nrates: {messages: 0, bytes: 0}\nparking: {age: 2s}\nper_message_deflate: {enabled: true}\nlog: {level: debug}\n"

// StartServe runs `hub serve`, its files in the folder tmp, and more in its configuration and environment.
func StartServe(tmp, more string, env ...string) (*Target, error) {
	dir, err := Programs()
	if err != nil {
		return nil, err
	}
	tokens, config := filepath.Join(tmp, "tokens"), filepath.Join(tmp, "hub.yaml")
	t := &Target{Addr: freePort(), Control: freePort(), admin: freePort(), Token: GoodToken}
	yaml := fmt.Sprintf("listen: %s\ncontrol: {listen: %q, tokens_file: %q}\nadmin: {listen: %q}\n"+
		"ping_interval: %v\nping_timeout: %v\nconnect_timeout: %v\ncors: {origins: [%q]}\n%s",
		t.Addr, t.Control, tokens, t.admin, pingInterval, pingTimeout, connectTimeout, goodOrigin, more)
	if err := os.WriteFile(tokens, []byte("suite: "+GoodToken+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(dir, "hub"), "serve", "--config", config)
	cmd.Env = append(os.Environ(), env...)
	return t, t.launch(cmd, func() bool { return t.adminPage("/readyz") != "" })
}
