package eiopacket

import (
	"encoding/json"
	"fmt"
)

// OpenData is the data of the open packet: these five keys and no others.
//
// Spec: engine.io-protocol v4, Handshake.
type OpenData struct {
	// SID is the session id.
	SID string `json:"sid"`
	// Upgrades are the transports the browser may move to. Never null on the wire.
	Upgrades []string `json:"upgrades"`
	// PingInterval and PingTimeout are in milliseconds.
	PingInterval int64 `json:"pingInterval"`
	PingTimeout  int64 `json:"pingTimeout"`
	// MaxPayload is in bytes.
	MaxPayload int64 `json:"maxPayload"`
}

// AppendOpen appends an open packet in text form.
func AppendOpen(dst []byte, o OpenData) []byte {
	if o.Upgrades == nil {
		o.Upgrades = []string{}
	}
	data, err := json.Marshal(o)
	if err != nil {
		panic("eiopacket: strings and integers always marshal: " + err.Error())
	}
	return append(append(dst, byte(Open)), data...)
}

// DecodeOpen reads an open packet in text form.
func DecodeOpen(text []byte) (OpenData, error) {
	p, err := Decode(text)
	if err == nil && p.Type != Open {
		err = ErrType
	}
	if err != nil {
		return OpenData{}, err
	}
	var o OpenData
	if err := json.Unmarshal(p.Data, &o); err != nil {
		return OpenData{}, fmt.Errorf("eiopacket: open packet: %w", err)
	}
	return o, nil
}
