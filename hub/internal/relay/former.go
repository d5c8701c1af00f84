package relay

// former are keys of hubs that were known and are gone. Its owner guards it.
type former struct {
	keys map[string]bool
	all  []string // oldest first
}

// maxFormer bounds them.
const maxFormer = 256

func (f *former) add(key string) {
	if f.keys[key] {
		return
	}
	if f.keys == nil {
		f.keys = map[string]bool{}
	}
	if len(f.all) == maxFormer {
		delete(f.keys, f.all[0])
		f.all = f.all[1:]
	}
	f.keys[key], f.all = true, append(f.all, key)
}

// maxWaiting bounds the requests that wait for a hub of which nothing has been heard yet: it may have just started. Beyond it
// they are told at once that there is none.
const maxWaiting = 1024
