package access

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// KeyBytes is how long the key of NewSealer is.
const KeyBytes = 32

// sealer is AES-256-GCM with a nonce by chance before the text.
type sealer struct{ cipher.AEAD }

// NewSealer returns a Sealer of one key.
func NewSealer(key [KeyBytes]byte) (Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
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
