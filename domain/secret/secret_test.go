package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

var (
	day   = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	alice = Place{"resident", "name", uuid.UUID{1}}
)

func ring(t testing.TB) *Ring {
	t.Helper()
	r, err := NewRing(day)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func dataKey(t testing.TB, r *Ring, n byte) (Wrapped, *DataKey) {
	t.Helper()
	w, key, err := r.NewDataKey(uuid.UUID{n}, "d1", "NAME", day)
	if err != nil {
		t.Fatal(err)
	}
	return w, key
}

func TestWhatIsSealedOpensWhereItIsKeptAlone(t *testing.T) {
	r := ring(t)
	w, key := dataKey(t, r, 1)
	_, other := dataKey(t, r, 2)
	plain := []byte("张晓明")
	sealed := key.Seal(alice, plain)
	if bytes.Contains(sealed, plain) {
		t.Fatal("it is not sealed")
	}
	if again := key.Seal(alice, plain); bytes.Equal(again, sealed) {
		t.Error("the same value is sealed alike twice: whose names are the same could be seen")
	}
	opened, err := r.Unwrap(w)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened.Open(alice, sealed); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("it opens as %q, %v", got, err)
	}
	// As a value of another format, or of another key, it is not even looked at.
	otherFormat, otherKey := bytes.Clone(sealed), bytes.Clone(sealed)
	otherFormat[0]++
	copy(otherKey[1:], other.id[:])
	for _, c := range []struct {
		name   string
		key    *DataKey
		at     Place
		sealed []byte
	}{
		{"copied to another row", key, Place{"resident", "name", uuid.UUID{2}}, sealed},
		{"copied to another column", key, Place{"resident", "phone", uuid.UUID{1}}, sealed},
		{"copied to another table", key, Place{"residentname", "", uuid.UUID{1}}, sealed},
		{"opened with another key", other, alice, sealed},
		{"said to be another key's", other, alice, otherKey},
		{"of another format", key, alice, otherFormat},
		{"cut short", key, alice, sealed[:len(sealed)-1]},
		{"its head alone", key, alice, sealed[:header]},
		{"nothing", key, alice, nil},
	} {
		got, err := c.key.Open(c.at, c.sealed)
		if !fault.Is(err, fault.Internal) || got != nil {
			t.Errorf("%s it opens: %q, %v", c.name, got, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := key.Open(alice, changed); err == nil {
			t.Errorf("with byte %d changed it opens", i)
		}
	}
}

func TestLookups(t *testing.T) {
	r := ring(t)
	w, key := dataKey(t, r, 1)
	again, err := r.Unwrap(w)
	if err != nil {
		t.Fatal(err)
	}
	_, other := dataKey(t, r, 2)
	number := IdentityNumber("11010519491231002x")
	if !bytes.Equal(key.Lookup(number), again.Lookup(IdentityNumber("110105 19491231 002X"))) {
		t.Error("one number in two ways of writing is not found")
	}
	if bytes.Equal(key.Lookup(number), other.Lookup(number)) {
		t.Error("two keys hash alike: whose numbers are the same could be seen across categories")
	}
}

func TestRingsTurn(t *testing.T) {
	first := ring(t)
	w, key := dataKey(t, first, 1)
	sealed := key.Seal(alice, []byte("138"))
	second, err := first.Turned(day.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if first.Len() != 1 || second.Len() != 2 {
		t.Fatalf("%d and %d keys", first.Len(), second.Len())
	}
	read, err := ParseRing(second.Text())
	if err != nil {
		t.Fatal(err)
	}
	turned, err := read.Rewrap(w)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := second.Current(); turned.RingKey != id || turned.RingKey == w.RingKey {
		t.Errorf("it is under %s", turned.RingKey)
	}
	small := second.Without(func(id string) bool { return id == w.RingKey })
	if small.Len() != 1 {
		t.Fatalf("%d keys are left", small.Len())
	}
	opened, err := small.Unwrap(turned)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened.Open(alice, sealed); err != nil || string(got) != "138" {
		t.Errorf("what was sealed before: %q, %v", got, err)
	}
	if _, err := small.Unwrap(w); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), w.RingKey) {
		t.Errorf("without its key: %v", err)
	}
	if small.Without(func(string) bool { return true }).Len() != 1 {
		t.Error("the current key was let go")
	}
}

func TestAWrongRingIsToldClearly(t *testing.T) {
	right := ring(t)
	w, _ := dataKey(t, right, 1)
	wrong := ring(t)
	wrong.keys[0].id = w.RingKey // the same name, another key
	if _, err := wrong.Unwrap(w); !fault.Is(err, fault.Unavailable) || fault.As(err).Key != "secret.wrongKey" {
		t.Errorf("a wrong key: %v", err)
	}
	moved := w
	moved.Category = "CARE"
	if _, err := right.Unwrap(moved); fault.As(err).Key != "secret.wrongKey" {
		t.Errorf("a key given out for another category's: %v", err)
	}
	strange := w
	strange.Cipher = "ROT-13"
	if _, err := right.Unwrap(strange); fault.As(err).Key != "secret.noKey" {
		t.Errorf("another cipher: %v", err)
	}
}

// A key of the ring must reach no log: neither as it is printed, nor in what is said of a file that is wrong.
func TestKeysAreNotPrinted(t *testing.T) {
	r := ring(t)
	_, key := dataKey(t, r, 1)
	text := string(r.Text())
	secret := text[strings.Index(text, `"key": "`)+8:]
	secret = secret[:20]
	for _, said := range []string{fmt.Sprint(r, key), fmt.Sprintf("%v %+v %#v %s", r, r, r, r), fmt.Sprintf("%v %+v %#v %s", key, key, key, key)} {
		if strings.Contains(said, secret) || strings.Contains(said, "lookup:") || len(said) > 300 {
			t.Errorf("printed: %s", said)
		}
	}
	for name, bad := range map[string]string{
		"half of it":     text[:len(text)-8],
		"more behind it": text + "{}",
		"another field":  strings.Replace(text, `"made"`, `"mode"`, 1),
		"a short key":    strings.Replace(text, secret, "", 1),
		"another cipher": strings.Replace(text, "AES-256-GCM", "DES", 1),
		"a later format": strings.Replace(text, `"version": 1`, `"version": 2`, 1),
		"no keys":        `{"version": 1, "keys": []}`,
		"twice the same": strings.Replace(text, "[", "["+text[strings.Index(text, "[")+1:strings.LastIndex(text, "]")]+",", 1),
		"nothing":        "",
		"too long":       strings.Repeat(" ", MaxRing+1),
	} {
		_, err := ParseRing([]byte(bad))
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the sentence holds the key", name)
		}
	}
}

// Another cipher stands beside the first one: what is missing for SM4-GCM is its block. 128 bits of AES stand in for it here, as its keys are as long.
func TestAnotherCipher(t *testing.T) {
	of := Cipher{Name: "AES-128-GCM", KeyBytes: 16, New: func(key []byte) (cipher.AEAD, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	}}
	ciphers[of.Name] = of
	defer delete(ciphers, of.Name)
	r := ring(t)
	w := r.wrap(Wrapped{ID: uuid.UUID{9}, Home: "d1", Category: "NAME", Cipher: of.Name, Made: day}, bytes.Repeat([]byte{7}, of.KeyBytes))
	key, err := r.Unwrap(w)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Open(alice, key.Seal(alice, []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzOpen: whatever lies in a row, it opens only where it is what was sealed there.
func FuzzOpen(f *testing.F) {
	r := ring(f)
	_, key := dataKey(f, r, 1)
	sealed := key.Seal(alice, []byte("110"))
	for _, seed := range [][]byte{nil, sealed, sealed[:header], sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := key.Open(alice, raw)
		if (err == nil) != bytes.Equal(raw, sealed) || err == nil && string(got) != "110" {
			t.Errorf("%x opens as %q, %v", raw, got, err)
		}
	})
}

// FuzzParseRing: what is taken as a ring is written again as one.
func FuzzParseRing(f *testing.F) {
	r := ring(f)
	f.Add(r.Text())
	f.Add([]byte(`{"version":1,"keys":[{"id":"a","cipher":"AES-256-GCM","key":""}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRing(text)
		if err != nil {
			return
		}
		again, err := ParseRing(r.Text())
		if err != nil || again.Len() != r.Len() {
			t.Errorf("written again it is no ring: %v", err)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	r := ring(b)
	_, key := dataKey(b, r, 1)
	for b.Loop() {
		if _, err := key.Open(alice, key.Seal(alice, []byte("11010519491231002X"))); err != nil {
			b.Fatal(err)
		}
	}
}
