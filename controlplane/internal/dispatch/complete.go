package dispatch

// SetComplete says whether the instance asks for all that the instances of its group
// ask for together: others may have come or gone.
func (a *Attachment) SetComplete(complete bool) {
	i := a.inst
	i.group.pool.mu.Lock()
	defer i.group.pool.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == a {
		i.complete = complete
	}
}
