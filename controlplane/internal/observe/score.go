package observe

// Hash is a number of a name, the same in each process.
func Hash(name string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a, 64 bits
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// Score says how much a key belongs to an instance, both by their hashes: it goes to the
// one with the highest score. So it stays where it is while the instances do not change,
// and when one leaves only its own keys move.
func Score(key, instance uint64) uint64 {
	x := key ^ (instance * 0x9e3779b97f4a7c15)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // splitmix64's finish
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
