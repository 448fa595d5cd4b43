package access

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// Codes of the second factor are those of RFC 6238 as all apps make them: six digits of SHA-1, a new one every 30 seconds. One from the step before
// or after is taken too, as clocks differ and people type slowly.
const (
	codePeriod = 30 // seconds
	codeSkew   = 1  // steps
)

var codes = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// recoveryCodes is how many codes stand in for a phone that was lost.
const recoveryCodes = 10

// Enrolment is a second factor to be set up.
type Enrolment struct {
	Secret string // base32, to be typed
	URL    string // otpauth:, to be opened
	Image  []byte // the same as a QR code, PNG
}

// Sealer keeps secrets from who reads the database. about is what a secret belongs to: what was sealed for something else does not open.
type Sealer interface {
	Seal(plain, about []byte) ([]byte, error)
	Open(sealed, about []byte) ([]byte, error)
	// Name is the same for the same text, and tells it to nobody who does not have the key.
	Name(text string) [32]byte
}

// newFactor is a new secret of 160 bits.
func newFactor() string {
	raw := make([]byte, 20)
	rand.Read(raw) // never fails (crypto/rand)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

// enrolment shows a secret to an app.
func enrolment(login, secret string) (Enrolment, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	k, err := totp.Generate(totp.GenerateOpts{Issuer: "wangge", AccountName: login, Secret: raw, Period: codePeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	picture, err := k.Image(240, 240)
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	return Enrolment{Secret: secret, URL: k.URL(), Image: file.Bytes()}, nil
}

// typedCode is a code as it is compared: without spaces and lines, in capitals.
func typedCode(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, s))
}

// codeStep is the step that a code of a secret is of, near an instant; false: it is of none. Of its steps the newest is taken.
func codeStep(code, secret string, now time.Time) (int64, bool) {
	at := now.Unix() / codePeriod
	for s := at + codeSkew; s >= at-codeSkew; s-- {
		if ok, err := hotp.ValidateCustom(code, uint64(s), secret, codes); err == nil && ok {
			return s, true
		}
	}
	return 0, false
}

// newRecoveryCodes are to be written down; of each, hashes has what is kept. 80 bits each.
func newRecoveryCodes() (shown []string, hashes [][]byte) {
	for range recoveryCodes {
		code := rand.Text()[:16]
		shown = append(shown, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		hash := hashOf(code)
		hashes = append(hashes, hash[:])
	}
	return shown, hashes
}
