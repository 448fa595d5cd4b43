// Package key holds the permanent keys of things: the home key of the district whose rows they are stored with,
// and an id within it. A key as text is what GraphQL ids, URLs and QR codes carry.
package key

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Unplaced is the home of what lies in no known division.
const Unplaced = "unplaced"

// Key finds a row: the home key of its district, and its id.
type Key struct {
	Home string
	ID   uuid.UUID
}

// String is "home-id" with the id as 32 hexadecimal digits.
func (k Key) String() string { return k.Home + "-" + hex.EncodeToString(k.ID[:]) }

// SharedHome is home in the one copy that all share who ask for it. What is held in memory by the thousand lies apart, and to compare
// homes that are one copy looks at no text. The copy is kept: homes are districts, of which there are few. Package unique would keep
// it only until memory is next tidied, and what is read after that would have another.
func SharedHome(home string) string {
	shared, ok := homes.Load(home)
	if !ok {
		home = strings.Clone(home)
		shared, _ = homes.LoadOrStore(home, home)
	}
	return shared.(string)
}

var homes sync.Map // a home by itself

// Parse reads what String wrote; ok is false where s is none.
func Parse(s string) (k Key, ok bool) {
	home, id, found := strings.Cut(s, "-")
	if !found || len(home) < 4 || len(home) > 16 || strings.Trim(home, "0123456789abcdefghijklmnopqrstuvwxyz") != "" || len(id) != 32 {
		return Key{}, false
	}
	raw, err := hex.DecodeString(id)
	if err != nil {
		return Key{}, false
	}
	return Key{Home: home, ID: uuid.UUID(raw)}, true
}

// Source makes new ids and home keys. The demo town passes its own, so that it is the same every time.
type Source interface {
	NewID() uuid.UUID
	NewHome() string
}

// Random is the Source for real data: UUIDv7 ids, which sort by time.
type Random struct{}

// NewID returns a UUIDv7.
func (Random) NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// NewHome returns a fresh home key: "d" and nine characters of base 32.
func (Random) NewHome() string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	var raw [9]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	for i := range raw {
		raw[i] = digits[raw[i]%32]
	}
	return "d" + string(raw[:])
}
