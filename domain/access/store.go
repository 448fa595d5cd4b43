package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
)

// Store is what the service needs kept; package db implements it. What takes no actor acts as account.TheDoor.
type Store interface {
	// AddAccount adds an account with the hash of its password. CONFLICT: the login was given before, or the worker has an account.
	AddAccount(ctx context.Context, actor account.Actor, a Account, password string) error
	Accounts(ctx context.Context, actor account.Actor, q Query) (page.Page[Account], error)
	AccountByLogin(ctx context.Context, actor account.Actor, login string) (Account, bool, error)
	AccountByID(ctx context.Context, actor account.Actor, id uuid.UUID) (Account, bool, error)
	// Logins are those of accounts, by their ids as text.
	Logins(ctx context.Context, ids []uuid.UUID) (map[string]string, error)
	// SetDisabled says since when an account is disabled; nil: it is not. All that SetPassword ends ends either way, so that nothing of before lives again.
	SetDisabled(ctx context.Context, actor account.Actor, id uuid.UUID, since *time.Time) error
	// Link has an account sign in by the provider under a name, until it is given a password, and forgets the one of before; who that is is said by the first who comes. All that SetPassword ends
	// ends. CONFLICT: another account has the name.
	Link(ctx context.Context, id uuid.UUID, name string) error
	// Linked returns the account of an identity. The first that comes under a name is who has the account of that name from then on, whatever they are called later.
	Linked(ctx context.Context, who Identity) (Account, bool, error)
	// WorkerOf returns somebody who holds a post today and has no account: of an area around a grid of the worker over, else the first by area; false: nobody.
	WorkerOf(ctx context.Context, actor account.Actor, post staff.Post, over uuid.UUID, day civil.Date) (key.Key, bool, error)

	// Count replaces the tries of counts by what next makes of them, one after another, in all or, where next says false, in none.
	Count(ctx context.Context, counts []Count, next func([]Tries) bool) error
	// ForgetTries removes all counts of a login.
	ForgetTries(ctx context.Context, login [32]byte) error
	// SweepCounts removes counts that say nothing any more.
	SweepCounts(ctx context.Context, now time.Time) error

	CredentialsByLogin(ctx context.Context, login string) (Credentials, bool, error)
	CredentialsByID(ctx context.Context, id uuid.UUID) (Credentials, bool, error)
	// SetPassword gives an account another password, by somebody else or not, and ends all its sessions and tokens; a second factor that was never proven goes, too. false: had, a hash,
	// is given, and is the account's no more, or nobody signs in by a password there.
	SetPassword(ctx context.Context, id uuid.UUID, password string, given bool, had string) (bool, error)

	// SetFactor keeps a second factor that is not proven yet, unless there is one: it returns the one that is kept then. false: that one is proven, or the session has ended.
	SetFactor(ctx context.Context, id uuid.UUID, session [32]byte, sealed []byte) (kept []byte, ok bool, err error)
	// ProveFactor makes the one that is kept count, with the hashes of its recovery codes, and does what RenewSession does. false: it is another one, counts already, or the session has ended.
	ProveFactor(ctx context.Context, p ProvenFactor, had, hash [32]byte, now time.Time) (bool, error)
	// UseStep takes a code of a step; false: one of that step or a later one was taken before.
	UseStep(ctx context.Context, id uuid.UUID, step int64) (bool, error)
	// UseRecovery takes a recovery code; false: there is none, or no more.
	UseRecovery(ctx context.Context, id uuid.UUID, hash [32]byte) (bool, error)
	// DropFactor takes an account's second factor away.
	DropFactor(ctx context.Context, id uuid.UUID) error

	// AddSession adds one, takes away that of the token that the browser had, and sweeps out those that began before swept; false: what was shown lets nobody into the
	// account any more, and nothing is done.
	AddSession(ctx context.Context, hash [32]byte, s Session, shown Proof, had [32]byte, swept time.Time) (bool, error)
	// RenewSession gives a session in which the second factor was shown another token; false: it has ended.
	RenewSession(ctx context.Context, had, hash [32]byte, now time.Time) (bool, error)
	SessionByHash(ctx context.Context, hash [32]byte) (Session, bool, error)
	// SeeSession notes that a session was used.
	SeeSession(ctx context.Context, hash [32]byte, now time.Time) error
	EndSession(ctx context.Context, hash [32]byte) error
	// EndSessionOf ends one of an account; false: it has none of that handle.
	EndSessionOf(ctx context.Context, account, handle uuid.UUID) (bool, error)
	// EndSessions ends all of an account but that of one hash, and takes away a second factor that was never proven.
	EndSessions(ctx context.Context, account uuid.UUID, but [32]byte) error
	// Sessions returns an account's, the newest first.
	Sessions(ctx context.Context, account uuid.UUID) ([]Session, error)

	// AddToken adds one that is made in a session; false: that has ended meanwhile.
	AddToken(ctx context.Context, t Token, hash [32]byte, session uuid.UUID) (bool, error)
	TokenByHash(ctx context.Context, hash [32]byte) (Token, bool, error)
	// UseToken notes the day.
	UseToken(ctx context.Context, id uuid.UUID, day time.Time) error
	// Tokens returns an account's, the newest first, those that have expired too.
	Tokens(ctx context.Context, account uuid.UUID) ([]Token, error)
	RemoveToken(ctx context.Context, account, id uuid.UUID) (bool, error)
}
