package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wangge/internal/fault"
)

// Hash seals a link: HMAC-SHA-256 with a key that does not lie in the database, so that who owns the database cannot make a chain anew.
type Hash [sha256.Size]byte

// String is h in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String wrote.
func ParseHash(s string) (h Hash, ok bool) {
	raw, err := hex.DecodeString(s)
	return Hash(append(raw, h[:]...)[:len(h)]), err == nil && len(raw) == len(h)
}

// Link is an entry at its place in a chain. Numbers begin with 1 and have no gaps.
type Link struct {
	Entry    Entry
	N        int64
	Previous Hash   // of the link before; all zeros before the first
	KeyID    string // which key sealed it
	Hash     Hash
}

// Head is the end of a chain: who knows one finds out whether something before it was changed or taken out since.
type Head struct {
	Chain string
	N     int64
	Hash  Hash
}

// String is CHAIN:N:HASH.
func (h Head) String() string { return fmt.Sprintf("%s:%d:%s", h.Chain, h.N, h.Hash) }

var _ = fault.Register(
	[3]string{"audit.head", "{value} is no head of the audit; it looks like unplaced:12:9f…", "{value} 不是审计链头，格式应为 unplaced:12:9f…"},
	[3]string{"audit.key", "The key of the audit is too short: it needs {min} characters that nobody can guess.", "审计密钥过短：至少需要 {min} 个不可猜测的字符。"},
)

// ParseHead reads what String wrote.
func ParseHead(s string) (h Head, err error) {
	bad := fault.New(fault.Invalid, "head", "audit.head", "value", fault.Shorten(s, 40))
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) != 3 || !chainForm.MatchString(parts[0]) {
		return h, bad
	}
	var ok bool
	h.Chain = parts[0]
	if h.Hash, ok = ParseHash(parts[2]); !ok {
		return h, bad
	}
	if _, err := fmt.Sscanf(parts[1], "%d", &h.N); err != nil || h.N < 1 || fmt.Sprint(h.N) != parts[1] {
		return h, bad
	}
	return h, nil
}

// MinSecret is how many characters a secret has at least.
const MinSecret = 26

// Keys seal links. The first seals; the others are of before, to verify by.
type Keys struct {
	sealing string
	byID    map[string][]byte
}

// NewKeys makes keys of secrets, the one that seals first. INVALID: one is too short.
func NewKeys(secrets ...string) (*Keys, error) {
	k := &Keys{byID: map[string][]byte{}}
	for _, s := range secrets {
		if len(s) < MinSecret {
			return nil, fault.New(fault.Invalid, "AUDIT_KEY", "audit.key", "min", MinSecret)
		}
		secret := sha256.Sum256([]byte("wangge audit key\x00" + s))
		id := sha256.Sum256([]byte("wangge audit key id\x00" + s))
		name := hex.EncodeToString(id[:4])
		k.byID[name] = secret[:]
		if k.sealing == "" {
			k.sealing = name
		}
	}
	return k, nil
}

// Seal makes the link that follows head in the chain of e. The head of a chain without links is the zero Head.
func (k *Keys) Seal(head Head, e Entry) Link {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	l := Link{Entry: e, N: head.N + 1, Previous: head.Hash, KeyID: k.sealing}
	l.Hash = l.hash(k.byID[k.sealing])
	return l
}

// hash is over each field's length and text in this order, so that no two links have the same bytes. A new field goes to the end, where it
// is not empty: links of before stay as they are.
func (l Link) hash(secret []byte) (h Hash) {
	mac := hmac.New(sha256.New, secret)
	var long [binary.MaxVarintLen64]byte
	field := func(text string) {
		mac.Write(long[:binary.PutUvarint(long[:], uint64(len(text)))])
		mac.Write([]byte(text))
	}
	e := l.Entry
	field("1") // the form of the link
	for _, text := range []string{
		e.Chain(), fmt.Sprint(l.N), string(l.Previous[:]), l.KeyID, e.At.UTC().Format(time.RFC3339Nano), e.Actor, string(e.Role), string(e.Action), e.Object.Kind,
		e.Object.ID, string(e.Purpose), e.Case, e.Result, fmt.Sprint(e.Change), e.Request, e.Network,
	} {
		field(text)
	}
	mac.Sum(h[:0])
	return h
}

// Wrong is the first link of a chain that is not what it was, or is missing.
type Wrong struct {
	Chain  string
	N      int64
	Reason string
}

// Error implements error.
func (w *Wrong) Error() string {
	return fmt.Sprintf("entry %d of chain %s: %s", w.N, w.Chain, w.Reason)
}

// verifier follows a chain link by link; it holds no more of it than the last.
type verifier struct {
	keys   *Keys
	chain  string
	known  map[int64]Anchor // ends of before that are compared, until they were met
	head   Head
	first  int64 // the number that the chain begins with
	pruned int64 // the number that the last PRUNE_AUDIT of the chain says that it begins with
}

func (v *verifier) wrong(n int64, format string, args ...any) error {
	return &Wrong{v.chain, n, fmt.Sprintf(format, args...)}
}

// next takes the link that follows.
func (v *verifier) next(l Link) error {
	if v.head.N == 0 {
		v.first = l.N
	}
	switch secret, here := v.keys.byID[l.KeyID], v.head.N > 0; {
	case here && l.N != v.head.N+1:
		return v.wrong(v.head.N+1, "it is missing")
	case here && l.Previous != v.head.Hash, l.N == 1 && l.Previous != Hash{}:
		return v.wrong(l.N, "it does not follow the one before")
	case l.Entry.Chain() != v.chain:
		return v.wrong(l.N, "it is of another chain")
	case secret == nil:
		return v.wrong(l.N, "it is sealed with key %s, which is not among those of AUDIT_KEY", l.KeyID)
	case !hmac.Equal(l.Hash[:], func() []byte { h := l.hash(secret); return h[:] }()):
		return v.wrong(l.N, "it is not what was sealed")
	}
	if want, ok := v.known[l.N]; ok {
		if want.Hash != l.Hash {
			return v.wrong(l.N, "it is another than the one that ended the chain%s. Entries were taken out and others put there, or the database went on from a backup of before", want.when())
		}
		delete(v.known, l.N)
	}
	if l.Entry.Action == PruneAudit {
		if _, err := fmt.Sscanf(l.Entry.Object.ID, "%d", &v.pruned); err != nil {
			return v.wrong(l.N, "it does not say what was removed")
		}
	}
	v.head = Head{v.chain, l.N, l.Hash}
	return nil
}

// end says whether anything is missing at either end, after the last link.
func (v *verifier) end() error {
	if v.first > 1 && v.pruned != v.first {
		return v.wrong(v.first-1, "it is missing, and nothing says that it was removed for its age")
	}
	for _, n := range slices.Sorted(maps.Keys(v.known)) {
		if n > v.head.N {
			return v.wrong(v.head.N+1, "it is missing: the chain went on to %d%s. It was taken out, or the database is a backup of before", n, v.known[n].when())
		}
		if n >= v.first {
			return v.wrong(n, "it is missing")
		}
	}
	return nil
}
