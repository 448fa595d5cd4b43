package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/alexedwards/argon2id"

	"wangge/internal/fault"
)

// What a password costs who guesses it: OWASP's choice for argon2id where there is one thread (46 MiB, one pass). On one core of a small server
// that takes some 50 ms.
var hashing = &argon2id.Params{Memory: 47_104, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// At most so many passwords are computed at once, so that who sends many takes neither all cores nor all memory; who must wait longer than patience is told to come again.
const (
	atOnce   = 2
	patience = 3 * time.Second
)

// hasher computes passwords.
type hasher struct{ places chan struct{} }

func newHasher() *hasher { return &hasher{make(chan struct{}, atOnce)} }

// inPlace runs fn once there is a place. LIMITED: there is none for too long.
func (h *hasher) inPlace(ctx context.Context, fn func() error) error {
	late := time.NewTimer(patience)
	defer late.Stop()
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
func (h *hasher) hash(ctx context.Context, password string) (hash string, err error) {
	err = h.inPlace(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(foldPassword(password), hashing)
		return err
	})
	return hash, err
}

// matches reports whether a password is that of a hash. LIMITED: too many are computed already.
func (h *hasher) matches(ctx context.Context, password, hash string) (ok bool, err error) {
	err = h.inPlace(ctx, func() (err error) {
		ok, err = compare(password, hash)
		return err
	})
	return ok, err
}

// compare is matches for who has a place.
func compare(password, hash string) (bool, error) {
	return argon2id.ComparePasswordAndHash(foldPassword(password), hash)
}

// nobodys is the hash of a password that nobody knows: under a name that is nobody's as much is computed as under one that is somebody's.
const nobodys = "$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGtub3dzIA$bm9ib2R5IGtub3dzIHRoaXMgcGFzc3dvcmQgaGVyZSE"

// hashOf is what is kept of what chance made: it has 130 bits, so that no more than one SHA-256 is needed.
func hashOf(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

// newSecret is a token that cannot be guessed: 26 letters and digits, 130 bits.
func newSecret() string { return rand.Text() }
