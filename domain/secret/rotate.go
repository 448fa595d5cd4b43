package secret

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Column is where sealed values of a category are kept: a column of a table whose rows have a district and an id.
type Column struct {
	Table, Column string
	Category      Category
	Lookup        string                             // the column of the hash by which values are found; "": there is none
	Hashed        func(plain []byte) (string, error) // what of a value is hashed
}

// Row is one sealed value.
type Row struct {
	Home           string
	ID             uuid.UUID
	Sealed, Lookup []byte
}

// Rotation is what is needed to change keys.
type Rotation interface {
	Store
	// Rewrap puts a key as it is sealed now in the place of how it was, unless somebody else did so meanwhile.
	Rewrap(ctx context.Context, from, to Wrapped) error
	// Retire lets no key seal what is new any more and returns how many did.
	Retire(ctx context.Context, at time.Time) (int, error)
	// Reseal hands the next rows of a column after one that are sealed under some keys to anew, some hundreds of them, by district and id, and keeps what it makes of them. It
	// returns the last one; false: there were none.
	Reseal(ctx context.Context, of Column, under []uuid.UUID, after Row, anew func(Row) (Row, error)) (last Row, n int, more bool, err error)
	// SealedUnder counts the values of columns by the key that they are sealed under.
	SealedUnder(ctx context.Context, columns []Column) (map[uuid.UUID]int, error)
	// Drop removes a key of a district that was retired before an instant. false: some value of columns is sealed under it, or a list of residents is being taken in
	// there, which may seal under it until it is committed.
	Drop(ctx context.Context, key Wrapped, columns []Column, before time.Time) (bool, error)
}

// Turned is what a turn of the keys came to.
type Turned struct {
	DataKeys int // sealed under the ring's current key
	Retired  int
	Values   int // sealed anew
	Dropped  int // data keys that sealed nothing any more
}

// Turn seals every data key under the current key of the ring. With columns it also retires all data keys and seals what they sealed under new ones; stopped in between, the next turn
// goes on where it was. progress is told how many values were sealed anew.
func (k *Keys) Turn(ctx context.Context, store Rotation, columns []Column, progress func(values int)) (out Turned, err error) {
	ring, err := k.Ring()
	if err != nil {
		return out, err
	}
	current, _ := ring.Current()
	all, err := store.DataKeys(ctx)
	if err != nil {
		return out, err
	}
	for _, w := range all {
		if w.RingKey == current {
			continue
		}
		anew, err := ring.Rewrap(w)
		if err != nil {
			return out, err
		}
		if err := store.Rewrap(ctx, w, anew); err != nil {
			return out, err
		}
		out.DataKeys++
	}
	if len(columns) == 0 {
		return out, nil
	}
	if out.Retired, err = store.Retire(ctx, k.Now()); err != nil {
		return out, err
	}
	k.forget()
	if all, err = store.DataKeys(ctx); err != nil {
		return out, err
	}
	var under []uuid.UUID
	for _, w := range all {
		if w.Retired != nil {
			under = append(under, w.ID)
		}
	}
	for _, c := range columns {
		var last Row
		for more := true; more; {
			var n int
			last, n, more, err = store.Reseal(ctx, c, under, last, func(r Row) (Row, error) { return k.anew(ctx, c, r) })
			if err != nil {
				return out, err
			}
			out.Values += n
			progress(out.Values)
		}
	}
	for _, w := range all {
		// One that was retired just now may still seal in a server that does not know.
		if w.Retired == nil || k.Now().Sub(*w.Retired) < Grace {
			continue
		}
		dropped, err := store.Drop(ctx, w, columns, k.Now().Add(-Grace))
		if err != nil {
			return out, err
		}
		if dropped {
			out.Dropped++
		}
	}
	return out, nil
}

// anew seals a value under the key that is in use.
func (k *Keys) anew(ctx context.Context, c Column, r Row) (Row, error) {
	at := Place{c.Table, c.Column, r.ID}
	plain, err := k.Open(ctx, at, r.Sealed)
	if err != nil {
		return r, err
	}
	to, err := k.For(ctx, r.Home, c.Category)
	if err != nil {
		return r, err
	}
	r.Sealed = to.Seal(at, plain)
	if c.Lookup == "" {
		return r, nil
	}
	value, err := c.Hashed(plain)
	r.Lookup = to.Lookup(value)
	return r, err
}

// forget lets the next question read which keys are in use.
func (k *Keys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.read = time.Time{}
}
