package main

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// downFaults are wrong in how they read.
var downFaults = map[string]fault{
	"deaf-to-revoked":  {down: without(func(i *hubv1.Item) bool { return i.GetRevoked() != nil })},
	"deaf-to-released": {down: without(func(i *hubv1.Item) bool { return i.GetReleased() != nil })},
	"deaf-to-rooms":    {down: without(func(i *hubv1.Item) bool { return i.GetNotice().GetRoomsChanged() != nil })},
	"deaf-to-hubs":     {down: without(func(i *hubv1.Item) bool { return i.GetNotice().GetHubs() != nil })},
	"deaf-to-notices":  {down: without(func(i *hubv1.Item) bool { return i.GetNotice() != nil })},
	"deaf-to-results":  {down: without(func(i *hubv1.Item) bool { return i.GetResult().GetDeliverySeq() != 0 })},
	"handles-twice": {down: func(_ *wire, r *response) {
		var items []*hubv1.Item
		for _, i := range r.GetItems() {
			if items = append(items, i); i.GetDelivery() != nil {
				items = append(items, i)
			}
		}
		r.Items = items
	}},
	"reads-one-page":   {down: everyResult(func(r *hubv1.Result) { r.More = false })},
	"loses-reasons":    {down: everyResult(func(r *hubv1.Result) { loseReason(r.GetStatus()) })},
	"loses-missing":    {down: everyResult(func(r *hubv1.Result) { r.MissingHubIds = nil })},
	"takes-all-as-ok":  {down: everyResult(func(r *hubv1.Result) { r.Status = nil })},
	"forgets-attempts": {down: everyDelivery(func(d *hubv1.Delivery) { d.Attempt = 1 })},
	"forgets-data":     {down: everyDelivery(func(d *hubv1.Delivery) { loseData(d.GetSocket()) })},
	"forgets-late": {down: everyDelivery(func(d *hubv1.Delivery) {
		if c := d.GetConnected(); c != nil {
			c.Late, c.Moved = false, false
		}
	})},
	"old-rooms": {down: func(w *wire, r *response) {
		for _, i := range r.GetItems() {
			if c := i.GetNotice().GetRoomsChanged(); c != nil {
				w.versions++
				c.RoomsVersion = 1000 + w.versions
			}
		}
	}},
	"no-early": {down: func(_ *wire, r *response) {
		if items := r.GetItems(); len(items) > 1 && items[0].GetWelcome() != nil {
			r.Items = items[:1]
		}
	}},
	"any-window":        {down: everyWelcome(func(w *hubv1.Welcome) { w.CommandWindow = 4096 })},
	"any-size":          {down: everyWelcome(func(w *hubv1.Welcome) { w.MaxEnvelopeBytes = 64 << 20 })},
	"follows-no-hubs":   {down: everyWelcome(func(w *hubv1.Welcome) { w.Hubs = nil })},
	"keeps-moved":       {down: everyWelcome(func(w *hubv1.Welcome) { w.Revoked = nil })},
	"passes-over-no":    {down: everyWelcome(func(w *hubv1.Welcome) { accepted(w.GetSubscriptions()) })},
	"comes-back-always": {down: everyEnd(isFinal, codes.Unavailable), end: ends(isFinal, codes.Unavailable)},
	"gives-up":          {down: everyEnd(isPassing, codes.PermissionDenied), end: ends(isPassing, codes.PermissionDenied)},
}

func without(out func(*hubv1.Item) bool) func(*wire, *response) {
	return func(_ *wire, r *response) { r.Items = slices.DeleteFunc(r.GetItems(), out) }
}

func everyResult(change func(*hubv1.Result)) func(*wire, *response) {
	return func(_ *wire, r *response) {
		for _, i := range r.GetItems() {
			if i.GetResult() != nil {
				change(i.GetResult())
			}
		}
	}
}

func everyDelivery(change func(*hubv1.Delivery)) func(*wire, *response) {
	return func(_ *wire, r *response) {
		for _, i := range r.GetItems() {
			if i.GetDelivery() != nil {
				change(i.GetDelivery())
			}
		}
	}
}

func everyWelcome(change func(*hubv1.Welcome)) func(*wire, *response) {
	return func(_ *wire, r *response) {
		for _, i := range r.GetItems() {
			if i.GetWelcome() != nil {
				change(i.GetWelcome())
			}
		}
	}
}

// everyEnd takes one code for another.
func everyEnd(which func(codes.Code) bool, code codes.Code) func(*wire, *response) {
	return func(_ *wire, r *response) {
		for _, i := range r.GetItems() {
			if s := i.GetEnded().GetStatus(); s != nil && which(codes.Code(s.GetCode())) {
				s.Code = hubv1.Code(code)
			}
		}
	}
}

func ends(which func(codes.Code) bool, code codes.Code) func(error) error {
	return func(err error) error {
		if s, ok := status.FromError(err); ok && which(s.Code()) {
			return status.Error(code, s.Message())
		}
		return err
	}
}

func isFinal(c codes.Code) bool {
	return slices.Contains([]codes.Code{codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied, codes.Unimplemented, codes.Aborted}, c)
}

func isPassing(c codes.Code) bool {
	return slices.Contains([]codes.Code{codes.Unavailable, codes.Internal, codes.ResourceExhausted, codes.DeadlineExceeded}, c)
}

func loseReason(s *hubv1.Status) {
	if s != nil {
		s.Reason, s.Field = "", ""
	}
}

func loseData(s *hubv1.Socket) {
	if s != nil {
		s.Data = nil
	}
}

func accepted(results []*hubv1.SubscriptionResult) {
	for _, r := range results {
		r.Status = nil
	}
}
