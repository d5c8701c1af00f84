package chaos_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/chaos"
)

// asker asks a hub who is there, as often as an instance does.
type asker struct {
	conn   *grpc.ClientConn
	cancel context.CancelFunc
	asking sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	answers []chaos.Answer
}

func newAsker(t *testing.T, control string) *asker {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+control, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &asker{conn: conn, cancel: cancel}
	a.asking.Go(func() {
		for wait(ctx, chaos.AskEvery) {
			a.asking.Go(func() {
				answer := a.ask()
				a.mu.Lock()
				defer a.mu.Unlock()
				a.answers = append(a.answers, answer)
			})
		}
	})
	t.Cleanup(a.stop)
	return a
}

// stop waits for the last answers.
func (a *asker) stop() {
	a.cancel()
	a.asking.Wait()
	_ = a.conn.Close()
}

// all are the answers until now.
func (a *asker) all() []chaos.Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.answers)
}

func (a *asker) ask() (answer chaos.Answer) {
	ctx, cancel := context.WithTimeout(context.Background(), chaos.AskTimeout)
	defer cancel()
	answer.Begun = time.Now()
	defer func() { answer.Took = time.Since(answer.Begun) }()
	stream, err := hubv1.NewControlServiceClient(a.conn).FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{
		Target: &hubv1.Target{Namespace: chaos.Namespace, All: true}, PageSize: 1000,
	}})
	for err == nil {
		var page *hubv1.FetchSocketsResponse
		if page, err = stream.Recv(); err == nil {
			answer.Sockets += len(page.Sockets)
			answer.Missing = append(answer.Missing, page.MissingHubIds...)
		}
	}
	if !errors.Is(err, io.EOF) {
		answer.Error = err.Error()
	}
	return answer
}

// summary is what is said of answers.
type summary struct {
	count, failed, lacking int
	median, longest        time.Duration
	at                     time.Time // of the longest
	error                  string    // the last one
}

func summarize(answers []chaos.Answer) (s summary) {
	var took []time.Duration
	for _, a := range answers {
		took = append(took, a.Took)
		if a.Took > s.longest {
			s.longest, s.at = a.Took, a.Begun
		}
		if a.Error != "" {
			s.failed++
			s.error = a.Error
		}
		if len(a.Missing) > 0 {
			s.lacking++
		}
	}
	if s.count = len(took); s.count > 0 {
		slices.Sort(took)
		s.median = took[s.count/2]
	}
	return s
}
