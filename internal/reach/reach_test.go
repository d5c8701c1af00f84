package reach

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestToken_IsTheFirstLineThatIsNotEmpty(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " \n\t\n": "", "secret": "secret", "\n  secret \r\nother\n": "secret",
	} {
		if got := Token([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTLS_NamesTheSettingThatCannotBeUsed(t *testing.T) {
	if config, err := (TLS{}).Config(); config != nil || err != nil {
		t.Errorf("nothing set: %v, %v", config, err)
	}
	rubbish := filepath.Join(t.TempDir(), "rubbish")
	if err := os.WriteFile(rubbish, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tls     TLS
		setting Setting
		half    bool
	}{
		"no CA":         {TLS{CA: rubbish + ".none"}, SettingCA, false},
		"rubbish CA":    {TLS{CA: rubbish}, SettingCA, false},
		"no key":        {TLS{CA: "system", Cert: rubbish}, SettingCert, true},
		"no cert":       {TLS{Key: rubbish}, SettingCert, true},
		"rubbish in it": {TLS{Cert: rubbish, Key: rubbish}, SettingCert, false},
	} {
		_, err := c.tls.Config()
		var bad *TLSError
		if !errors.As(err, &bad) || bad.Setting != c.setting || errors.Is(err, ErrHalfPair) != c.half {
			t.Errorf("%s: %v", name, err)
		}
	}
}
