package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"wangge/internal/fault"
)

// What a password costs who guesses it: OWASP's choice for argon2id where there is one thread (46 MiB, one pass). On one core of a small server
// that takes some 50 ms.
var hashing = &argon2id.Params{Memory: 47_104, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// At most so many passwords are computed at once, so that who sends many takes neither all cores nor all memory; who must wait longer than patience, or
// behind inLine others, is told to come again.
const (
	atOnce   = 2
	inLine   = 64
	patience = 3 * time.Second
)

// hasher computes passwords. Who comes from one address, or is signed in to one account, stands in one line, whose first alone may take a place: a line takes one of the
// places at most, however long it is.
type hasher struct {
	places chan struct{}
	mu     sync.Mutex
	lines  map[string]*line
}

type line struct {
	first chan struct{} // holds one
	n     int           // who stands in it
}

func newHasher() *hasher {
	return &hasher{places: make(chan struct{}, atOnce), lines: map[string]*line{}}
}

// join is the line of a name; nil: it is too long.
func (h *hasher) join(name string) *line {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[name]
	if l == nil {
		l = &line{first: make(chan struct{}, 1)}
		h.lines[name] = l
	}
	if l.n >= inLine {
		return nil
	}
	l.n++
	return l
}

func (h *hasher) leave(name string, l *line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.n--; l.n == 0 {
		delete(h.lines, name)
	}
}

// inPlace runs fn once there is a place for the first in the line of a name. LIMITED: there is none for too long, or the line is too long.
func (h *hasher) inPlace(ctx context.Context, name string, fn func() error) error {
	l := h.join(name)
	if l == nil {
		return fault.New(fault.Limited, "", "access.busy")
	}
	defer h.leave(name, l)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case l.first <- struct{}{}:
		defer func() { <-l.first }()
	case <-late.C:
		return fault.New(fault.Limited, "", "access.busy")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
		return fn()
	case <-late.C:
		return fault.New(fault.Limited, "", "access.busy")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash is what is kept of a password. LIMITED: too many are computed already.
func (h *hasher) hash(ctx context.Context, name, password string) (hash string, err error) {
	err = h.inPlace(ctx, name, func() (err error) {
		hash, err = argon2id.CreateHash(foldPassword(password), hashing)
		return err
	})
	return hash, err
}

// matches reports whether a password is that of a hash. LIMITED: too many are computed already.
func (h *hasher) matches(ctx context.Context, name, password, hash string) (ok bool, err error) {
	err = h.inPlace(ctx, name, func() (err error) {
		ok, err = compare(password, hash)
		return err
	})
	return ok, err
}

// compare is matches for who has a place.
func compare(password, hash string) (bool, error) {
	password = foldPassword(password)
	if utf8.RuneCountInString(password) > maxPassword {
		password = "" // too long to be one, and as much is computed
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// nobodys is the hash of a password that nobody knows: under a name that is nobody's as much is computed as under one that is somebody's.
const nobodys = "$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGtub3dzIA$bm9ib2R5IGtub3dzIHRoaXMgcGFzc3dvcmQgaGVyZSE"

// hashOf is what is kept of what chance made: it has 130 bits, so that no more than one SHA-256 is needed.
func hashOf(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

// newSecret is a token that cannot be guessed: 26 letters and digits, 130 bits.
func newSecret() string { return rand.Text() }
