package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/maypok86/otter/v2"

	"wangge/domain/account"
	"wangge/internal/answer"
)

// answersKept is how many bytes of answers are kept where nothing else is said; longestAsked is the longest request
// whose answer is, longestAnswer the longest answer.
const (
	answersKept   = 64 << 20
	longestAsked  = 8 << 10
	longestAnswer = 4 << 20
	entryBytes    = 400 // of memory besides the texts
	minGzip       = 1024
)

// notKept are the fields whose answers are not kept: those by position or by what somebody typed, which nobody asks
// twice and which are nobody's business; and those of coverage reports, which are made while a server runs, beside the
// version of the data, and whose sentences are in the language of who asks.
var notKept = map[string]bool{
	"Query.gridAt": true, "Query.gridsAt": true, "Query.buildings": true, "Query.searchAddress": true,
	"Query.coverage": true, "Division.coverage": true, "Division.problems": true, "Division.uncovered": true,
}

// answers keeps what the public was answered, whole and without errors, under exactly what was sent, the media type and
// the version of the data. Nothing else is ever put into it: not what an operator asked, no mutation, no answer with an
// error. The version is taken before an answer is made, so that it is never newer than what the answer says; it holds the
// civil day and what begins by the clock.
type answers struct {
	version func() (string, bool)
	kept    *otter.Cache[answerKey, *kept]

	mu     sync.Mutex
	making map[answerKey]*making // by what is made now
	of     string                // the version that answers were last made of

	hits, misses atomic.Uint64
}

// answerKey is what an answer depends on.
type answerKey struct {
	version string
	method  byte // G or P
	newer   bool // the newer media type
	sent    string
}

// kept is an answer with both its forms.
type kept struct {
	text   []byte
	etag   string
	plain  []string // the header
	zipped func() []byte
}

// making is an answer that is being made; done is closed when it is. Nil: it is not one that others may have.
type making struct {
	done chan struct{}
	kept *kept
}

// AnswerStats are figures of the answers that are kept.
type AnswerStats struct {
	Hits, Misses uint64 // of requests whose answers may be kept
	Bytes        uint64
}

// AnswerStats tells how the kept answers do.
func (s *Handler) AnswerStats() AnswerStats {
	a := s.answers
	if a == nil {
		return AnswerStats{}
	}
	a.kept.CleanUp() // otter counts by and by
	return AnswerStats{Hits: a.hits.Load(), Misses: a.misses.Load(), Bytes: a.kept.WeightedSize()}
}

// newAnswers keeps at most so many bytes; nil, which keeps nothing, where that is none or there is no version.
func newAnswers(most int64, version func() (string, bool)) *answers {
	if most <= 0 || version == nil {
		return nil
	}
	return &answers{
		version: version,
		making:  map[answerKey]*making{},
		kept: otter.Must(&otter.Options[answerKey, *kept]{
			MaximumWeight: uint64(most),
			Weigher: func(k answerKey, a *kept) uint32 {
				return uint32(entryBytes + len(k.sent) + 2*len(a.text)) // once more for gzip
			},
		}),
	}
}

// keyOf is the key of a request; nil where its answer cannot be kept, whatever it asks.
func (a *answers) keyOf(r *http.Request, m *mediaType, body *sent) *answerKey {
	if a == nil || body.Len() > longestAsked || account.FromContext(r.Context()).Role != account.Public {
		return nil
	}
	version, current := a.version()
	if !current {
		return nil
	}
	return &answerKey{version: version, method: r.Method[0], newer: m == newerType, sent: body.String()}
}

// find returns what is kept; nil is nothing.
func (a *answers) find(k *answerKey) *kept {
	if k == nil {
		return nil
	}
	found, ok := a.kept.GetIfPresent(*k)
	if !ok {
		return nil
	}
	a.hits.Add(1)
	return found
}

// once returns an answer that may be kept: make is called by the first of those who ask the same at a time. Where what it
// made is not for others, or takes too long, each makes its own. A reply is for the one who asked only.
func (a *answers) once(ctx context.Context, k answerKey, make func() *reply) (*kept, *reply) {
	a.misses.Add(1)
	mine, other := a.begin(k)
	if mine == nil {
		if found := other.wait(ctx); found != nil {
			return found, nil
		}
		return nil, make()
	}
	defer a.made(k, mine) // after a panic too; before it is written, since a client may read slowly
	if found, ok := a.kept.GetIfPresent(k); ok {
		mine.kept = found // made between the look-up and here
		return found, nil
	}
	answer := make()
	if answer.errors != nil || answer.dated || len(answer.text) > longestAnswer {
		return nil, answer
	}
	mine.kept = newKept(answer.text)
	if answer.release != nil {
		answer.release()
	}
	a.kept.Set(k, mine.kept)
	return mine.kept, nil
}

// begin returns a making that is left to this request, or the one that another has begun.
func (a *answers) begin(k answerKey) (mine, other *making) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if k.version != a.of { // nobody asks for answers of the past: they would fill the room until they are pushed out
		a.of = k.version
		a.kept.InvalidateAll()
	}
	if other, ok := a.making[k]; ok {
		return nil, other
	}
	mine = &making{done: make(chan struct{})}
	a.making[k] = mine
	return mine, nil
}

// wait returns what another request makes; nil where that is for nobody else, or has taken half of the time that is left:
// the other half is to make it in.
func (m *making) wait(ctx context.Context) *kept {
	var enough <-chan time.Time
	if end, ok := ctx.Deadline(); ok {
		t := time.NewTimer(time.Until(end) / 2)
		defer t.Stop()
		enough = t.C
	}
	select {
	case <-m.done:
		return m.kept
	case <-enough:
	case <-ctx.Done():
	}
	return nil
}

// made lets those who wait have what was made, and all others make it anew.
func (a *answers) made(k answerKey, m *making) {
	a.mu.Lock()
	delete(a.making, k)
	a.mu.Unlock()
	close(m.done)
}

func newKept(text []byte) *kept {
	k := &kept{text: bytes.Clone(text)}
	sum := sha256.Sum256(k.text)
	k.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	k.plain = []string{k.etag}
	k.zipped = sync.OnceValue(func() []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(k.text)
		z.Close()
		return bytes.Clone(out.Bytes())
	})
	return k
}

var noCache = []string{"no-cache"}

// write answers with what is kept, in the form that the client takes; with 304 where a GET has it already.
func (k *kept) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"] = noCache
	text, etag := k.text, k.plain
	if len(text) >= minGzip && r.Header["Accept-Encoding"] != nil && answer.AcceptsGzip(r) {
		text, etag = k.zipped(), []string{strings.TrimSuffix(k.etag, `"`) + `-gzip"`}
		h["Content-Encoding"] = []string{"gzip"}
	}
	h["Etag"] = etag
	if r.Method == http.MethodGet && k.has(r.Header.Values("If-None-Match")) {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(http.StatusOK)
	w.Write(text)
}

// has reports whether a client has the answer, in either form.
func (k *kept) has(noneMatch []string) bool {
	for _, tag := range strings.Split(strings.Join(noneMatch, ","), ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || tag == k.etag || strings.Replace(tag, `-gzip"`, `"`, 1) == k.etag {
			return true
		}
	}
	return false
}
