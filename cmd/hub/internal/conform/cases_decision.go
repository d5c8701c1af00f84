package conform

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var decisionCases = []*Case{
	{Name: "decisions/accept", Rules: []string{"D10"}, About: "An accept has user, rooms, data and keep_auth.", run: func(t *T) {
		_, a := t.one()
		s := a.browser("/").attempt(`{"user":"ünï","rooms":["b","a"],"data":{"n":1},"keep":true}`).settlement("D10", "a decision").GetAccept()
		t.check("D10", s.GetUser() == "ünï", "the user", "%s", short(s))
		t.check("D10", len(s.GetRooms()) == 2 && s.GetRooms()[0] == "b" && s.GetRooms()[1] == "a", "the rooms", "%s", short(s))
		t.check("D10", sameJSON(string(s.GetData()), `{"n":1}`), "the data as JSON", "%s", s.GetData())
		t.check("D10", s.GetKeepAuth(), "keep_auth", "%s", short(s))
		t.check("D10", s.GetExpireTime() == nil && s.GetPolicy() == nil && s.GetCache() == nil, "nothing that the program did not say", "%s", short(s))
	}},
	{Name: "decisions/accept-nothing", Rules: []string{"D10"}, About: "An accept without anything has nothing; `auth` may be absent.", run: func(t *T) {
		_, a := t.one()
		for _, auth := range []string{"", `{}`} {
			s := a.browser("/").attempt(auth).settlement("D10", "a decision").GetAccept()
			ok := s != nil && s.GetUser() == "" && len(s.GetRooms()) == 0 && len(s.GetData()) == 0 && !s.GetKeepAuth()
			t.check("D10", ok, "an empty accept", "%s", short(s))
		}
	}},
	{Name: "decisions/deny", Rules: []string{"D10"}, About: "A denial has message and data.", run: func(t *T) {
		_, a := t.one()
		s := a.browser("/").attempt(`{"deny":"no entry","data":{"code":403}}`).settlement("D10", "a decision")
		t.check("D10", s.GetDeny().GetMessage() == "no entry" && sameJSON(string(s.GetDeny().GetData()), `{"code":403}`), "message and data", "%s", short(s))
		s = a.browser("/").attempt(`{"deny":"no"}`).settlement("D10", "a decision")
		t.check("D10", s.GetDeny() != nil && len(s.GetDeny().GetData()) == 0, "a denial without data", "%s", short(s))
	}},
	{Name: "decisions/deny-namespace", Rules: []string{"D10"}, About: "A denial as if there were no such namespace has neither message nor data.", run: func(t *T) {
		_, a := t.one()
		s := a.browser("/").attempt(`{"deny_namespace":true}`).settlement("D10", "a decision")
		d := s.GetDeny()
		ok := d.GetReason() == hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN && d.GetMessage() == "" && len(d.GetData()) == 0
		t.check("D10", ok, "NAMESPACE_UNKNOWN alone", "%s", short(s))
	}},
	{Name: "decisions/throw", Rules: []string{"D11"}, About: "An authorizer that fails lets nobody in.", run: func(t *T) {
		_, a := t.one()
		s := a.browser("/").attempt(`{"throw":"broken"}`).settlement("D11", "a settlement")
		t.check("D11", s.GetNack() != nil || s.GetDeny() != nil, "nack or deny", "%s", short(s))
	}},
	{Name: "decisions/wait", Rules: []string{"D3", "D12"}, About: "Decisions that wait keep neither others nor events back.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		held := a.browser("/").attempt(`{"hold":"door","user":"late"}`)
		a.logged("D3", `["hold","door"]`)
		a.join(`{"user":"other"}`)
		b.ask("D3", "echo", `[1]`)
		a.release("door")
		s := held.settlement("D10", "a decision")
		t.check("D10", s.GetAccept().GetUser() == "late", "the accept", "%s", short(s))
	}},
	{Name: "decisions/browser-gone", Rules: []string{"V1", "V2"}, About: "A browser that leaves before the decision cancels it.", run: func(t *T) {
		_, a := t.one()
		held := a.browser("/").attempt(`{"hold":"door"}`)
		a.logged("D3", `["hold","door"]`)
		a.revoke("BROWSER_GONE", held)
		a.logged("V1", `["cancelled","door","BROWSER_GONE"]`)
		t.rest(200 * time.Millisecond)
	}},
	{Name: "decisions/renewal", Rules: []string{"D13"}, About: "A renewal is accepted with a new expiry, and nothing that must not be set.", run: func(t *T) {
		_, a := t.one()
		s := renewal(a.join(`{"user":"stay","rooms":["r"],"keep":true}`)).settlement("D13", "an answer to auth_expiring")
		t.check("D13", s.GetAccept().GetExpireTime() != nil, "an accept with expire_time", "%s", short(s))
		t.check("D13", s.GetAccept().GetRefreshBefore().AsDuration() == 10*time.Second, "refresh_before of 10 s", "%s", short(s))
		s = renewal(a.join(`{"user":"leave"}`)).settlement("D13", "an answer to auth_expiring")
		t.check("D13", s.GetDeny() != nil, "a denial", "%s", short(s))
	}},
}

// renewal says that an authorization is about to end.
func renewal(b *Browser) *Given {
	d := newDelivery(b.socket)
	d.SubscriptionId = b.att.subscriptionFor(hubv1.Role_ROLE_AUTHORIZER, 0, b.socket.Namespace, "")
	d.Body = &hubv1.Delivery_AuthExpiring{AuthExpiring: &hubv1.AuthExpiring{ExpireTime: someTime()}}
	return b.att.deliver(d)[0]
}
