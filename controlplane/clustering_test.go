package controlplane

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// several are hubs that share an engine in memory.
type several struct {
	engine   *clustertest.Switch
	clusters []cluster.Cluster
	worlds   []*world
	refused  atomic.Int32 // signals
}

// inCluster runs a test with hubs that know of each other, in virtual time. The ids of the hubs are in order.
func inCluster(t *testing.T, n int, f func(t *testing.T, s *several)) {
	t.Helper()
	inClusterWith(t, n, cluster.Settings{}, Config{}, f)
}

// inClusterWith is inCluster with these settings of the engine.
func inClusterWith(t *testing.T, n int, settings cluster.Settings, config Config, f func(t *testing.T, s *several)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &several{engine: clustertest.NewSwitch()}
		for i := range n {
			engine := s.engine.Cluster(settings)
			id := strings.Repeat(string(rune('a'+i)), 16)
			config := config
			config.HubID, config.ControlAddress = id, id[:1]+".example:7420"
			w := newWorldOn(t, config, hub.Config{
				Cluster: hub.ClusterConfig{ID: id, Engine: engine, ControlAddress: id[:1] + ".example:7420"},
				Trace: &hub.Trace{PeerRefused: func(kind, _ string) {
					if kind == "signal" {
						s.refused.Add(1)
					}
				}},
			})
			if err := w.hub.Cluster().Open(); err != nil {
				t.Fatal(err)
			}
			s.clusters, s.worlds = append(s.clusters, engine), append(s.worlds, w)
		}
		s.settle()
		f(t, s)
	})
}

// settle waits until the hubs have heard of each other, and of each other's instances.
func (s *several) settle() {
	virtualtime.Pass(3 * time.Second)
}

var inChat = &hubv1.Target{Namespace: "/chat", All: true}

func TestClustering_CommandsOfOneServiceReachTheBrowsersOfAll(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, s *several) {
		here, there := s.worlds[0].chat("i"), s.worlds[1].chat("i")
		one, other := s.worlds[0].join(here), s.worlds[1].join(there)
		here.Command(emit(inChat, "hello", `[1]`))
		if r := here.Result(); r.MatchedCount != 1 || r.MissingHubIds != nil {
			t.Errorf("result %v", r)
		}
		one.Expect(`42/chat,["hello",1]`)
		other.Expect(`42/chat,["hello",1]`)
		local := emit(inChat, "local", `[]`)
		local.GetEmit().Local = true
		there.Command(local)
		there.Result()
		other.Expect(`42/chat,["local"]`)

		// Data of a socket at another hub: the version and the refusal come from there.
		here.Command(&hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{
			Target: &hubv1.Target{Namespace: "/chat", Sockets: []string{other.id}}, Data: []byte(`{"n":1}`),
		}}})
		if r := here.Result(); r.MatchedCount != 1 || r.DataVersion == 0 || r.Status != nil {
			t.Errorf("result %v", r)
		}
		wrong := uint64(77)
		here.Command(&hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{
			Target: &hubv1.Target{Namespace: "/chat", Sockets: []string{other.id}}, Data: []byte(`2`), ExpectedVersion: &wrong,
		}}})
		if r := here.Result(); r.GetStatus().GetCode() != hubv1.Code_CODE_FAILED_PRECONDITION {
			t.Errorf("result %v", r)
		}
	})
}

func TestClustering_QueriesAnswerForAllHubs(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, s *several) {
		var services []*controlplanetest.Service
		var ids []string
		for _, w := range s.worlds {
			service := w.chat("i")
			services = append(services, service)
			for range 2 {
				b := w.join(service)
				ids = append(ids, b.id)
				service.Command(&hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{
					Target: &hubv1.Target{Namespace: "/chat", Sockets: []string{b.id}}, Join: []string{"all", w.srv.hubID[:1]},
				}}})
				service.Result()
			}
		}
		ask := services[1]
		ask.Command(fetch("/chat", 4))
		var found []string
		for more := true; more; {
			r := ask.Result()
			more = r.More
			for _, one := range r.Sockets {
				found = append(found, one.Socket.Id)
				if len(one.Rooms) != 2 || one.Socket.HubId == "" || one.ConnectTime == nil {
					t.Errorf("socket %v", one)
				}
			}
		}
		slices.Sort(found)
		slices.Sort(ids)
		if !slices.Equal(found, ids) {
			t.Errorf("found %q of %q", found, ids)
		}
		ask.Command(&hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: inChat}}})
		if r := ask.Result(); r.Count != 6 {
			t.Errorf("counted %v", r)
		}
		ask.Command(&hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: &hubv1.ListRooms{Namespace: "/chat"}}})
		rooms := map[string]uint32{}
		for _, room := range ask.Result().Rooms {
			rooms[room.Name] = room.SocketCount
		}
		if len(rooms) != 4 || rooms["all"] != 6 || rooms["a"] != 2 {
			t.Errorf("rooms %v", rooms)
		}
		// One that has just died is missed by name, and nobody waits for it.
		s.engine.Cut(s.clusters[2], true)
		before := time.Now()
		ask.Command(&hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: inChat}}})
		if r := ask.Result(); r.Count != 4 || !slices.Equal(r.MissingHubIds, []string{s.worlds[2].srv.hubID}) {
			t.Errorf("counted %v", r)
		}
		if took := time.Since(before); took > 1500*time.Millisecond {
			t.Errorf("after %v", took)
		}
		resp, err := hubv1.NewControlServiceClient(s.worlds[0].conn).CountSockets(t.Context(), &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: inChat}})
		if err != nil || resp.Count != 4 || len(resp.MissingHubIds) != 1 {
			t.Errorf("counted %v %v", resp, err)
		}
		s.engine.Cut(s.clusters[2], false)
	})
}

func TestClustering_ServicesAreToldWhichHubsThereAre(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, s *several) {
		service := s.worlds[0].chat("i")
		if hubs := service.Welcome.Hubs; len(hubs) != 2 || hubs[1].ControlAddress != "b.example:7420" {
			t.Errorf("welcome: %v", hubs)
		}
		s.engine.Cut(s.clusters[1], true)
		n := service.Notice()
		if hubs := n.GetHubs().GetHubs(); n.Kind != hubv1.NoticeKind_NOTICE_KIND_HUBS || len(hubs) != 1 || hubs[0].Id != s.worlds[0].srv.hubID {
			t.Errorf("notice: %v", n)
		}
		s.engine.Cut(s.clusters[1], false)
		if hubs := service.Notice().GetHubs().GetHubs(); len(hubs) != 2 {
			t.Errorf("hubs: %v", hubs)
		}
	})
}

// The engine cut off from everybody makes nobody believe that a hub is lost.
func TestClustering_NobodyIsLostWhileTheEngineIsAway(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, s *several) {
		service := s.worlds[0].chat("i")
		b := s.worlds[0].join(service)
		s.engine.Away(true)
		virtualtime.Pass(time.Minute)
		service.Command(emit(inChat, "here", `[]`))
		if r := service.Result(); !slices.Equal(r.MissingHubIds, []string{s.worlds[1].srv.hubID}) {
			t.Errorf("result %v", r)
		}
		b.Expect(`42/chat,["here"]`)
		s.engine.Away(false)
		virtualtime.Pass(time.Minute)
		service.Quiet(time.Second)
		service.Command(emit(inChat, "again", `[]`))
		if r := service.Result(); r.MissingHubIds != nil {
			t.Errorf("result %v", r)
		}
	})
}

func TestClustering_ACallReachesEachInstanceOnce(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, s *several) {
		// "everywhere" is attached to all hubs, as kits are, the others to one.
		var everywhere []*controlplanetest.Service
		for _, w := range s.worlds {
			everywhere = append(everywhere, w.worksFor("kit", "everywhere"))
		}
		only := s.worlds[2].worksFor("bare", "only-c")
		caller := s.worlds[1].worksFor("other", "caller")
		s.settle()
		caller.Command(call("", "ask", "[1]", time.Minute))
		// The caller's hub calls who is attached there.
		everywhere[1].Reply(everywhere[1].Delivery(), `["b"]`)
		only.Reply(only.Delivery(), `["c"]`)
		answers := map[string]string{}
		var last *hubv1.Result
		for last = caller.Result(); last.More; last = caller.Result() {
			a := last.GetCallAnswer()
			answers[a.Group+"/"+a.InstanceId] = string(a.Payload.GetArgs())
		}
		if len(answers) != 2 || answers["kit/everywhere"] != `["b"]` || answers["bare/only-c"] != `["c"]` {
			t.Errorf("answers %v", answers)
		}
		if total := last.GetCallTotal(); total.ExpectedCount != 2 || total.AnsweredCount != 2 || last.Status != nil || last.MatchedCount != 2 {
			t.Errorf("last %v", last)
		}
		// Without answers. A group that is not at the caller's hub is called by the one with the smallest id.
		lone := []*controlplanetest.Service{s.worlds[0].worksFor("lone", "x"), s.worlds[2].worksFor("lone", "x")}
		s.settle()
		caller.Command(call("lone", "ask", "[1]", 0))
		if r := caller.Result(); r.Status != nil {
			t.Errorf("result %v", r)
		}
		lone[0].Done(lone[0].Delivery())
		for _, silent := range []*controlplanetest.Service{lone[1], everywhere[0], everywhere[2]} {
			silent.Quiet(time.Second)
		}
	})
}

// Whoever writes to the engine may write anything: what is no signal is answered, and counted.
func TestClustering_AForgedSignalIsCounted(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, s *several) {
		here := s.worlds[0].hub.Cluster()
		here.Signal([]byte("no signal"))
		here.Signal([]byte(`{"call":{"call":"AAAA"}}`))
		done := false
		here.Ask(&cluster.Question{Kind: cluster.Signalled, Signal: []byte(`{}`)}, cluster.Asking{Done: func(missing []string) {
			if done = true; missing != nil {
				t.Errorf("missing %q", missing)
			}
		}})
		s.settle()
		if n := s.refused.Load(); n != 3 || !done {
			t.Errorf("%d were refused, answered: %v", n, done)
		}
	})
}

func TestClustering_ARevocationMeetsTheSocketsOfAllHubs(t *testing.T) {
	inCluster(t, 2, func(t *testing.T, s *several) {
		here, there := s.worlds[0].chat("i"), s.worlds[1].chat("i")
		b := s.worlds[1].join(there)
		here.Command(&hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Sockets: []string{b.id}}}})
		if r := here.Result(); r.Status != nil || r.MissingHubIds != nil {
			t.Errorf("result %v", r)
		}
		b.WaitEnd()
		if d := there.Disconnected().GetDisconnected(); d.Detail != "revoked" {
			t.Errorf("disconnected %v", d)
		}
	})
}
