package controlplane

import (
	"bytes"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/siohub/siohub/controlplane/internal/fault"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// bytesCodec passes bytes on as they are.
type bytesCodec struct{}

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (bytesCodec) Name() string { return "proto" }

func TestControl_RequestsThatCannotBeDecodedHaveAStatus(t *testing.T) {
	field := func(n protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
	}
	bad := []byte("x\xff")
	notUTF8 := map[string][]byte{
		hubv1.ControlService_Execute_FullMethodName:      field(1, field(3, bad)),
		hubv1.ControlService_ForgetGroup_FullMethodName:  field(1, bad),
		hubv1.ControlService_FetchSockets_FullMethodName: field(1, field(1, field(1, bad))),
	}
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		refused := func(method string, request []byte, code codes.Code, reason string) {
			t.Helper()
			var answer []byte
			err := w.conn.Invoke(t.Context(), method, request, &answer, grpc.ForceCodecV2(bytesCodec{}), grpc.MaxCallSendMsgSize(64<<20))
			if status.Code(err) != code || fault.StatusOf(err).GetReason() != reason {
				t.Errorf("%s, %.20q: %v", method, request, err)
			}
		}
		for method, request := range notUTF8 {
			refused(method, request, codes.InvalidArgument, "INVALID_UTF8")
			refused(method, []byte("\xff\xff"), codes.InvalidArgument, "MALFORMED")
			refused(method, append(field(1, nil), field(99, nil)...), codes.Unimplemented, "UNKNOWN_FIELD")
			refused(method, make([]byte, 5<<20), codes.ResourceExhausted, "ENVELOPE_TOO_LARGE")
			refused(method, make([]byte, 17<<20), codes.ResourceExhausted, "")
		}
		refused(hubv1.ControlService_Execute_FullMethodName, bytes.Repeat(field(1, nil), 100_000), codes.ResourceExhausted, "TOO_MANY_ELEMENTS")
	})
}

// A command that has something unknown is refused for itself, and those beside it are carried out.
func TestControl_OnlyTheCommandWithSomethingUnknownIsRefused(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		good := &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: &hubv1.Target{Namespace: "/chat", All: true}, Event: "x"}}}
		tomorrow := proto.CloneOf(good)
		tomorrow.GetEmit().ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
		r, err := hubv1.NewControlServiceClient(w.conn).Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{good, tomorrow, good}})
		if err != nil {
			t.Fatal(err)
		}
		for n, result := range r.Results {
			if s := result.GetStatus(); (n == 1) != (s.GetReason() == "UNKNOWN_FIELD" && s.GetField() == "emit.99") || n != 1 && s != nil {
				t.Errorf("command %d: %v", n, s)
			}
		}
	})
}

func TestControl_ACallerWithoutACredentialHearsOfThatFirst(t *testing.T) {
	inBubble(t, Config{Authenticator: oneSecret{}}, func(t *testing.T, w *world) {
		var answer []byte
		err := w.conn.Invoke(t.Context(), hubv1.ControlService_Execute_FullMethodName, []byte("\xff"), &answer, grpc.ForceCodecV2(bytesCodec{}))
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("%v", err)
		}
	})
}
