package tile

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// What is remembered of changes: so many, each with so many extents, beyond which they become the one box around them. That
// comes to a megabyte.
const (
	changesKept = 512
	maxExtents  = 64
	stagesKept  = 4096 // also of those that changed nothing that is shown
)

// maxTiles is how many tiles are listed at most; whoever needs more is better off with the extents.
const maxTiles = 10_000

var _ = fault.Register(
	[3]string{"tile.version", "Since is no version; send one that tilesChanged gave.", "since 不是版本号，请使用 tilesChanged 返回的 version。"},
	[3]string{"tile.zoomOrder", "minZoom {min} is above maxZoom {max}.", "minZoom {min} 大于 maxZoom {max}。"},
	[3]string{"tile.list", "More than {max} tiles changed; ask for fewer zooms, or use extents.", "变更的瓦片超过 {max} 个，请缩小级别范围，或改用 extents。"},
)

// Change says which tiles may be others than they were before.
type Change struct {
	Version    string      // of the data, once it has changed
	Everything bool        // any tile of Layers; there are then no Extents
	Layers     []string    // in the order in which a tile holds them; told with Everything, none are all
	Extents    []place.Box // degrees; of Layers the tiles that show something of one of these
}

// nothing reports whether all tiles are as they were.
func (c Change) nothing() bool { return !c.Everything && (len(c.Layers) == 0 || len(c.Extents) == 0) }

// version orders the states of the data: the number of the last change, and the Unix nanoseconds at which what the clock brought
// last came into force. It means the same in every server of a database.
type version struct {
	n, t uint64
	text string
}

func parseVersion(text string) (version, bool) {
	n, t, _ := strings.Cut(text, ".")
	v := version{text: text}
	var bad, worse error
	v.n, bad = strconv.ParseUint(n, 10, 63)
	v.t, worse = strconv.ParseUint(t, 10, 63)
	return v, bad == nil && worse == nil
}

// holds reports whether a state has all that another has. Neither may have all of the other's: one server puts a commit into force
// just before the clock strikes, another just after.
func (v version) holds(other version) bool { return v.n >= other.n && v.t >= other.t }

// feed tells what changes to those who follow it. A follower asks when it is ready: what has come meanwhile is told as one change,
// so that nobody who is slow keeps the teller waiting, takes memory, or misses anything.
type feed struct {
	mu     sync.Mutex
	known  bool          // something was told
	now    version       // of the data
	kept   []Change      // the oldest first
	first  uint64        // the number of the oldest
	stages []stage       // that the data went through here, the oldest first: those after which no change is forgotten
	more   chan struct{} // closed when something more is told
}

// stage is a version that the data had here, and the number of the first change after it.
type stage struct {
	version
	next uint64
}

func newFeed() *feed { return &feed{more: make(chan struct{})} }

// end is the number of the next change.
func (f *feed) end() uint64 { return f.first + uint64(len(f.kept)) }

// tell notes what changed. The first time it says of which version the data are: who was told nothing before has nothing to put
// right. A version that does not hold the last is of a database that was put back: all that was told before is then void.
func (f *feed) tell(c Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note(c)
}

// again notes that something else changed of the version that was told last.
func (f *feed) again(c Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known {
		c.Version = f.now.text
		f.note(c)
	}
}

// note is tell; the feed is locked.
func (f *feed) note(c Change) {
	at, ok := parseVersion(c.Version)
	quiet := false
	switch {
	case !ok || f.known && !at.holds(f.now):
		f.first, f.kept, f.stages = f.end()+1, nil, nil // no follower is as far as that
	case !f.known:
	case c.nothing():
		quiet = true
	default:
		f.kept = append(f.kept, condensed(c))
		if len(f.kept) > changesKept {
			f.kept = slices.Delete(f.kept, 0, 1)
			f.first++
		}
	}
	if len(f.stages) == 0 || at != f.now { // what is told again of a version is new to who had it
		f.stages = append(f.stages, stage{at, f.end()})
	}
	gone := 0
	for gone < len(f.stages) && (f.stages[gone].next < f.first || len(f.stages)-gone > stagesKept) {
		gone++
	}
	f.stages = slices.Delete(f.stages, 0, gone)
	f.now, f.known = at, true
	if quiet {
		return
	}
	close(f.more)
	f.more = make(chan struct{})
}

// after is the number of the first change that a version does not hold. False: that is not known any more, or not yet; or the data
// went past it here in one step, of which only is known what it came to: what moved before that version and back after it is no part of it.
func (f *feed) after(v version) (uint64, bool) {
	for _, s := range f.stages {
		if s.n == v.n && s.t == v.t {
			return s.next, true
		}
	}
	return 0, false
}

// Follower is told what changes. It is for one goroutine.
type Follower struct {
	feed   *feed
	layers []string // that it wants to hear of
	since  *version
	begun  bool
	next   uint64 // the number of the change that it is told next
}

// Follow returns a Follower of these layers; none are all. Where since is a version, it is first told what came after it. INVALID:
// a layer that is not there or is named twice ("layers"), a since that is no version ("since"). UNAUTHENTICATED: the zero actor.
func (s *Server) Follow(actor account.Actor, since string, layers []string) (*Follower, error) {
	if err := actor.RequireKnown(); err != nil {
		return nil, err
	}
	list, err := setOf(layers)
	if err != nil {
		return nil, err
	}
	if list == 0 {
		list = all
	}
	f := &Follower{feed: s.feed, layers: list.names()}
	if since != "" {
		v, ok := parseVersion(since)
		if !ok {
			return nil, fault.New(fault.Invalid, "since", "tile.version")
		}
		f.since = &v
	}
	return f, nil
}

// Next returns what changed since it was called last, as one change; where nothing did, it waits until something does or ctx ends,
// whose error it then returns. The first time it returns at once, with the version of the data and what changed since the one that
// Follow was given: nothing where it was given none, everything where that is not known.
func (f *Follower) Next(ctx context.Context) (Change, error) {
	for {
		f.feed.mu.Lock()
		c, some := f.take()
		more := f.feed.more
		f.feed.mu.Unlock()
		if some {
			return c, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Change{}, ctx.Err()
		}
	}
}

// take returns what it was not told yet, if anything. The feed is locked.
func (f *Follower) take() (Change, bool) {
	if !f.feed.known {
		return Change{}, false
	}
	begins, from, known := !f.begun, f.next, f.next >= f.feed.first
	if begins {
		from, known = f.feed.end(), true
		if f.since != nil {
			from, known = f.feed.after(*f.since)
		}
	}
	f.begun, f.next = true, f.feed.end()
	c := Change{Version: f.feed.now.text}
	if !known {
		c.Everything, c.Layers = true, slices.Clone(f.layers)
		return c, true
	}
	for _, one := range f.feed.kept[from-f.feed.first:] {
		c.add(one, f.layers)
	}
	return condensed(c), begins || !c.nothing()
}

// add makes c what changed by it and by other, as far as layers are concerned.
func (c *Change) add(other Change, layers []string) {
	concerns := false
	for _, name := range layers {
		if len(other.Layers) > 0 && !slices.Contains(other.Layers, name) {
			continue
		}
		concerns = true
		if !slices.Contains(c.Layers, name) {
			c.Layers = append(c.Layers, name)
		}
	}
	if concerns {
		c.Everything = c.Everything || other.Everything
		c.Extents = append(c.Extents, other.Extents...)
	}
}

// condensed is c with layers in order, no box within another, and the one box around them where they are many. What it was made of
// stays as it was.
func condensed(c Change) Change {
	c.Layers = slices.SortedFunc(slices.Values(c.Layers), func(a, b string) int { return rank(a) - rank(b) })
	if c.Everything {
		c.Extents = nil
		return c
	}
	var boxes []place.Box
	for _, b := range c.Extents {
		if slices.ContainsFunc(boxes, func(a place.Box) bool { return a.Around(b) == a }) {
			continue
		}
		boxes = append(slices.DeleteFunc(boxes, func(a place.Box) bool { return a.Around(b) == b }), b)
		if len(boxes) > maxExtents {
			whole := boxes[0]
			for _, b := range c.Extents {
				whole = whole.Around(b)
			}
			boxes = []place.Box{whole}
			break
		}
	}
	c.Extents = boxes
	return c
}

// Tiles are the tiles of these zooms that show something of the extents, their buffers included, by zoom, column and row; none
// where everything may have changed, and none beneath the zoom that the layers begin at. INVALID: zooms that are none of 0 to 22
// or in the wrong order ("minZoom", "maxZoom"). LIMITED: they are more than 10,000.
func (c Change) Tiles(minZoom, maxZoom int) ([]maptile.Tile, error) {
	switch {
	case minZoom < 0 || minZoom > ZoomLimit:
		return nil, outOfRange("minZoom", minZoom, ZoomLimit)
	case maxZoom < 0 || maxZoom > ZoomLimit:
		return nil, outOfRange("maxZoom", maxZoom, ZoomLimit)
	case minZoom > maxZoom:
		return nil, fault.New(fault.Invalid, "minZoom", "tile.zoomOrder", "min", minZoom, "max", maxZoom)
	case c.Everything:
		return nil, nil
	}
	begins := uint32(ZoomLimit + 1)
	for _, l := range layers {
		if slices.Contains(c.Layers, l.Name) {
			begins = min(begins, l.MinZoom)
		}
	}
	found := map[maptile.Tile]bool{}
	for z := max(uint32(minZoom), begins); z <= uint32(maxZoom); z++ {
		for _, b := range c.Extents {
			r := areaOf(b).at(uint8(z))
			if r.count() > maxTiles {
				return nil, fault.New(fault.Limited, "", "tile.list", "max", maxTiles)
			}
			for x := r.west; x <= r.east; x++ {
				for y := r.north; y <= r.south; y++ {
					found[maptile.New(uint32(x), uint32(y), maptile.Zoom(z))] = true
				}
			}
			if len(found) > maxTiles {
				return nil, fault.New(fault.Limited, "", "tile.list", "max", maxTiles)
			}
		}
	}
	list := make([]maptile.Tile, 0, len(found))
	for t := range found {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b maptile.Tile) int {
		return cmp.Or(cmp.Compare(a.Z, b.Z), cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y))
	})
	return list, nil
}
