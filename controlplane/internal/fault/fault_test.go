package fault

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/replay"
	"github.com/siohub/siohub/hub"
)

func TestReasons_EachHasANameACodeAndAMeaning(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	seen := map[string]bool{}
	for _, e := range Reasons() {
		if !name.MatchString(e.Name) || seen[e.Name] {
			t.Errorf("reason %q", e.Name)
		}
		seen[e.Name] = true
		if _, ok := hubv1.Code_name[int32(e.Code)]; !ok || !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("%s: code %v, meaning %q", e.Name, e.Code, e.Meaning)
		}
		r, ok := Lookup(e.Name)
		if !ok || r.String() != e.Name || r.Code() != e.Code {
			t.Errorf("%s is found as %v", e.Name, r)
		}
	}
	if len(seen) != int(reasons) {
		t.Errorf("%d of %d reasons", len(seen), reasons)
	}
	if text := Markdown(); strings.Count(text, "\n") != int(reasons)+2 ||
		!strings.Contains(text, "| ABORTED | `LEASE_LOST` | The delivery was revoked. |\n") {
		t.Errorf("table: %s", text)
	}
	if r := reasons + 7; r.String() != "INTERNAL" || r.Code() != hubv1.Code_CODE_INTERNAL {
		t.Error("a number that is no reason is not INTERNAL")
	}
}

// A reason is a typed constant: what the compiler leaves is a number made by hand, and
// a Status written without a Fault.
func TestReasons_NobodyMakesOneByHand(t *testing.T) {
	for _, file := range goFiles(t, "../..") {
		if strings.Contains(file, "internal/fault/") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"fault.Reason(", "hubv1.Status{", "status.Error(", "status.Errorf(", "status.New("} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s has %s: only package fault makes a Status", file, bad)
			}
		}
	}
}

// The hub's own words are in the table too: as a reason of an ArgumentError, or as the
// limit of a LimitError.
func TestReasons_HaveEveryWordOfTheHub(t *testing.T) {
	words := 0
	for _, file := range goFiles(t, "../../../hub") {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			name := fmt.Sprint(call.Fun)
			if s, ok := call.Fun.(*ast.SelectorExpr); ok {
				name = s.Sel.Name
			}
			literal, ok := call.Args[1].(*ast.BasicLit)
			if !ok || (name != "wrong" && name != "tooMuch" && name != "badJSON") {
				return true
			}
			word, _ := strconv.Unquote(literal.Value)
			if _, ok := Lookup(strings.ToUpper(word)); !ok {
				t.Errorf("%s: %s is not in the table", file, word)
			}
			words++
			return true
		})
	}
	if words < 15 {
		t.Errorf("only %d words were found: the test looks in the wrong place", words)
	}
	for _, limit := range []string{"attachments", "depth", "arguments", "event_name_bytes"} { // siopacket's
		if _, ok := Lookup(strings.ToUpper(limit)); !ok {
			t.Errorf("%s is not in the table", limit)
		}
	}
}

// A reason that nobody gives is a promise that is not kept.
func TestReasons_EachIsGivenBySomebody(t *testing.T) {
	words := map[string]bool{}
	for _, dir := range []string{"../..", "../../../hub"} {
		for _, file := range goFiles(t, dir) {
			if strings.HasSuffix(file, "fault/reasons.go") || strings.HasSuffix(file, "fault/table.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for word := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				words[word] = true
			}
		}
	}
	tree, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(tree, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name == "reasons" {
			return true
		}
		if word := Reason(n).String(); !words[spec.Names[0].Name] && !words[word] && !words[strings.ToLower(word)] {
			t.Errorf("nobody gives %s", word)
		}
		n++
		return true
	})
	if n != int(reasons) {
		t.Errorf("%d of %d reasons were looked for", n, reasons)
	}
}

func goFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return files
}

func TestOf_TranslatesWhatOthersSay(t *testing.T) {
	own := New(EmptyTarget, "x")
	for _, c := range []struct {
		err    error
		reason Reason
		field  string
	}{
		{fmt.Errorf("wrapped: %w", own), EmptyTarget, ""},
		{&hub.ArgumentError{Field: "target.rooms[2]", Reason: "RESERVED_ROOM"}, ReservedRoom, "emit.target.rooms[2]"},
		{&hub.ArgumentError{Reason: "TOMORROWS_WORD"}, Invalid, "emit"},
		{&hub.LimitError{Field: "join[1]", Limit: "limits.room_bytes"}, RoomBytes, "emit.join[1]"},
		{&hub.LimitError{Limit: "tomorrow"}, Limit, "emit"},
		{hub.ErrVersion, DataVersion, "emit.expected_version"},
		{hub.ErrShutdown, Shutdown, ""},
		{hub.ErrGone, BrowserGone, ""},
		{hub.ErrAnswered, AlreadyDecided, ""},
		{replay.ErrBusy, IdempotencyBusy, ""},
		{dispatch.ErrUnknown, UnknownDelivery, "delivery_seq"},
		{dispatch.ErrSettled, AlreadySettled, "delivery_seq"},
		{dispatch.ErrRevoked, LeaseLost, "delivery_seq"},
		{errors.New("a secret"), Internal, ""},
	} {
		s := Of(c.err, "emit").Status()
		if s.Reason != c.reason.String() || s.Code != c.reason.Code() || s.Field != c.field {
			t.Errorf("%v: %v", c.err, s)
		}
		if strings.Contains(s.Message, "secret") {
			t.Error("the text of an unknown error is told")
		}
	}
	if Of(nil, "emit") != nil {
		t.Error("no error is a fault")
	}
}

func TestFault_GRPCHasTheStatusAsItsDetail(t *testing.T) {
	f := At(CommandCount, "commands", "1 to 1000").After(time.Second).Under("request")
	err := f.GRPC()
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "request.commands: 1 to 1000") {
		t.Errorf("error: %v", err)
	}
	s := StatusOf(err)
	if s.Reason != "COMMAND_COUNT" || s.Field != "request.commands" || s.RetryAfter.AsDuration() != time.Second {
		t.Errorf("status: %v", s)
	}
	if s := StatusOf(errors.New("other")); s.Code != hubv1.Code_CODE_UNKNOWN {
		t.Errorf("of another error: %v", s)
	}
	if StatusOf(nil) != nil {
		t.Error("of no error")
	}
	if s := At(InvalidUTF8, "a\xff", "b\xff").Status(); strings.Contains(s.Field+s.Message, "\xff") {
		t.Error("a status that cannot be encoded")
	}
}

func TestFault_NilIsOK(t *testing.T) {
	var f *Fault
	if f.Status() != nil || f.CodeName() != "OK" || f.Under("x") != nil {
		t.Error("nil is not OK")
	}
	if New(LeaseLost, "").CodeName() != "ABORTED" {
		t.Error("name of a code")
	}
}
