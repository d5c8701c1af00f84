package window

// leaving is how many a share may have for each one that it leaves free.
const leaving = 4

// FitsShare reports whether one more delivery fits that counts for a share of the window:
// for what is settled by the same code, and so is held up together.
//
// A share has at most four times as much as is free. So one alone may have four fifths of
// the window, two of them four ninths each, and n of them leave a part of 1 in 4n+1 to
// whoever comes next: nobody waits for settlements of somebody else. One that has nothing
// in this window has its first delivery whatever others have, if need be beyond the size;
// so do two shares in a window of one.
func (w *Window) FitsShare(has Size) bool {
	switch {
	case w.paused:
		return false
	case has.Deliveries == 0:
		return true
	case w.held.Deliveries >= w.size.Deliveries || w.held.Bytes >= w.size.Bytes:
		return false
	}
	return has.Deliveries < leaving*(w.size.Deliveries-w.held.Deliveries) && has.Bytes < leaving*(w.size.Bytes-w.held.Bytes)
}
