package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Redrawn returns boxes, longitude and latitude in degrees, outside of which Draw draws the same of c as of was, at every zoom, but for
// what is rounded: a unit and a tile's buffer have to be put around them. c was made from was by With, in any number of steps, and before
// says which area of was an area of c was; false: none. A border that was moved gives one box around where it was and is; an area that
// came or went, one around it.
func (c *Coverage) Redrawn(was *Coverage, before func(Ref) (Ref, bool)) []orb.Bound {
	if c == was {
		return nil
	}
	var frames []frame
	stayed := map[Ref]bool{}
	var shards []int32 // of which something may be drawn differently
	for i := range max(len(c.shards), len(was.shards)) {
		old, now := at(was.shards, i), at(c.shards, i)
		if old == now {
			if now.bound() == nowhere {
				continue
			}
			if lazy := was.sketches[i].Load(); lazy == nil || lazy == c.sketches[i].Load() {
				continue // it was not drawn, or is as it was
			}
		}
		shards = append(shards, int32(i))
	}
	was.prepare(holding(was, shards))
	c.prepare(holding(c, shards))
	for _, i := range shards {
		now := at(c.shards, int(i))
		if now.bound() == nowhere {
			continue
		}
		k := c.sketch(i)
		for n := range k.areas {
			if old, ok := before(Ref{i, int32(n)}); ok && was.boxOf(old) != nowhere {
				stayed[old] = true
				frames = unlike(frames, was.sketch(old.Shard), old.Area, k, int32(n))
			} else if now.boxes[n] != nowhere {
				frames = append(frames, k.areas[n])
			}
		}
	}
	for _, i := range shards {
		if at(was.shards, int(i)).bound() == nowhere {
			continue
		}
		k := was.sketch(i)
		for n, f := range k.areas {
			if !stayed[Ref{i, int32(n)}] && k.shard.boxes[n] != nowhere {
				frames = append(frames, f)
			}
		}
	}
	frames = joined(frames)
	out := make([]orb.Bound, len(frames))
	for i, f := range frames {
		out[i] = f.box()
	}
	return out
}

// holding are those of shards in which c has an area.
func holding(c *Coverage, shards []int32) (out []int32) {
	for _, i := range shards {
		if at(c.shards, int(i)).bound() != nowhere {
			out = append(out, i)
		}
	}
	return out
}

// boxOf is the box of an area; nowhere, too, where there is none.
func (c *Coverage) boxOf(r Ref) orb.Bound {
	if s := at(c.shards, int(r.Shard)); s != nil && int(r.Area) < s.Len() {
		return s.boxes[r.Area]
	}
	return nowhere
}

// unlike appends the frames of the borders that an area has in one of two sketches only, or that are drawn from other zooms there: they are around
// all that one covers and the other does not.
func unlike(frames []frame, a *sketch, i int32, b *sketch, j int32) []frame {
	var room [64]uint64
	ids := a.appendIDs(room[:0], i)
	n := len(ids)
	ids = b.appendIDs(ids, j)
	old, now := ids[:n], ids[n:]
	if slices.Equal(old, now) {
		return frames
	}
	frames = a.appendOthers(frames, i, old, now)
	return b.appendOthers(frames, j, now, old)
}

func (k *sketch) appendOthers(frames []frame, area int32, mine, others []uint64) []frame {
	at := 0
	for r, to := k.shard.ringsOf(area); r < to; r++ {
		for _, a := range k.shard.arcsOf(r) {
			if !slices.Contains(others, mine[at]) {
				frames = append(frames, k.arcs[max(a, ^a)])
			}
			at++
		}
	}
	return frames
}

// appendIDs appends what tells the borders of an area apart, by their edges and levels, wherever they begin and whichever way they run.
func (k *sketch) appendIDs(ids []uint64, area int32) []uint64 {
	for r, to := k.shard.ringsOf(area); r < to; r++ {
		for _, a := range k.shard.arcsOf(r) {
			ids = append(ids, k.id(max(a, ^a)))
		}
	}
	return ids
}

func (k *sketch) id(arc int32) (id uint64) {
	mix := func(v uint64) uint64 {
		v = (v ^ v>>31) * 0x7fb5d329728ea185
		v = (v ^ v>>27) * 0x81dadef4bc2dd44d
		return v ^ v>>33
	}
	var was uint64
	first := k.shard.arcs[arc].first
	for v := first; v < k.shard.arcs[arc+1].first; v++ {
		is := mix(uint64(k.spots[v].x)^mix(uint64(k.spots[v].y))) + uint64(k.levels[v])
		if v > first {
			id += mix(is + was)
		}
		was = is
	}
	return id
}

// many is how many frames are looked at each by itself.
const many = 1000

// joined puts frames that meet into one, until hardly any do: to a frame that grew, those before it are not held again.
func joined(frames []frame) []frame {
	if len(frames) > many {
		all := noFrame
		for _, f := range frames {
			all = all.join(f)
		}
		return []frame{all}
	}
	for i := 0; i < len(frames); i++ {
		for j := i + 1; j < len(frames); j++ {
			if frames[i].meets(frames[j]) {
				frames[i] = frames[i].join(frames[j])
				frames = slices.Delete(frames, j, j+1)
				j = i // what was passed may meet it now
			}
		}
	}
	return frames
}
