package tile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"wangge/domain/place"
)

// entryBytes is the memory of a kept tile besides its two bodies.
const entryBytes = 600

// key is what a tile depends on besides the data of now. A tile of another instant depends on all that is known of history,
// which grows anywhere at any time and is seen by no map that watches; its key holds the version of the data, so that it is
// made anew after any change.
type key struct {
	x, y    uint32
	layers  set
	z       uint8
	scope   scope
	past    bool  // at is the instant; false: now
	at      int64 // microseconds since 1970, UTC
	version string
}

// entry is a tile as it is served: its bytes and the values of its headers. It is not changed, but for what zip adds once.
type entry struct {
	key     key
	body    []byte // empty where nothing lies in the tile
	reduced Reduction

	etag, length []string // of body

	zip                sync.Once
	zipped             []byte
	zipETag, zipLength []string
}

// newEntry makes ready to be served what was made. The ETag is of the bytes: a tile that is made anew and is the same is not sent again.
func newEntry(k key, body []byte, reduced Reduction) *entry {
	e := &entry{key: k, body: body, reduced: reduced}
	if len(body) > 0 {
		e.etag = []string{etag(body, "")}
		e.length = []string{strconv.Itoa(len(body))}
	}
	return e
}

// etag is strong. The two encodings are two representations, which it must tell apart (RFC 9110, 8.8.3.3).
func etag(body []byte, suffix string) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + suffix + `"`
}

func (e *entry) bytes() uint32 {
	return uint32(min(entryBytes+len(e.key.version)+len(e.body)+len(e.zipped), math.MaxUint32))
}

// cache keeps tiles until something in them changes, or others are asked for more. An error is never kept.
//
// Finding takes no lock. Who makes, keeps or purges holds mu, so that a tile is either kept before a purge, which then finds
// it, or is made after it, or is not kept: a making that is under way when a purge concerns it is struck from making, and
// who asks from then on has it made anew.
type cache struct {
	log  *slog.Logger
	kept *otter.Cache[key, *entry] // nil: nothing is kept

	mu     sync.Mutex
	making map[key]*making
	places places // of kept, for purges

	// What otter pushed out: it may say so while mu is held, so it is noted here and struck from places later.
	outMu sync.Mutex
	out   []*entry

	evicted, purged counter
}

// maker makes a tile, and says what had to be left out.
type maker func(context.Context) (body []byte, reduced Reduction, err error)

// making is a tile that is being made for all who wait for it.
type making struct {
	done    chan struct{} // closed when entry or err is there
	entry   *entry
	err     error
	waiting int // guarded by cache.mu
	cancel  context.CancelFunc
}

// newCache keeps at most so many bytes; none: what is asked for at the same time is made once all the same.
func newCache(most int64, log *slog.Logger) *cache {
	c := &cache{log: log, making: map[key]*making{}}
	if most > 0 {
		c.kept = otter.Must(&otter.Options[key, *entry]{
			MaximumWeight: uint64(most),
			Weigher:       func(_ key, e *entry) uint32 { return e.bytes() },
			OnDeletion: func(d otter.DeletionEvent[key, *entry]) {
				if d.WasEvicted() {
					c.evicted.Add(1)
					c.outMu.Lock()
					c.out = append(c.out, d.Value)
					c.outMu.Unlock()
				}
			},
		})
	}
	return c
}

// find returns what is kept; nil is nothing.
func (c *cache) find(k key) *entry {
	if c.kept == nil {
		return nil
	}
	e, _ := c.kept.GetIfPresent(k)
	return e
}

// get returns the tile of k, which draw makes where it is not kept: once for all who ask at a time, in a context that ends
// after timeout, or when the last of them has left. keep says whether others may have it later.
func (c *cache) get(ctx context.Context, k key, keep bool, timeout time.Duration, draw maker) (*entry, error) {
	c.mu.Lock()
	if e := c.find(k); e != nil { // made between the look-up and here
		c.mu.Unlock()
		return e, nil
	}
	m, ok := c.making[k]
	if !ok {
		// Not the context of the first, which may leave before the others.
		of, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		m = &making{done: make(chan struct{}), cancel: cancel}
		c.making[k] = m
		go c.run(of, k, m, keep, draw)
	}
	m.waiting++
	c.mu.Unlock()
	select {
	case <-m.done:
		return m.entry, m.err
	case <-ctx.Done():
		c.leave(k, m)
		return nil, ctx.Err()
	}
}

// leave ends what is made for nobody any more.
func (c *cache) leave(k key, m *making) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.waiting--; m.waiting == 0 {
		m.cancel()
		if c.making[k] == m {
			delete(c.making, k)
		}
	}
}

func (c *cache) run(ctx context.Context, k key, m *making, keep bool, draw maker) {
	defer m.cancel()
	defer close(m.done)
	body, reduced, err := c.careful(ctx, draw)
	var e *entry
	if err == nil {
		e = newEntry(k, body, reduced)
	}
	m.entry, m.err = e, err
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.making[k] != m { // purged meanwhile, or all have left
		return
	}
	delete(c.making, k)
	if err == nil && keep && c.kept != nil {
		c.forgetOut()
		c.places.add(e)
		c.kept.Set(k, e)
	}
}

// careful turns a panic into an error: in a goroutine of its own it would end the program. Its value is not told, which may
// hold what was sent.
func (c *cache) careful(ctx context.Context, draw maker) (_ []byte, _ Reduction, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.ErrorContext(ctx, "panic", "value", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %T", p)
		}
	}()
	return draw(ctx)
}

// gzip compresses e the first time it is asked to, and from then on counts what that takes.
func (c *cache) gzip(e *entry) {
	e.zip.Do(func() {
		e.zipped = compress(e.body)
		e.zipETag, e.zipLength = []string{etag(e.body, "-gzip")}, []string{strconv.Itoa(len(e.zipped))}
		if c.kept == nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forgetOut()
		if c.places.has(e) { // it was purged meanwhile, or pushed out
			c.kept.Set(e.key, e)
		}
	})
}

// forgetOut strikes from places what was pushed out, unless it was put back since: by gzip.
func (c *cache) forgetOut() {
	c.outMu.Lock()
	out := c.out
	c.out = nil
	c.outMu.Unlock()
	for _, e := range out {
		if now, ok := c.kept.GetEntryQuietly(e.key); !ok || now.Value != e {
			c.places.remove(e)
		}
	}
}

// stain is where tiles are no longer what they were: those of some zooms that have one of layers and meet one of boxes.
type stain struct {
	layers   set
	from, to uint8
	boxes    []place.Box // degrees
}

// purge lets go of the stained tiles, and of all tiles of other instants than now. It returns how many those were.
func (c *cache) purge(stains ...stain) int {
	areas := make([][]area, len(stains))
	for i, s := range stains {
		for _, b := range s.boxes {
			areas[i] = append(areas[i], areaOf(b))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.making {
		stained := k.past
		for i, s := range stains {
			stained = stained || k.layers&s.layers != 0 && s.from <= k.z && k.z <= s.to && meetsAny(areas[i], k)
		}
		if stained {
			delete(c.making, k)
		}
	}
	if c.kept == nil {
		return 0
	}
	c.forgetOut()
	dropped := c.drop(c.places.past())
	for i, s := range stains {
		dropped += c.drop(c.places.meeting(s, areas[i]))
	}
	return dropped
}

// purgeAll lets go of every tile, and returns how many those were.
func (c *cache) purgeAll() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.making)
	if c.kept == nil {
		return 0
	}
	c.forgetOut()
	return c.drop(c.places.all())
}

func (c *cache) drop(entries []*entry) int {
	for _, e := range entries {
		c.kept.Invalidate(e.key)
		c.places.remove(e)
	}
	c.purged.Add(uint64(len(entries)))
	return len(entries)
}

// CacheStats are figures of the tiles that are kept.
type CacheStats struct {
	Entries         int
	Bytes           uint64 // of memory, of both forms
	Evicted, Purged uint64 // pushed out by others, and let go since something in them changed
}

func (c *cache) stats() CacheStats {
	s := CacheStats{Evicted: c.evicted.Load(), Purged: c.purged.Load()}
	if c.kept != nil {
		c.kept.CleanUp() // otter counts by and by
		s.Entries, s.Bytes = c.kept.EstimatedSize(), c.kept.WeightedSize()
	}
	return s
}
