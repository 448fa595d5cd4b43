package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// MinDays is how long entries are kept at least.
const MinDays = 180

// Query asks for entries, the newest first. What is empty is not asked for.
type Query struct {
	Since, Until time.Time // [Since, Until)
	Actor        string
	Action       Action
	Deeds        Deeds
	Object       Object
	Result       string
	Page         page.Args
}

// Order of a list of entries, for cursors.
const Order = "AUDIT"

// Store is what the service needs of the database.
type Store interface {
	// Append stores entries in their chains: in the transaction of ctx, as the last that it does; where that only reads, after it; and
	// without one at once. Where the transaction is undone, they are stored all the same, with the code of the error as their result.
	Append(ctx context.Context, actor account.Actor, entries ...Entry) error
	// List returns a page of links.
	List(ctx context.Context, actor account.Actor, q Query) (page.Page[Link], error)
	// Heads are the ends of all chains, by name.
	Heads(ctx context.Context, actor account.Actor) ([]Head, error)
	// Hold returns those of the heads that their chains still hold, or that were before what their chains begin with.
	Hold(ctx context.Context, actor account.Actor, heads []Head) ([]Head, error)
	// Walk gives each link of a chain to fn in order, all of one state of the data.
	Walk(ctx context.Context, actor account.Actor, chain string, fn func(Link) error) error
	// Prune removes the links of each chain that come before its first of at or after the instant, and notes that by PRUNE_AUDIT. It returns how many.
	Prune(ctx context.Context, before time.Time, at time.Time) (int, error)
}

// Service notes deeds, and shows and proves what was noted.
type Service struct {
	Store   Store
	Keys    *Keys
	Anchors Anchors // where ends are kept; nil where nobody calls Anchor or Keep
	Now     func() time.Time

	mu      sync.Mutex
	strange bucket

	keeping atomic.Bool   // Keep runs
	next    chan struct{} // closed when the next look to begin is over; nil: nobody waits; guarded by mu
	calls   calls
	calling sync.Once
}

// Record notes a deed of actor, in the transaction of ctx where there is one. Actor, role, time and origin are filled in; a result that is
// left out is OK. What was read may be answered only where Record returned nil. Inside Do the
// entry replaces the one that Do would add.
func (s *Service) Record(ctx context.Context, actor account.Actor, e Entry) error {
	e = s.filled(ctx, actor, e)
	if e.Result == "" {
		e.Result = OK
	}
	if err := e.check(); err != nil {
		return err
	}
	if err := s.Store.Append(ctx, actor, e); err != nil {
		return err
	}
	if n, ok := ctx.Value(noteKey{}).(*Note); ok && n.actor == actor {
		n.told = true
	}
	return nil
}

func (s *Service) filled(ctx context.Context, actor account.Actor, e Entry) Entry {
	e.At = s.Now()
	return e.of(ctx, actor)
}

// of is e as a deed of actor, from where ctx says.
func (e Entry) of(ctx context.Context, actor account.Actor) Entry {
	e.Actor, e.Role = actor.ID, actor.Role
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		if e.Request = o.Request; !requestForm.MatchString(e.Request) {
			e.Request = "" // a proxy's, of another form than ours
		}
		if actor.Role != account.Public { // residents' addresses are nobody's business
			e.Network = Network(o.From)
		}
	}
	return e
}

// Do does a deed of actor and notes it, whether it succeeds or is refused: with each change of the data that it makes, in the change's own transaction; what it does to
// accounts, their sessions and tokens with the first of its transactions; where it makes no change, or fails, after it. What cannot be noted has changed nothing. Exceptions:
// signing out, since who leaves is not to stay signed in, and whose a name at a provider of identities is, which the first sign-in settles before it is noted.
func (s *Service) Do(ctx context.Context, actor account.Actor, e Entry, deed func(ctx context.Context) error) error {
	n := &Note{actor: actor, entry: s.filled(ctx, actor, e)}
	n.entry.Result = OK
	if err := n.entry.check(); err != nil {
		return err
	}
	err := deed(context.WithValue(ctx, noteKey{}, n))
	if n.told || err == nil && n.written {
		return err
	}
	if late := s.after(ctx, n, err); late != nil {
		return errors.Join(err, late)
	}
	return err
}

// noteTime is how long noting may take after the request's own time is up.
const noteTime = 5 * time.Second

// after notes what came of a deed that noted nothing itself, or was refused.
func (s *Service) after(ctx context.Context, n *Note, err error) error {
	e := n.entry
	if e.Result = resultOf(err); err != nil {
		e.District = "" // nobody knows whether there is such a district
		if _, ok := key.Parse(e.Object.ID); !ok && !n.about {
			e.Object.ID = "" // nor whether it is a code: somebody may have typed a phone where a code belongs
		}
		if actor := n.actor; actor.Role == account.Public && !s.mayNote(e.At) {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	return s.Store.Append(ctx, n.actor, e)
}

// Refused notes that actor was refused a deed before it began.
func (s *Service) Refused(ctx context.Context, actor account.Actor, e Entry, err error) error {
	if actor.RequireKnown() != nil {
		return nil // it is not even the public
	}
	e = s.filled(ctx, actor, e)
	e.Result = resultOf(err)
	if err := e.check(); err != nil {
		return err
	}
	return s.after(ctx, &Note{actor: actor, entry: e}, err)
}

// What strangers are refused is noted at this rate at most: anyone can be refused as often as the rate limit lets them ask, and nobody
// should fill the audit from outside. The log has a line for each of their requests.
const (
	strangeBurst = 60
	strangeEvery = time.Second
)

// bucket lets strangeBurst through, and one more each strangeEvery.
type bucket struct {
	spent int
	last  time.Time
}

// mayNote reports whether a stranger's refusal is noted.
func (s *Service) mayNote(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.strange
	if back := int(now.Sub(b.last) / strangeEvery); back > 0 {
		b.spent, b.last = max(b.spent-back, 0), now
	}
	if b.spent >= strangeBurst {
		return false
	}
	b.spent++
	return true
}

// List returns a page of entries, the newest first. Auditors only, FORBIDDEN to others. That it was read is noted.
func (s *Service) List(ctx context.Context, actor account.Actor, q Query) (page.Page[Link], error) {
	if err := actor.RequireRole(account.Auditor); err != nil {
		return page.Page[Link]{}, err
	}
	if err := s.Record(ctx, actor, Entry{Action: ReadAudit}); err != nil {
		return page.Page[Link]{}, err
	}
	return s.Store.List(ctx, actor, q)
}

// Verify proves every chain and returns their heads. known are ends of before, which must still be in their chains. *Wrong: the first link
// that is not what it was. Auditors only. each is told of every link that holds; nil: nobody is.
func (s *Service) Verify(ctx context.Context, actor account.Actor, known []Anchor, each func()) ([]Head, error) {
	if err := actor.RequireRole(account.Auditor); err != nil {
		return nil, err
	}
	heads, err := s.Store.Heads(ctx, actor)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for i, h := range heads {
		there[h.Chain] = true
		v := &verifier{keys: s.Keys, chain: h.Chain, known: map[int64]Anchor{}}
		for _, k := range known {
			if k.Chain != h.Chain {
				continue
			}
			if other, twice := v.known[k.N]; twice && other.Hash != k.Hash {
				return nil, v.wrong(k.N, "two different entries were the end there%s and%s. One was taken out and another put there, or the database went on from a backup of before", other.when(), k.when())
			}
			v.known[k.N] = k
		}
		err := s.Store.Walk(ctx, actor, h.Chain, func(l Link) error {
			if each != nil {
				each()
			}
			return v.next(l)
		})
		if err == nil {
			err = v.end()
		}
		if err != nil {
			return nil, err
		}
		heads[i] = v.head
	}
	for _, k := range known {
		if !there[k.Chain] {
			return nil, &Wrong{k.Chain, 1, fmt.Sprintf("the whole chain is missing: it went on to %d%s. It was taken out, or the database is a backup of before", k.N, k.when())}
		}
	}
	return heads, nil
}

// Heads are the ends of all chains as they are said to be. Auditors only.
func (s *Service) Heads(ctx context.Context, actor account.Actor) ([]Head, error) {
	if err := actor.RequireRole(account.Auditor); err != nil {
		return nil, err
	}
	return s.Store.Heads(ctx, actor)
}

// Machine is who works on the machine and reads the audit there.
func Machine() account.Actor { return account.Actor{Role: account.Auditor, ID: "machine"} }

// Prune removes what is older than so many days, and returns how many entries. INVALID: days are too few.
func (s *Service) Prune(ctx context.Context, days int) (int, error) {
	if days < MinDays {
		return 0, fault.New(fault.Invalid, "AUDIT_DAYS", "audit.days", "min", MinDays)
	}
	now := s.Now()
	return s.Store.Prune(ctx, now.AddDate(0, 0, -days).UTC().Truncate(24*time.Hour), now) // once a day
}

var _ = fault.Register(
	[3]string{"audit.days", "The audit is kept {min} days at least.", "审计记录至少保存 {min} 天。"},
)
