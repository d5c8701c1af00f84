package services

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// BadTokens are values of the authorization header, none of which may get in, nor
// into the log.
var BadTokens = []string{
	"", "Bearer", "Bearer ", "Bearer wrong-token-wrong-token", "Basic " + hostile.GoodToken, hostile.GoodToken, "Bearer " + hostile.GoodToken + "x", "Bearer " + hostile.GoodToken[:len(hostile.GoodToken)-1], "Bearer x" + hostile.GoodToken, "Bearer " + strings.ToUpper(hostile.GoodToken), "Bearer " + hostile.GoodToken + "," + hostile.GoodToken,
	"Bearer " + hostile.GoodToken + " " + hostile.GoodToken, "Token " + hostile.GoodToken, "Bearer suite", "Bearer suite:" + hostile.GoodToken, "Bearer suite: " + hostile.GoodToken, "Bearer sha256:" + strings.Repeat("0", 64), "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdWl0ZSJ9.", "Bearer null", "Bearer undefined", "Bearer [object Object]", "Bearer *",
	"Bearer ' OR 1=1 --", "Bearer ../../etc/passwd", "Bearer #", "Bearer " + strings.Repeat("a", 10_000),
}

// TokenInputs are services without the right token.
func TokenInputs() []hostile.Input {
	var all []hostile.Input
	add := func(name string, values []string, allow ...hostile.Outcome) {
		calls := map[string]func(context.Context, *hostile.Probe) error{
			"Attach": func(ctx context.Context, p *hostile.Probe) error {
				s, err := hubv1.NewAttachServiceClient(DialControl(p)).Attach(ctx)
				if err == nil {
					_, err = s.Recv()
				}
				return err
			},
			"Execute": func(ctx context.Context, p *hostile.Probe) error {
				_, err := hubv1.NewControlServiceClient(DialControl(p)).Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{Emit(everybody(), "x", "[]")}})
				return err
			},
			"FetchSockets": func(ctx context.Context, p *hostile.Probe) error {
				s, err := hubv1.NewControlServiceClient(DialControl(p)).FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody(), IncludeHandshake: true}})
				if err == nil {
					_, err = s.Recv()
				}
				return err
			},
		}
		for method, call := range calls {
			all = append(all, hostile.Input{Kind: "token", Name: method + " with " + name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
				ctx, cancel := context.WithDeadline(context.Background(), p.Until)
				defer cancel()
				for _, v := range values {
					ctx = metadata.AppendToOutgoingContext(ctx, "authorization", v)
				}
				if err := call(ctx, p); err != nil {
					return codeOnly(streamEnd(err))
				}
				return "OK"
			}})
		}
	}
	add("no token", nil, "UNAUTHENTICATED")
	for _, v := range BadTokens {
		add(fmt.Sprintf("%.40q", v), []string{v}, "UNAUTHENTICATED")
	}
	add("a token of 100 kB", []string{"Bearer " + strings.Repeat("b", 100_000)}, "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE")
	add("two wrong tokens", []string{"Bearer wrong-token-wrong-token", "Bearer wrong-token-wrong-token"}, "UNAUTHENTICATED")
	return all
}
