package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// KeyBytes is how long the key of NewSealer is.
const KeyBytes = 32

// sealer is AES-256-GCM with a nonce by chance before the text, and HMAC-SHA-256 with another key, which is made of the same.
type sealer struct {
	cipher.AEAD
	named [sha256.Size]byte
}

// NewSealer returns a Sealer of one key.
func NewSealer(key [KeyBytes]byte) (Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead, keyed(key[:], "names of what is counted")}, err
}

func (s sealer) Seal(plain, about []byte) ([]byte, error) {
	return s.AEAD.Seal(nil, nil, plain, about), nil
}

func (s sealer) Open(sealed, about []byte) ([]byte, error) {
	plain, err := s.AEAD.Open(nil, nil, sealed, about)
	if err != nil {
		return nil, errors.New("it was sealed with another key, or for something else")
	}
	return plain, nil
}

func (s sealer) Name(text string) [32]byte { return keyed(s.named[:], text) }

func keyed(key []byte, text string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text)) // never fails (hash.Hash)
	h.Sum(sum[:0])
	return sum
}
