package facts

import (
	"testing"

	"pgregory.net/rapid"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/subscription"
)

// instance keeps what it is told.
type instance struct{ items []*hubv1.Item }

func (i *instance) TellFact(item *hubv1.Item) { i.items = append(i.items, item) }

func (i *instance) Waiting() int { return 0 }

func (i *instance) Closed() bool { return false }

func TestFacts_WhatIsLookedUpAndWhatIsToldAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// The hub changes names, tells of it in order, but later; meanwhile an attachment
		// looks them up.
		names := []string{"a", "b", "c"}
		there := map[string]bool{} // as the hub has it
		type note struct {
			name    string
			present bool
		}
		var notes []note // not told yet
		to := &instance{}
		f := New(to, "hub")
		f.subs = []*subscription.Subscription{subscription.New(subscription.Effective(&hubv1.Subscription{
			Role: hubv1.Role_ROLE_HANDLER, Namespace: "/n", Kinds: []hubv1.Kind{hubv1.Kind_KIND_USERS},
		}, 0))}
		tell := func() {
			if len(notes) > 0 {
				f.learn(User("/n", notes[0].name), notes[0].present)
				notes = notes[1:]
			}
		}
		change := func() {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			there[name] = !there[name]
			notes = append(notes, note{name, there[name]})
		}
		step := func() {
			for range rapid.IntRange(0, 6).Draw(rt, "steps") {
				if rapid.Bool().Draw(rt, "change") {
					change()
				} else {
					tell()
				}
			}
		}
		for range rapid.IntRange(0, 5).Draw(rt, "before") {
			change()
		}
		notes = notes[rapid.IntRange(0, len(notes)).Draw(rt, "told"):]
		f.heard = map[Fact]struct{}{}
		step()
		var found []Fact
		for _, name := range names {
			if there[name] {
				found = append(found, User("/n", name))
			}
		}
		step()
		f.merge(found)
		step()
		for !f.TellSome() {
			step()
		}
		for len(notes) > 0 {
			tell()
		}
		told := map[string]bool{}
		for _, item := range to.items {
			n := item.GetNotice()
			present := n.Kind == hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT
			if told[n.GetUser().User] == present {
				rt.Fatalf("%s twice for %s", n.Kind, n.GetUser().User)
			}
			told[n.GetUser().User] = present
		}
		for _, name := range names {
			if told[name] != there[name] {
				rt.Fatalf("%s: told %v, is %v", name, told[name], there[name])
			}
		}
	})
}
