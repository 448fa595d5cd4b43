package secret

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"secret.ring", "The ring of keys cannot be used: {detail}.", "无法使用密钥环：{detail}。"},
	[3]string{"secret.noKey", "What is sealed needs key {key}, which is not in the ring: put back the ring of keys that it was sealed with.",
		"解密需要密钥 {key}，但密钥环中没有：请恢复当时使用的密钥环。"},
	[3]string{"secret.wrongKey", "Key {key} of the ring is not the one that the data keys were sealed with: put back the ring of keys that they were.",
		"密钥环中的密钥 {key} 与封装数据密钥时所用的不一致：请恢复当时使用的密钥环。"},
	[3]string{"secret.broken", "A sealed value does not open: it was changed, or belongs to another row.", "加密数据无法解密：内容已被更改，或属于其他记录。"},
)

// MaxRing is how many bytes a ring may have, and maxRingKeys how many keys: one a month for eight years.
const (
	MaxRing     = 64 << 10
	maxRingKeys = 100
)

// Ring holds the keys that data keys are sealed under, oldest first. New ones are sealed under the last; the others open what was sealed before. It is
// never changed.
type Ring struct{ keys []ringKey }

type ringKey struct {
	id   string
	made time.Time
	of   Cipher
	raw  []byte
	aead cipher.AEAD
}

// ringFile is a ring as it is written.
type ringFile struct {
	Version int            `json:"version"`
	Keys    []ringKeyEntry `json:"keys"`
}

type ringKeyEntry struct {
	ID     string    `json:"id"`
	Cipher string    `json:"cipher"`
	Made   time.Time `json:"made"`
	Key    []byte    `json:"key"`
}

var ringKeyID = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)

// NewRing returns a ring with one key, made now.
func NewRing(now time.Time) (*Ring, error) { return (&Ring{}).Turned(now) }

// Turned returns the ring with one more key, made now.
func (r *Ring) Turned(now time.Time) (*Ring, error) {
	raw := make([]byte, AES256GCM.KeyBytes)
	rand.Read(raw) // never fails (crypto/rand)
	entry := ringKeyEntry{ID: "k" + now.UTC().Format("20060102") + "-" + rand.Text()[:8], Cipher: AES256GCM.Name, Made: now.UTC().Truncate(time.Second), Key: raw}
	return ringOf(append(r.entries(), entry))
}

// ParseRing reads what Text wrote. UNAVAILABLE: it is none; no byte of it is said.
func ParseRing(text []byte) (*Ring, error) {
	if len(text) > MaxRing {
		return nil, badRing("it has more than %d bytes", MaxRing)
	}
	var f ringFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.More() {
		return nil, badRing("it is not what wangge wrote") // what the decoder says could quote a key
	}
	if f.Version != 1 {
		return nil, badRing("its version is %d, this program knows 1", f.Version)
	}
	return ringOf(f.Keys)
}

func badRing(format string, args ...any) error {
	return fault.New(fault.Unavailable, "", "secret.ring", "detail", fmt.Sprintf(format, args...))
}

func ringOf(entries []ringKeyEntry) (*Ring, error) {
	if len(entries) == 0 || len(entries) > maxRingKeys {
		return nil, badRing("it has %d keys, 1 to %d can be", len(entries), maxRingKeys)
	}
	r := &Ring{}
	for n, e := range entries {
		of, known := ciphers[e.Cipher]
		_, twice := r.byID(e.ID)
		switch {
		case !ringKeyID.MatchString(e.ID), twice:
			return nil, badRing("key %d has no name of its own", n+1)
		case !known:
			return nil, badRing("key %s is for a cipher that this program does not know", e.ID)
		case len(e.Key) != of.KeyBytes:
			return nil, badRing("key %s has %d bytes, not %d", e.ID, len(e.Key), of.KeyBytes)
		}
		aead, err := of.New(e.Key)
		if err != nil {
			return nil, badRing("key %s does not suit its cipher", e.ID)
		}
		r.keys = append(r.keys, ringKey{id: e.ID, made: e.Made, of: of, raw: e.Key, aead: aead})
	}
	return r, nil
}

func (r *Ring) entries() []ringKeyEntry {
	var list []ringKeyEntry
	for _, k := range r.keys {
		list = append(list, ringKeyEntry{k.id, k.of.Name, k.made, k.raw})
	}
	return list
}

// Text is the ring as it is kept: secret.
func (r *Ring) Text() []byte {
	text, _ := json.MarshalIndent(ringFile{1, r.entries()}, "", "  ") // texts, a time and bytes only
	return append(text, '\n')
}

// String keeps keys out of what is printed by mistake.
func (r *Ring) String() string { return fmt.Sprintf("ring of %d keys", len(r.keys)) }

// GoString is String.
func (r *Ring) GoString() string { return r.String() }

// Current names the key that new data keys are sealed under, and says when it was made.
func (r *Ring) Current() (id string, made time.Time) {
	k := r.keys[len(r.keys)-1]
	return k.id, k.made
}

// Keys names all keys, oldest first, with when they were made.
func (r *Ring) Keys() (ids []string, made []time.Time) {
	for _, k := range r.keys {
		ids, made = append(ids, k.id), append(made, k.made)
	}
	return ids, made
}

// Len is how many keys there are.
func (r *Ring) Len() int { return len(r.keys) }

// Without returns the ring without the keys that are not in use any more; the current one stays.
func (r *Ring) Without(unused func(id string) bool) *Ring {
	kept := slices.Clone(r.keys[:len(r.keys)-1])
	kept = slices.DeleteFunc(kept, func(k ringKey) bool { return unused(k.id) })
	return &Ring{append(kept, r.keys[len(r.keys)-1])}
}

func (r *Ring) byID(id string) (ringKey, bool) {
	i := slices.IndexFunc(r.keys, func(k ringKey) bool { return k.id == id })
	if i < 0 {
		return ringKey{}, false
	}
	return r.keys[i], true
}

// Category is what kind of values a data key seals. Each has keys of its own, so that one that leaks opens no other.
type Category string

// Wrapped is a data key as it is kept: sealed under a key of the ring, bound to what it is for.
type Wrapped struct {
	ID       uuid.UUID
	Home     string // the district for whose values it was made
	Category Category
	Cipher   string
	RingKey  string
	Sealed   []byte
	Made     time.Time
	Retired  *time.Time // since when it seals nothing new; nil: it does
}

// bound is what a wrapped key is bound to: it cannot be given out for another's.
func (w Wrapped) bound() []byte {
	return join("data_key", string(w.ID[:]), w.Home, string(w.Category), w.Cipher)
}

// NewDataKey makes a data key and seals it under the current key of the ring.
func (r *Ring) NewDataKey(id uuid.UUID, home string, of Category, now time.Time) (Wrapped, *DataKey, error) {
	raw := make([]byte, AES256GCM.KeyBytes)
	rand.Read(raw)
	w := Wrapped{ID: id, Home: home, Category: of, Cipher: AES256GCM.Name, Made: now}
	w = r.wrap(w, raw)
	key, err := newDataKey(id, AES256GCM, raw)
	return w, key, err
}

func (r *Ring) wrap(w Wrapped, raw []byte) Wrapped {
	k := r.keys[len(r.keys)-1]
	w.RingKey = k.id
	w.Sealed = seal(k.aead, raw, w.bound())
	return w
}

// Unwrap opens a data key. UNAVAILABLE: the ring is not the one that it was sealed with.
func (r *Ring) Unwrap(w Wrapped) (*DataKey, error) {
	raw, of, err := r.unwrap(w)
	if err != nil {
		return nil, err
	}
	return newDataKey(w.ID, of, raw)
}

func (r *Ring) unwrap(w Wrapped) ([]byte, Cipher, error) {
	of, known := ciphers[w.Cipher]
	k, has := r.byID(w.RingKey)
	if !known || !has {
		return nil, of, fault.New(fault.Unavailable, "", "secret.noKey", "key", w.RingKey)
	}
	raw, err := open(k.aead, w.Sealed, w.bound())
	if err != nil || len(raw) != of.KeyBytes {
		return nil, of, fault.New(fault.Unavailable, "", "secret.wrongKey", "key", w.RingKey)
	}
	return raw, of, nil
}

// Rewrap seals a data key under the current key of the ring, whichever it was sealed under. What it seals stays as it is.
func (r *Ring) Rewrap(w Wrapped) (Wrapped, error) {
	raw, _, err := r.unwrap(w)
	if err != nil {
		return w, err
	}
	return r.wrap(w, raw), nil
}

// seal returns a nonce by chance and what is sealed with it. 96 bits by chance suffice for four thousand million values a key.
func seal(aead cipher.AEAD, plain, bound []byte) []byte {
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, bound)
}

func open(aead cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < aead.NonceSize()+aead.Overhead() {
		return nil, errShort
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], bound)
}

// join writes texts so that no other texts are written alike: each after its length.
func join(parts ...string) []byte {
	out := []byte("wangge 1")
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
