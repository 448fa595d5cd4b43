package coverage

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"wangge/domain/account"
)

// atOnce is how many transactions that look at divisions run at once.
const atOnce = 2

// manyStale is how many divisions are looked at at least where all buildings of no grid are asked for once, which takes as long as
// asking around so many.
const manyStale = 20

// tree is the divisions as they hang together.
type tree struct {
	nodes    map[uuid.UUID]Node
	children map[uuid.UUID][]uuid.UUID
	roots    []uuid.UUID
}

func newTree(list []Node) tree {
	t := tree{nodes: make(map[uuid.UUID]Node, len(list)), children: map[uuid.UUID][]uuid.UUID{}}
	for _, n := range list {
		t.nodes[n.ID] = n
		if n.Parent == nil {
			t.roots = append(t.roots, n.ID)
		} else {
			t.children[*n.Parent] = append(t.children[*n.Parent], n.ID)
		}
	}
	return t
}

// above returns the divisions around d, the nearest first.
func (t tree) above(d uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for n := t.nodes[d]; n.Parent != nil && len(out) < len(t.nodes); n = t.nodes[*n.Parent] {
		out = append(out, *n.Parent)
	}
	return out
}

// under returns the divisions given with all beneath them, each once, those beneath before those above.
func (t tree) under(divisions []uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	seen := map[uuid.UUID]bool{}
	var walk func(d uuid.UUID)
	walk = func(d uuid.UUID) {
		if _, known := t.nodes[d]; !known || seen[d] {
			return
		}
		seen[d] = true
		for _, c := range t.children[d] {
			walk(c)
		}
		out = append(out, d)
	}
	for _, d := range divisions {
		walk(d)
	}
	return out
}

// common returns the lowest division around both a and b, or uuid.Nil where there is none.
func (t tree) common(a, b uuid.UUID) uuid.UUID {
	line := append([]uuid.UUID{a}, t.above(a)...)
	for _, d := range append([]uuid.UUID{b}, t.above(b)...) {
		if slices.Contains(line, d) {
			return d
		}
	}
	return uuid.Nil
}

// height is 0 for a division with nothing beneath it, else one more than the highest beneath.
func (t tree) height(d uuid.UUID) int {
	h := 0
	for _, c := range t.children[d] {
		h = max(h, 1+t.height(c))
	}
	return h
}

// spread gives each division the last changes that its report depends on: those that name it, a division around it or one
// beneath it.
func (t tree) spread(named map[uuid.UUID]Changed) map[uuid.UUID]Changed {
	out := make(map[uuid.UUID]Changed, len(t.nodes))
	var down func(d uuid.UUID, around Changed) Changed
	down = func(d uuid.UUID, around Changed) Changed {
		around = around.later(named[d])
		all := around
		for _, c := range t.children[d] {
			all = all.later(down(c, around))
		}
		out[d] = all
		return all
	}
	for _, r := range t.roots {
		down(r, Changed{})
	}
	return out
}

func (c Changed) later(d Changed) Changed {
	return Changed{Ground: max(c.Ground, d.Ground), Staff: max(c.Staff, d.Staff)}
}

// stale sorts out which of the divisions are to be looked at again altogether, and where only who is in office is. Both are in the order given.
func (t tree) stale(divisions []uuid.UUID, changed map[uuid.UUID]Changed, now stamp) (whole, staff []uuid.UUID) {
	for _, d := range divisions {
		switch n, c := t.nodes[d], changed[d]; {
		case n.Change < c.Ground || n.Change < 0:
			whole = append(whole, d)
		case n.Change < c.Staff || n.Day != now.day:
			staff = append(staff, d)
		}
	}
	return whole, staff
}

// refresh looks again at what is stale of the divisions and all beneath them. progress hears how many of these were looked at. The server
// looks, whoever asked: what it finds is kept for all, and counts of people in it are read by whom they are for alone.
func (s *Service) refresh(ctx context.Context, divisions []uuid.UUID, now stamp, progress func(done, total int)) error {
	actor := account.TheCounter()
	list, err := s.Store.Divisions(ctx, actor)
	if err != nil {
		return err
	}
	t := newTree(list)
	asked := divisions
	if asked == nil {
		asked = t.roots
	}
	all := t.under(asked)
	oldest := now.n
	for _, d := range all {
		oldest = min(oldest, t.nodes[d].Change)
	}
	named, err := s.Store.Changes(ctx, actor, oldest)
	if err != nil {
		return err
	}
	whole, staff := t.stale(all, t.spread(named), now)
	// A division's figures take up those beneath it, so that the lowest come first.
	heights := make(map[uuid.UUID]int, len(whole))
	for _, d := range whole {
		heights[d] = t.height(d)
	}
	slices.SortStableFunc(whole, func(a, b uuid.UUID) int { return cmp.Compare(heights[a], heights[b]) })
	var strays *[]Stray
	if len(whole) >= manyStale {
		found, err := s.Store.Strays(ctx, actor, nil)
		if err != nil {
			return err
		}
		strays = &found
	}
	var telling sync.Mutex
	done, total := 0, len(whole)
	tell := func(more int) {
		telling.Lock()
		defer telling.Unlock()
		done += more
		progress(done, total)
	}
	for len(whole) > 0 {
		n := 1
		for n < len(whole) && heights[whole[n]] == heights[whole[0]] {
			n++
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for part := range slices.Chunk(whole[:n], together) {
			group.Go(func() error {
				err := s.look(ctx, actor, t, part, strays, now)
				if err == nil {
					tell(len(part))
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		whole = whole[n:]
	}
	for part := range slices.Chunk(staff, 200) {
		if err := s.lookForStaff(ctx, actor, part, now); err != nil {
			return err
		}
	}
	s.remember(divisions, now)
	return nil
}
