package hostile

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// badTokens are values of the authorization header, none of which may get in, nor
// into the log.
var badTokens = []string{
	"", "Bearer", "Bearer ", "Bearer wrong-token-wrong-token", "Basic " + goodToken, goodToken, "Bearer " + goodToken + "x", "Bearer " + goodToken[:len(goodToken)-1], "Bearer x" + goodToken, "Bearer " + strings.ToUpper(goodToken), "Bearer " + goodToken + "," + goodToken,
	"Bearer " + goodToken + " " + goodToken, "Token " + goodToken, "Bearer suite", "Bearer suite:" + goodToken, "Bearer suite: " + goodToken, "Bearer sha256:" + strings.Repeat("0", 64), "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdWl0ZSJ9.", "Bearer null", "Bearer undefined", "Bearer [object Object]", "Bearer *",
	"Bearer ' OR 1=1 --", "Bearer ../../etc/passwd", "Bearer #", "Bearer " + strings.Repeat("a", 10_000),
}

func tokenInputs() []input {
	var all []input
	add := func(name string, values []string, allow ...outcome) {
		calls := map[string]func(context.Context, *probe) error{
			"Attach": func(ctx context.Context, p *probe) error {
				s, err := hubv1.NewAttachServiceClient(p.control()).Attach(ctx)
				if err == nil {
					_, err = s.Recv()
				}
				return err
			},
			"Execute": func(ctx context.Context, p *probe) error {
				_, err := hubv1.NewControlServiceClient(p.control()).Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{emit(everybody(), "x", "[]")}})
				return err
			},
			"FetchSockets": func(ctx context.Context, p *probe) error {
				s, err := hubv1.NewControlServiceClient(p.control()).FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody(), IncludeHandshake: true}})
				if err == nil {
					_, err = s.Recv()
				}
				return err
			},
		}
		for method, call := range calls {
			all = append(all, input{kind: "token", name: method + " with " + name, allow: allow, attack: func(p *probe) outcome {
				ctx, cancel := context.WithDeadline(context.Background(), p.until)
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
	for _, v := range badTokens {
		add(fmt.Sprintf("%.40q", v), []string{v}, "UNAUTHENTICATED")
	}
	add("a token of 100 kB", []string{"Bearer " + strings.Repeat("b", 100_000)}, "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE")
	add("two wrong tokens", []string{"Bearer wrong-token-wrong-token", "Bearer wrong-token-wrong-token"}, "UNAUTHENTICATED")
	return all
}
