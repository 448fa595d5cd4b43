package tile

import "sync/atomic"

type counter = atomic.Uint64

// tallies counts the requests for tiles, one for each of their layers, by zoom.
type tallies [ZoomLimit + 1][16]struct{ hits, misses counter }

func (t *tallies) hit(j job) {
	for rest, at := j.layers, &t[j.z]; rest != 0; rest &= rest - 1 {
		at[rest.first()].hits.Add(1)
	}
}

func (t *tallies) miss(j job) {
	for rest, at := j.layers, &t[j.z]; rest != 0; rest &= rest - 1 {
		at[rest.first()].misses.Add(1)
	}
}

// Asked are the requests for a layer at a zoom: those that were answered by what was kept, and the others.
type Asked struct {
	Layer        string
	Zoom         int
	Hits, Misses uint64
}

// Stats are figures of the tiles that were asked for and of those that are kept. A request counts for each of its layers.
func (s *Server) Stats() ([]Asked, CacheStats) {
	var asked []Asked
	for i, l := range layers {
		for z := range s.asked {
			n := &s.asked[z][i]
			if hits, misses := n.hits.Load(), n.misses.Load(); hits+misses > 0 {
				asked = append(asked, Asked{l.Name, z, hits, misses})
			}
		}
	}
	return asked, s.cache.stats()
}
