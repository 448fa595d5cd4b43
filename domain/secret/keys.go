package secret

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

// Store keeps data keys. Its transactions are its own, whatever ctx is in: a key that is in use here must not go with what failed.
type Store interface {
	// DataKeys are all there are, oldest first.
	DataKeys(ctx context.Context) ([]Wrapped, error)
	// AddDataKey keeps a key, unless its district and category have one in use, and returns that which is.
	AddDataKey(ctx context.Context, w Wrapped) (Wrapped, error)
}

// inUse is for how long a data key may seal what is new after another server retired it.
const inUse = time.Minute

// Grace is how long after a data key was retired nobody seals with it any more, however their clocks differ.
const Grace = 10 * time.Minute

// Keys hands out data keys, opened, and remembers them.
type Keys struct {
	Ring  func() (*Ring, error) // reads the ring; asked again where a key is not open yet, since another process may have turned it
	Store Store
	Now   func() time.Time
	NewID func() uuid.UUID

	mu      sync.Mutex
	open    map[uuid.UUID]*DataKey
	all     []Wrapped
	current map[use]uuid.UUID
	read    time.Time
}

type use struct {
	home string
	of   Category
}

// For is the key that seals what is new of a category in a district. It is made where there is none.
func (k *Keys) For(ctx context.Context, home string, of Category) (*DataKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Now().Sub(k.read) > inUse {
		if err := k.reread(ctx); err != nil {
			return nil, err
		}
	}
	if id, ok := k.current[use{home, of}]; ok {
		return k.opened(ctx, id)
	}
	if len(k.all) > 0 { // a new key under a ring that was made in the place of a lost one would be lost with it
		if _, err := k.opened(ctx, k.all[0].ID); err != nil {
			return nil, err
		}
	}
	ring, err := k.Ring()
	if err != nil {
		return nil, err
	}
	made, _, err := ring.NewDataKey(k.NewID(), home, of, k.Now())
	if err != nil {
		return nil, err
	}
	if made, err = k.Store.AddDataKey(ctx, made); err != nil {
		return nil, err
	}
	k.keep(made)
	return k.opened(ctx, made.ID)
}

// Open opens what was sealed under whichever key.
func (k *Keys) Open(ctx context.Context, at Place, sealed []byte) ([]byte, error) {
	id, err := KeyOf(sealed)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	key, err := k.opened(ctx, id)
	k.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return key.Open(at, sealed)
}

// Lookups are the hashes that a value of a category may be found by: one for each key that there is.
func (k *Keys) Lookups(ctx context.Context, of Category, value string) ([][]byte, error) {
	hashed, err := k.Hasher(ctx, of)
	if err != nil {
		return nil, err
	}
	return hashed(value), nil
}

// Hasher is Lookups for many values, by the keys that there are now.
func (k *Keys) Hasher(ctx context.Context, of Category) (func(value string) [][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.reread(ctx); err != nil {
		return nil, err
	}
	var keys []*DataKey
	for _, w := range k.all {
		if w.Category != of {
			continue
		}
		key, err := k.opened(ctx, w.ID)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return func(value string) [][]byte {
		out := make([][]byte, len(keys))
		for i, key := range keys {
			out[i] = key.Lookup(value)
		}
		return out
	}, nil
}

// Check opens every data key, so that a ring that is not theirs is found out at the start. UNAVAILABLE: it is not.
func (k *Keys) Check(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.reread(ctx); err != nil {
		return err
	}
	for _, w := range k.all {
		if _, err := k.opened(ctx, w.ID); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keys) reread(ctx context.Context) error {
	all, err := k.Store.DataKeys(ctx)
	if err != nil {
		return err
	}
	k.all, k.current, k.read = nil, nil, k.Now()
	for _, w := range all {
		k.keep(w)
	}
	return nil
}

func (k *Keys) keep(w Wrapped) {
	k.all = append(k.all, w)
	if w.Retired == nil {
		if k.current == nil {
			k.current = map[use]uuid.UUID{}
		}
		k.current[use{w.Home, w.Category}] = w.ID
	}
}

// opened is the key with an id; the store and the ring are read again where it is not known yet.
func (k *Keys) opened(ctx context.Context, id uuid.UUID) (*DataKey, error) {
	if key, ok := k.open[id]; ok {
		return key, nil
	}
	w, ok := k.wrapped(id)
	if !ok {
		if err := k.reread(ctx); err != nil {
			return nil, err
		}
		if w, ok = k.wrapped(id); !ok {
			return nil, fault.New(fault.Internal, "", "secret.broken") // no key of ours sealed it
		}
	}
	ring, err := k.Ring()
	if err != nil {
		return nil, err
	}
	key, err := ring.Unwrap(w)
	if fault.Is(err, fault.Unavailable) { // the ring was turned and w sealed anew since it was read
		if err := k.reread(ctx); err != nil {
			return nil, err
		}
		if w, ok = k.wrapped(id); ok {
			key, err = ring.Unwrap(w)
		}
	}
	if err != nil {
		return nil, err
	}
	if k.open == nil {
		k.open = map[uuid.UUID]*DataKey{}
	}
	k.open[id] = key
	return key, nil
}

func (k *Keys) wrapped(id uuid.UUID) (Wrapped, bool) {
	for _, w := range k.all {
		if w.ID == id {
			return w, true
		}
	}
	return Wrapped{}, false
}
