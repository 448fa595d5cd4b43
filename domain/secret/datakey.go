package secret

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

var errShort = errors.New("too short to be sealed")

// format is the first byte of what is sealed. What follows: the data key's id, 16 bytes; a nonce; the value with its tag.
const format = 1

const header = 1 + len(uuid.UUID{})

// Place is where a sealed value is kept. The value is bound to it: copied to another row or column it does not open.
type Place struct {
	Table, Column string
	Row           uuid.UUID
}

func (p Place) bound(head []byte) []byte {
	return join("value", string(head), p.Table, p.Column, string(p.Row[:]))
}

// DataKey seals and finds values of one category. It may be used by several at once.
type DataKey struct {
	id     uuid.UUID
	aead   cipher.AEAD
	lookup []byte
}

// newDataKey makes two keys of one: what seals is never what hashes.
func newDataKey(id uuid.UUID, of Cipher, raw []byte) (*DataKey, error) {
	sealing, err := hkdf.Key(sha256.New, raw, nil, "wangge seal "+of.Name, of.KeyBytes)
	if err != nil {
		return nil, err
	}
	lookup, err := hkdf.Key(sha256.New, raw, nil, "wangge look-up", sha256.Size)
	if err != nil {
		return nil, err
	}
	aead, err := of.New(sealing)
	if err != nil {
		return nil, err
	}
	return &DataKey{id, aead, lookup}, nil
}

// ID finds the key.
func (k *DataKey) ID() uuid.UUID { return k.id }

// String keeps the key out of what is printed by mistake.
func (k *DataKey) String() string { return fmt.Sprintf("data key %s", k.id) }

// GoString is String.
func (k *DataKey) GoString() string { return k.String() }

// Seal seals a value for its place.
func (k *DataKey) Seal(at Place, plain []byte) []byte {
	head := append([]byte{format}, k.id[:]...)
	return append(head, seal(k.aead, plain, at.bound(head))...)
}

// Open opens what Seal sealed for the place. INTERNAL: it was changed, or is another place's; nothing of it is said.
func (k *DataKey) Open(at Place, sealed []byte) ([]byte, error) {
	id, err := KeyOf(sealed)
	if err != nil {
		return nil, err
	}
	if id != k.id {
		return nil, fault.New(fault.Internal, "", "secret.broken")
	}
	plain, err := open(k.aead, sealed[header:], at.bound(sealed[:header]))
	if err != nil {
		return nil, fault.New(fault.Internal, "", "secret.broken")
	}
	return plain, nil
}

// KeyOf is the id of the data key that something is sealed under. INTERNAL: it is not sealed.
func KeyOf(sealed []byte) (uuid.UUID, error) {
	if len(sealed) < header || sealed[0] != format {
		return uuid.UUID{}, fault.New(fault.Internal, "", "secret.broken")
	}
	return uuid.UUID(sealed[1:header]), nil
}

// Lookup is the keyed hash by which a value is found again. The value is written in one way before: see IdentityNumber and Digits.
func (k *DataKey) Lookup(value string) []byte {
	h := hmac.New(sha256.New, k.lookup)
	h.Write([]byte(value))
	return h.Sum(nil)
}
