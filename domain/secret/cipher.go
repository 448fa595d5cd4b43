// Package secret keeps values that whoever has the database alone must not read: sealed under data keys, which are sealed under a ring of keys
// that lies outside; found again by keyed hashes; shown masked. It knows no person, no table and no file: what is sealed, where
// it is kept and where the ring lies is left to others.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
)

// Cipher is a way to seal: an authenticated cipher and the length of its keys. SM4-GCM is one with keys of 16 bytes, whose Seal and Open are those of
// cipher.NewGCM over its block.
type Cipher struct {
	Name     string // as keys are kept with it; never another's
	KeyBytes int
	New      func(key []byte) (cipher.AEAD, error)
}

// AES256GCM is what new keys are for.
var AES256GCM = Cipher{Name: "AES-256-GCM", KeyBytes: 32, New: func(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}}

// ciphers are those that keys may be for, by name.
var ciphers = map[string]Cipher{AES256GCM.Name: AES256GCM}
