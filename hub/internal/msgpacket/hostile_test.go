package msgpacket

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// event is an EVENT with these arguments, the data behind its head.
func event(data string) string { return "\x83\xa4type\x02\xa3nsp\xa1/\xa4data" + data }

// args is an EVENT with one argument.
func args(value string) string { return event("\x92\xa1a" + value) }

// hostile are inputs that ended other servers, and some of our own: each is refused, and says why.
var hostile = []struct {
	name, message string
	want          error
}{
	{"nothing", "", errShort},
	{"a number", "\x01", errPacket},
	{"an array", "\x91\x01", errPacket},
	{"JSON", `2["a"]`, errPacket},
	{"an empty map", "\x80", siopacket.ErrType},
	{"a code that is never used", "\xc1", errFormat},
	{"a code that is never used, inside", args("\xc1"), errFormat},
	{"two packets", args("\x01") + args("\x01"), errTrailing},
	{"a byte too many", args("\x01") + "\x00", errTrailing},

	{"no type", "\x82\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type 5", "\x83\xa4type\x05\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type -1", "\x83\xa4type\xff\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type 2.5", "\x83\xa4type\xcb\x40\x04\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type of 64 bits", "\x83\xa4type\xcf\x01\x00\x00\x00\x00\x00\x00\x02\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type as text", "\x83\xa4type\xa12\xa3nsp\xa1/\xa4data\x91\xa1a", siopacket.ErrType},
	{"type nil", "\x82\xa4type\xc0\xa3nsp\xa1/", siopacket.ErrType},
	{"type twice", "\x83\xa4type\x00\xa4type\x01\xa3nsp\xa1/", errTwice},

	{"no namespace", "\x82\xa4type\x02\xa4data\x91\xa1a", errNamespace},
	{"namespace without a slash", "\x82\xa4type\x00\xa3nsp\xa1a", errNamespace},
	{"empty namespace", "\x82\xa4type\x00\xa3nsp\xa0", errNamespace},
	{"namespace as number", "\x82\xa4type\x00\xa3nsp\x01", errNamespace},
	{"namespace as binary", "\x82\xa4type\x00\xa3nsp\xc4\x01/", errNamespace},
	{"namespace that is not UTF-8", "\x82\xa4type\x00\xa3nsp\xa2/\xff", errText},
	{"namespace undefined", "\x82\xa4type\x00\xa3nsp" + undefined, errNamespace},
	{"namespace twice", "\x83\xa4type\x00\xa3nsp\xa1/\xa3nsp\xa1/", errTwice},

	{"id -1", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xff\xa4data\x91\xa1a", errID},
	{"id nil", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xc0\xa4data\x91\xa1a", errID},
	{"id as text", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xa11\xa4data\x91\xa1a", errID},
	{"id 0.5", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00\xa4data\x91\xa1a", errID},
	{"id NaN", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01\xa4data\x91\xa1a", errID},
	{"id beyond all bounds", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcb\x7f\xef\xff\xff\xff\xff\xff\xff\xa4data\x91\xa1a", errID},
	{"id twice", "\x85\xa4type\x02\xa3nsp\xa1/\xa2id\x01\xa2id\x01\xa4data\x91\xa1a", errTwice},

	{"event without data", "\x82\xa4type\x02\xa3nsp\xa1/", siopacket.ErrPayload},
	{"event with nil", event("\xc0"), siopacket.ErrPayload},
	{"event with undefined", event(undefined), siopacket.ErrPayload},
	{"event with a map", event("\x80"), siopacket.ErrPayload},
	{"event with text", event("\xa1a"), siopacket.ErrPayload},
	{"event of nothing", event("\x90"), siopacket.ErrPayload},
	{"data twice", "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1a\xa4data\x91\xa1a", errTwice},
	{"ack with a map", "\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x80", siopacket.ErrPayload},
	{"auth as array", "\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x90", siopacket.ErrPayload},
	{"auth nil", "\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xc0", siopacket.ErrPayload},
	{"disconnect with data", "\x83\xa4type\x01\xa3nsp\xa1/\xa4data\x90", siopacket.ErrPayload},
	{"refusal with a number", "\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x01", siopacket.ErrPayload},

	{"name nil", event("\x91\xc0"), siopacket.ErrName},
	{"name NaN", event("\x91\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"), siopacket.ErrName},
	{"name as binary", event("\x91\xc4\x01a"), siopacket.ErrName},
	{"name as array", event("\x91\x90"), siopacket.ErrName},
	{"reserved name", event("\x91\xa7connect"), siopacket.ErrReserved},
	{"long name", event("\x91\xda\x00\x81" + strings.Repeat("n", 129)), siopacket.ErrNameLength},
	{"name that is not UTF-8", event("\x91\xa1\xff"), errText},

	{"text that is not UTF-8", args("\xa3a\xffb"), errText},
	{"half a pair in UTF-8", args("\xa3\xed\xa0\x80"), errText},
	{"overlong UTF-8", args("\xa2\xc0\x80"), errText},
	{"key that is not UTF-8", args("\x81\xa1\xff\x01"), errText},
	{"key as array", args("\x81\x90\x01"), errKey},
	{"key as map", args("\x81\x80\x01"), errKey},
	{"key as binary", args("\x81\xc4\x01a\x01"), errKey},
	{"key as date", args("\x81\xd6\xff\x00\x00\x00\x00\x01"), errKey},

	{"a placeholder", args("\x82\xac_placeholder\xc3\xa3num\x00"), errSeat},
	{"a placeholder, deep", args("\x91\x81\xa1x\x81\xac_placeholder\xc3"), errSeat},
	{"a placeholder beside binary", args("\x92\xc4\x01a\x82\xa3num\x00\xac_placeholder\xc3"), errSeat},
	{"a placeholder with two marks", args("\x82\xac_placeholder\xc2\xac_placeholder\xc3"), errSeat},

	{"a placeholder that is unmarked by undefined", args("\x82\xac_placeholder\xc3\xac_placeholder" + undefined), errSeat},

	{"extension 1", args("\xd4\x01\x00"), errExt},
	{"extension 0 of two bytes", args("\xd5\x00\x00\x00"), errExt},
	{"extension 127", args("\xc7\x03\x7fabc"), errExt},
	{"timestamp of three bytes", args("\xc7\x03\xffabc"), errExt},
	{"timestamp of no bytes", args("\xc7\x00\xff"), errExt},

	{"text of 4 GiB", args("\xdb\xff\xff\xff\xff"), errShort},
	{"binary of 4 GiB", args("\xc6\xff\xff\xff\xff"), errShort},
	{"array of 4 G", args("\xdd\xff\xff\xff\xff"), errShort},
	{"map of 4 G", args("\xdf\xff\xff\xff\xff"), errShort},
	{"map of 2 G", args("\xdf\x80\x00\x00\x00"), errShort},
	{"extension of 4 GiB", args("\xc9\xff\xff\xff\xff\x00"), errShort},
	{"a packet of 4 G members", "\xdf\xff\xff\xff\xff\xa4type\x02", errShort},
	{"one element too few", args("\x92\x01"), errShort},
	{"one pair too few", args("\x82\xa1a\x01"), errShort},

	{"512 arrays", args(strings.Repeat("\x91", 512) + "\x01"), siopacket.ErrDepth},
	{"512 maps", args(strings.Repeat("\x81\xa1a", 512) + "\x01"), siopacket.ErrDepth},
	{"endless arrays", args(strings.Repeat("\x91", 900_000)), errShort},
	{"4097 arguments", event("\xdc\x10\x02\xa1a" + strings.Repeat("\x01", 4097)), siopacket.ErrArguments},
	{"11 attachments", args("\x9b" + strings.Repeat("\xc4\x00", 11)), siopacket.ErrAttachments},
	{"more JSON than an event may be", args("\xdd\x00\x0c\x00\x00" + strings.Repeat("\xc2", 0xc0000)), errSize},
}

func TestDecode_HostileInputIsRefused(t *testing.T) {
	for _, row := range hostile {
		p, inline, err := parser().Decode([]byte(row.message), true)
		if !errors.Is(err, row.want) || inline != nil || p.Payload != nil {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}

func TestDecode_TextIsRefused(t *testing.T) {
	if _, _, err := parser().Decode([]byte(`2["a"]`), false); !errors.Is(err, siopacket.ErrText) {
		t.Error(err)
	}
}

// Every beginning of a packet is no packet.
func TestDecode_TruncatedInputIsRefused(t *testing.T) {
	for _, row := range examples {
		message := pack(t, row.value)
		for n := range message {
			if _, _, err := parser().Decode(message[:n:n], true); err == nil {
				t.Errorf("%s: %q is a packet", row.name, message[:n])
			}
		}
	}
}

func TestDecode_AtTheLimits(t *testing.T) {
	for name, message := range map[string]string{
		"511 arrays":     args(strings.Repeat("\x91", 511) + "\x01"),
		"4096 arguments": event("\xdc\x10\x01\xa1a" + strings.Repeat("\x01", 4096)),
		"10 attachments": args("\x9a" + strings.Repeat("\xc4\x00", 10)),
		"a long name":    event("\x91\xd9\x80" + strings.Repeat("n", 128)),
	} {
		if _, _, err := parser().Decode([]byte(message), true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Inputs of the largest size that a transport lets through, each chosen to make a decoder hold much for little. What
// is allocated stays near to what an event may be, and is nothing where the input is refused for its form.
func TestDecode_HostileInputIsHeldInLittle(t *testing.T) {
	const size = 900_000
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	for name, c := range map[string]struct {
		message string
		most    int
	}{
		"nesting":       {args(fill("\x91")), 64 << 10},
		"maps":          {args(fill("\x81\x01")), 64 << 10},
		"claims":        {args(fill("\xdd\x00\x0d\x00\x00")), 64 << 10},
		"empty arrays":  {args("\xdd\x00\x0d\x00\x00" + strings.Repeat("\x90", 0xd0000)), 4 * eventBytes},
		"false":         {args("\xdd\x00\x0d\x00\x00" + strings.Repeat("\xc2", 0xd0000)), 4 * eventBytes},
		"controls":      {args("\xdb\x00\x0d\x00\x00" + strings.Repeat("\x01", 0xd0000)), 4 * eventBytes},
		"members":       {"\xdf\x00\x06\x00\x00" + strings.Repeat("\x01", 0xc0000), 64 << 10},
		"undefined":     {args("\xdf\x00\x03\x00\x00" + strings.Repeat("\xa0"+undefined, 0x30000)), 64 << 10},
		"namespace":     {"\x82\xa4type\x00\xa3nsp\xdb\x00\x0d\x00\x00/" + strings.Repeat("n", 0xcffff), size},
		"binary":        {args("\xc6\x00\x0d\x00\x00" + strings.Repeat("\x01", 0xd0000)), size},
		"auth":          {"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1a\xc6\x00\x0d\x00\x00" + strings.Repeat("\x01", 0xd0000), 64 << 10},
		"small bins":    {args("\xdd\x00\x06\x80\x00" + strings.Repeat("\xc4\x00", 0x68000)), 64 << 10},
		"long numbers":  {args("\xdd\x00\x01\x70\x00" + strings.Repeat("\xcb\x80\x10\x00\x00\x00\x00\x00\x01", 0x17000)), 4 * eventBytes},
		"not used keys": {"\x81" + fill("\x81\x90"), 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			m, data := parser(), []byte(c.message)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := m.Decode(data, true)
			runtime.ReadMemStats(&after)
			if held := after.TotalAlloc - before.TotalAlloc; held > uint64(c.most+64<<10) {
				t.Errorf("%d bytes allocated for %d (%v)", held, len(data), err)
			}
		})
	}
}
