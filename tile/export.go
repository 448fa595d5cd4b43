package tile

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/tile/pmtiles"
)

var _ = fault.Register(
	[3]string{"tile.zooms", "Zooms {first}-{last}: an archive has zooms from 0 to {max}, the first no deeper than the last.", "级别 {first}-{last}：归档的级别为 0 到 {max}，起始级别不得大于结束级别。"},
	[3]string{"tile.nothing", "There is nothing of {layers} at zooms {first}-{last}: no file was written.", "级别 {first}-{last} 没有 {layers} 的内容，未写入文件。"},
	[3]string{"tile.file", "{file} cannot be written: {reason}.", "无法写入 {file}：{reason}。"},
)

// Export says what an archive holds.
type Export struct {
	Layers      []string // required
	First, Last uint32   // zooms, up to MaxZoom
	Version     string   // of the data, for the archive's metadata; "" is left out

	// Occupied reports of each tile x[i], y[i] of zoom z whether something of layers may lie in it, or in a tile within it, of
	// divisions those of levels. A tile alone cannot say: what begins deeper, or is too small to see yet, is not in it. Required.
	Occupied func(ctx context.Context, actor account.Actor, layers []string, levels []place.Level, z uint32, x, y []uint32) ([]bool, error)

	Progress func(done, total uint64) // of tiles; total is 0 while they are being found. nil: nobody asks
}

// metadata is the JSON metadata of an archive ("JSON Metadata" in the specification), as TileJSON has it.
type metadata struct {
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Attribution string        `json:"attribution,omitempty"`
	Version     string        `json:"version,omitempty"`
	Layers      []VectorLayer `json:"vector_layers"`
}

// Export writes every tile of the public that holds something to an archive for a file server, PMTiles version 3. It appears at
// path when it is complete, over one that is there. The same data gives the same bytes. INVALID: an unknown or repeated layer
// ("layers"), zooms that there are not ("zooms"), a file that cannot be written ("file"). NOT_FOUND: there is nothing to write.
func (s *Server) Export(ctx context.Context, path string, e Export) (pmtiles.Summary, error) {
	sum, err := s.export(ctx, path, e)
	if err != nil && ctx.Err() != nil {
		return pmtiles.Summary{}, ctx.Err() // not what the store says of a statement that was cancelled
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		return pmtiles.Summary{}, fault.Wrap(err, fault.Invalid, "file", "tile.file", "file", path, "reason", file.Err)
	}
	return sum, err
}

func (s *Server) export(ctx context.Context, path string, e Export) (sum pmtiles.Summary, err error) {
	if e.First > e.Last || e.Last > MaxZoom {
		return sum, fault.New(fault.Invalid, "zooms", "tile.zooms", "first", e.First, "last", e.Last, "max", MaxZoom)
	}
	if e.Progress == nil {
		e.Progress = func(uint64, uint64) {}
	}
	actor := account.Anyone()
	doc, err := s.TileJSON(ctx, actor, e.Layers, time.Time{}, "")
	if err != nil {
		return sum, err
	}
	nothing := fault.New(fault.NotFound, "", "tile.nothing", "layers", strings.Join(e.Layers, ", "), "first", e.First, "last", e.Last)
	about := metadata{Name: doc.Name, Description: "Grids (网格) and what lies around them: a snapshot", Attribution: doc.Attribution, Version: e.Version}
	var names []string // of the layers that there are at these zooms
	for _, l := range doc.VectorLayers {
		if l.MinZoom <= e.Last {
			l.MinZoom, l.MaxZoom = max(l.MinZoom, e.First), e.Last
			about.Layers, names = append(about.Layers, l), append(names, l.ID)
		}
	}
	if len(names) == 0 || doc.Bounds == nil {
		return sum, nothing
	}
	w, err := pmtiles.Create(path)
	if err != nil {
		return sum, err
	}
	defer w.Close()
	if err := s.writeTiles(ctx, w, actor, names, e); err != nil {
		return sum, err
	}
	sum, err = w.Commit(pmtiles.About{
		West: doc.Bounds[0], South: doc.Bounds[1], East: doc.Bounds[2], North: doc.Bounds[3],
		CenterLng: doc.Center[0], CenterLat: doc.Center[1], CenterZoom: uint8(doc.Center[2]),
		Metadata: about,
	})
	if errors.Is(err, pmtiles.ErrEmpty) {
		return sum, nothing
	}
	return sum, err
}

func (s *Server) writeTiles(ctx context.Context, w *pmtiles.Writer, actor account.Actor, names []string, e Export) error {
	found, err := occupied(ctx, actor, names, e)
	if err != nil {
		return err
	}
	var done, total uint64
	for _, r := range found {
		total += r.length
	}
	draw := func(ctx context.Context, id uint64) ([]byte, error) {
		z, x, y := pmtiles.Tile(id)
		r, err := s.Tile(ctx, actor, names, maptile.New(x, y, maptile.Zoom(z)))
		if err != nil || r.Empty() {
			return nil, err
		}
		return r.Gzip(), nil
	}
	return inOrder(ctx, runtime.GOMAXPROCS(0), found.ids(), draw, func(id uint64, zipped []byte) error {
		if done++; done%64 == 0 || done == total {
			e.Progress(done, total)
		}
		if zipped == nil {
			return nil
		}
		return w.Add(id, zipped)
	})
}

// occupied finds the tiles of e's zooms that may hold something, from the world down: where nothing lies in a tile, nobody looks
// at those within it.
func occupied(ctx context.Context, actor account.Actor, names []string, e Export) (found spans, err error) {
	// At once asked for: enough that asking takes no time of its own, few enough that all workers have some.
	const batch = 512
	level := spans{{first: pmtiles.First(0), length: 1}}
	for z := uint32(0); z <= e.Last; z++ {
		levels := levelsFrom(z, e.Last)
		ask := func(ctx context.Context, ids []uint64) ([]bool, error) {
			x, y := make([]uint32, len(ids)), make([]uint32, len(ids))
			for i, id := range ids {
				_, x[i], y[i] = pmtiles.Tile(id)
			}
			return e.Occupied(ctx, actor, names, levels, z, x, y)
		}
		var here spans
		err := inOrder(ctx, runtime.GOMAXPROCS(0), level.batches(batch), ask, func(ids []uint64, holds []bool) error {
			for i, id := range ids {
				if holds[i] {
					here = here.with(id)
				}
			}
			e.Progress(0, 0)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if z >= e.First {
			found = append(found, here...)
		}
		level = here.within(uint8(z))
	}
	return found, nil
}

// spans are ids of tiles, ascending, as those that follow each other: a country has 40 million at zoom 16, in some thousand spans.
type spans []stretch

type stretch struct{ first, length uint64 }

// with adds an id that is larger than all there are.
func (s spans) with(id uint64) spans {
	if n := len(s); n > 0 && s[n-1].first+s[n-1].length == id {
		s[n-1].length++
		return s
	}
	return append(s, stretch{id, 1})
}

// within are the tiles of the next zoom within those of zoom z.
func (s spans) within(z uint8) spans {
	deeper := make(spans, len(s))
	for i, r := range s {
		deeper[i] = stretch{pmtiles.First(z+1) + 4*(r.first-pmtiles.First(z)), 4 * r.length}
	}
	return deeper
}

func (s spans) ids() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, r := range s {
			for id := r.first; id < r.first+r.length; id++ {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// batches are the ids, up to size at once.
func (s spans) batches(size int) iter.Seq[[]uint64] {
	return func(yield func([]uint64) bool) {
		var ids []uint64
		for id := range s.ids() {
			if ids = append(ids, id); len(ids) == size {
				if !yield(ids) {
					return
				}
				ids = nil
			}
		}
		if len(ids) > 0 {
			yield(ids)
		}
	}
}

// inOrder has workers do something with each item, and takes what came of it in the order of the items. It ends with the first
// error, or when ctx does; nobody works any more then.
func inOrder[T, R any](ctx context.Context, workers int, items iter.Seq[T], do func(context.Context, T) (R, error), take func(T, R) error) error {
	type job struct {
		item   T
		result R
		err    error
		done   chan struct{}
	}
	working, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	// The queue is in order. It is as long as lets workers go on while one item takes long, and what waits to be taken fit.
	work, queue := make(chan *job), make(chan *job, 16*workers)
	all.Go(func() {
		defer close(queue)
		defer close(work)
		for item := range items {
			j := &job{item: item, done: make(chan struct{})}
			for _, to := range []chan *job{queue, work} {
				select {
				case to <- j:
				case <-working.Done():
					return
				}
			}
		}
	})
	for range workers {
		all.Go(func() {
			for j := range work {
				j.result, j.err = do(working, j.item)
				close(j.done)
			}
		})
	}
	for j := range queue {
		select {
		case <-j.done:
		case <-ctx.Done(): // it may never have been worked on
			return ctx.Err()
		}
		if j.err != nil {
			return j.err
		}
		if err := take(j.item, j.result); err != nil {
			return err
		}
	}
	return ctx.Err()
}
