// Package access finds out who asks: accounts, passwords and second factors, sessions of browsers, tokens of programs, and what the posts of an
// account's worker reach at the moment. What an actor may do is left to the other services; cookies and headers are left to who speaks HTTP.
package access

import (
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
)

// Account is who may sign in. It has one role: those who run the deployment, who give accounts and who read the audit are not the same.
type Account struct {
	ID           uuid.UUID
	Login        string       // in small letters
	Role         account.Role // Staff, Operator, Security or Auditor
	Worker       *key.Key     // who it is; of Staff only, and always
	Demo         bool         // of the demo town: without a second factor, and only where this machine alone can reach the server
	MustChange   bool         // the password is one that somebody else gave
	SecondFactor *time.Time   // since when there is one
	Provider     string       // under which name its owner signs in by the provider of identities, and by no password; "": by a password
	Created      time.Time
	CreatedBy    string // actor
	Disabled     *time.Time
}

// Owner is who an account is of, for the audit: also before all steps of signing in are taken, when nothing may be done yet.
func (a Account) Owner() account.Actor { return account.Actor{Role: a.Role, ID: a.ID.String()} }

// NewAccount is what is said of an account when one is given.
type NewAccount struct {
	Login  string
	Role   account.Role
	Worker *key.Key
	Demo   bool
}

// Identity is who a provider of identities says that somebody is.
type Identity struct {
	Issuer, Subject string // of the provider, and of the person there: together never another's
	Name            string // that accounts are linked by; "": none that the provider vouches for
	Factor          bool   // a second factor was shown there
}

// Proof is what somebody showed who begins a session, as it is kept: the hash of the password, or who the provider says that they are.
type Proof struct {
	Password        string // "": none was shown
	Issuer, Subject string
}

// ProvenFactor is a second factor of which a code was shown.
type ProvenFactor struct {
	Account  uuid.UUID
	Sealed   []byte // its secret, as it is kept
	Step     int64  // of the code
	Recovery [][]byte
}

// Credentials are what the server compares with what it is shown.
type Credentials struct {
	Account
	Password string // argon2id, in the form of its reference implementation; "": none, as of who signs in by the provider
	Factor   []byte // the second factor's secret, sealed; nil: none, not even one that was not proven yet
}

// Session is a browser that is signed in, or on the way to it.
type Session struct {
	Account
	Handle      uuid.UUID // names it to its owner; nothing is signed in with it
	Device      Device    // by which it began
	Factor      bool      // the second factor was shown
	Began, Seen time.Time
}

// Token is a personal access token, for programs.
type Token struct {
	ID      uuid.UUID
	Account Account
	Name    string // as its owner calls it
	Writes  bool
	Rights  account.Set // that it may use, as far as the account has them; of staff
	Created time.Time
	Expires time.Time
	Used    *time.Time // the last day, midnight UTC
}

// Step is what is to be shown before a browser is signed in.
type Step string

// The steps, in their order.
const (
	StepCode     Step = "code"     // a code of the second factor
	StepPassword Step = "password" // another password than the one that somebody gave
	StepEnrol    Step = "enrol"    // a second factor is to be set up
	StepNone     Step = ""         // signed in
)

// Visitor is who a session is of.
type Visitor struct {
	Session
	Step   Step
	Actor  account.Actor // the public until Step is StepNone
	Duties []staff.Duty  // of staff
}

// ByLogin is the order of a list of accounts, as its cursors name it.
const ByLogin = "LOGIN"

// Query is which page of the accounts is read: by login.
type Query struct {
	Args  page.Args
	Count bool
}
