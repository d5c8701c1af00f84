package msgpacket

import "github.com/siohub/siohub/hub/internal/siopacket"

// ToJSON reads one MessagePack value, of whatever kind, as JSON and attachments: binary becomes a placeholder wherever it
// stands. Of limits Depth and Attachments hold; most is the size of JSON and attachments together. What is returned is
// the caller's own. It is safe for concurrent use.
func ToJSON(value []byte, limits siopacket.Limits, most int64) (data []byte, attachments [][]byte, err error) {
	return toJSON(value, limits, most, false)
}

// ToPlainJSON is as ToJSON for what cannot have attachments: binary becomes what JSON.stringify makes of a Buffer.
func ToPlainJSON(value []byte, limits siopacket.Limits, most int64) ([]byte, error) {
	data, _, err := toJSON(value, limits, most, true)
	return data, err
}

func toJSON(value []byte, limits siopacket.Limits, most int64, alone bool) (data []byte, attachments [][]byte, err error) {
	t := transcoders.Get().(*transcoder)
	defer t.release()
	t.alone = alone
	t.reader = reader{data: value}
	t.limits, t.most = limits.WithDefaults(), most
	if err := t.value(); err != nil {
		return nil, nil, err
	}
	if t.left() > 0 {
		return nil, nil, errTrailing
	}
	if data, err = t.payload(); err != nil {
		return nil, nil, err
	}
	return data, t.inline, nil
}

// AppendJSON appends JSON as one MessagePack value, the attachments where their placeholders stand. What is no JSON
// becomes nil. It is safe for concurrent use.
func AppendJSON(buf, data []byte, attachments [][]byte) []byte {
	w := writers.Get().(*writer)
	w.out = buf
	w.payload(data, attachments)
	buf = w.out
	w.release()
	return buf
}
