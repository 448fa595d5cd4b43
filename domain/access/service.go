package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// Service is what can be asked and done about accounts.
type Service struct {
	Store  Store
	Now    func() time.Time
	Sealer Sealer

	Idle, Longest time.Duration // after which a session ends: without a request, and in any case

	Demo bool // accounts of the demo may sign in: this machine alone can reach the server. Not for requests that come FromElsewhere

	// Version names the state of the data and the civil day; false: it is not known, or what other servers end is not heard (see Forget). As long as it is the same, so is what
	// posts reach. Nil: nothing is known.
	Version func() (string, bool)

	Staff interface {
		Day(asOf *time.Time) civil.Date
		Duties(ctx context.Context, actor account.Actor, worker key.Key) ([]staff.Duty, error)
		// Worker: NOT_FOUND.
		Worker(ctx context.Context, actor account.Actor, k key.Key) (staff.Worker, error)
	}
	Grids interface {
		GridsOfGroups(ctx context.Context, actor account.Actor, groups []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID][]grid.Grid, error)
	}
	Places interface {
		DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error)
		Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error)
	}

	hasher *hasher
	told   memory
	swept  atomic.Int64 // when counts of tries were swept out last, in seconds
}

// New returns a Service of a store; its other parts are given by who makes it.
func New(store Store) *Service {
	return &Service{Store: store, Now: time.Now, Idle: Idle, Longest: Absolute, hasher: newHasher()}
}

type elsewhere struct{}

// FromElsewhere is ctx of a request that something on this machine may have passed on for somebody elsewhere: for it accounts of the demo are none.
func FromElsewhere(ctx context.Context) context.Context {
	return context.WithValue(ctx, elsewhere{}, true)
}

// demoShutOut reports whether a is a demo account that may not be used for this request.
func (s *Service) demoShutOut(ctx context.Context, a Account) bool {
	return a.Demo && (!s.Demo || isElsewhere(ctx))
}

func isElsewhere(ctx context.Context) bool { return ctx.Value(elsewhere{}) != nil }

// OnTheMachine is who gives accounts from the command line: whoever can read the data folder could as well write the tables.
func OnTheMachine() account.Actor { return account.Actor{Role: account.Security, ID: onMachine} }

// onMachine is how the id of who acts on the machine begins; what follows names the account of its operating system. Ids of accounts are UUIDs.
const onMachine = "machine"

func isOnTheMachine(a account.Actor) bool {
	return a.Role == account.Security && (a.ID == onMachine || strings.HasPrefix(a.ID, onMachine+"-"))
}

func ended() error { return fault.New(fault.Unauthenticated, "", "access.ended") }

// SignIn begins a session of who knows the password, and ends the one that the browser had: its token is never gone on with. The token that it
// returns is good for the steps that Visitor names. What is answered of a login that is nobody's, or of one that is disabled, is what is answered of a wrong
// password, after as much work. UNAUTHENTICATED; LIMITED: too many tries, or people at once.
func (s *Service) SignIn(ctx context.Context, from From, login, password, had string) (token string, v Visitor, err error) {
	login = FoldLogin(login)
	counts := s.counts(from, login)
	c, err := s.checkPassword(ctx, s.line(from, login), counts, login, password)
	if err != nil {
		return "", v, err
	}
	if c.SecondFactor == nil { // else the code is to be guessed yet
		if err := s.takeBackTries(ctx, counts); err != nil {
			return "", v, err
		}
	}
	return s.begin(ctx, c.Account, Proof{Password: c.Password}, false, had)
}

// SignInBy begins a session of the account that is linked to who a provider has proven somebody to be, as SignIn does. UNAUTHENTICATED: there is none, or it is disabled.
func (s *Service) SignInBy(ctx context.Context, who Identity, had string) (token string, v Visitor, err error) {
	a, ok, err := s.Store.Linked(ctx, who)
	if err != nil {
		return "", v, err
	}
	if !ok || a.Disabled != nil {
		return "", v, unlinked()
	}
	return s.begin(ctx, a, Proof{Issuer: who.Issuer, Subject: who.Subject}, who.Factor, had)
}

func unlinked() error { return fault.New(fault.Unauthenticated, "", "access.unlinked") }

// begin begins a session, and ends the one that the browser had. UNAUTHENTICATED: what was shown lets nobody in any more.
func (s *Service) begin(ctx context.Context, a Account, shown Proof, factor bool, had string) (token string, v Visitor, err error) {
	now := s.Now()
	token = newSecret()
	session := Session{Account: a, Handle: uuid.New(), Device: deviceOf(ctx), Factor: factor, Began: now, Seen: now}
	audit.By(ctx, a.Owner())
	audit.About(ctx, accountKind, a.ID)
	switch ok, err := s.Store.AddSession(ctx, hashOf(token), session, shown, hashOf(had), now.Add(-s.Longest)); {
	case err != nil:
		return "", v, err
	case !ok && shown.Password == "":
		return "", v, unlinked()
	case !ok:
		return "", v, fault.New(fault.Unauthenticated, "password", "access.wrong")
	}
	s.told.forget(hashOf(had))
	v, err = s.visitor(ctx, session)
	return token, v, err
}

// checkPassword returns the credentials of a login whose password is right. All of it is done in the hasher's place, so that tries are counted no faster than passwords are computed.
func (s *Service) checkPassword(ctx context.Context, line string, counts []Count, login, password string) (c Credentials, err error) {
	err = s.hasher.inPlace(ctx, line, func() error {
		if err := s.try(ctx, counts); err != nil {
			return err
		}
		found := false
		if loginForm.MatchString(login) { // else it is nobody's, and may be what no text of the database is
			if c, found, err = s.Store.CredentialsByLogin(ctx, login); err != nil {
				return err
			}
		}
		ok, err := compare(password, cmp.Or(c.Password, nobodys))
		if err == nil && (!ok || !found || c.Disabled != nil || c.Provider != "" || s.demoShutOut(ctx, c.Account)) {
			err = fault.New(fault.Unauthenticated, "password", "access.wrong")
		}
		return err
	})
	return c, err
}

// Visit returns who the session of a token is of, and notes that it was used. UNAUTHENTICATED: it has ended, or there never was one; ByClock tells which.
func (s *Service) Visit(ctx context.Context, token string) (Visitor, error) {
	session, ok, err := s.Store.SessionByHash(ctx, hashOf(token))
	if err != nil {
		return Visitor{}, err
	}
	if !ok || session.Disabled != nil || s.demoShutOut(ctx, session.Account) {
		return Visitor{}, ended()
	}
	v, err := s.visitor(ctx, session)
	if err != nil {
		return Visitor{}, err
	}
	if why := s.over(session, v.Step); why != "" {
		return Visitor{}, fault.New(fault.Unauthenticated, "", why)
	}
	now := s.Now()
	if now.Sub(session.Seen) >= time.Minute { // not at every request: each is a write
		if err := s.Store.SeeSession(ctx, hashOf(token), now); err != nil {
			return Visitor{}, err
		}
	}
	return v, nil
}

// visitor finds out what a session's account may do now.
func (s *Service) visitor(ctx context.Context, session Session) (v Visitor, err error) {
	v.Session, v.Actor = session, account.Anyone()
	if session.Role == account.Staff {
		if v.Duties, err = s.Staff.Duties(ctx, account.TheDoor(), *session.Worker); err != nil {
			return v, err
		}
	}
	if v.Step = step(session, v.Duties); v.Step != StepNone {
		return v, nil
	}
	v.Actor, err = s.actor(ctx, session.Account, v.Duties, everyRight)
	v.Actor.Session = session.Handle
	return v, err
}

// visitorAt returns the session's visitor if its next step is step. UNAUTHENTICATED: the session has ended, or its next step is another.
func (s *Service) visitorAt(ctx context.Context, token string, step Step) (Visitor, error) {
	v, err := s.Visit(ctx, token)
	if err == nil && v.Step != step {
		err = ended()
	}
	return v, err
}

// ShowCode takes the second step: a code of the app, or one of those for a phone that was lost. Each is good once. The session has another token from then on, as
// whenever its rights rise: who knew the one before gains nothing. UNAUTHENTICATED; LIMITED: too many tries.
func (s *Service) ShowCode(ctx context.Context, from From, token, code string) (renewed string, v Visitor, err error) {
	if v, err = s.visitorAt(ctx, token, StepCode); err != nil {
		return "", v, err
	}
	counts := s.counts(from, v.Login)
	if err := s.try(ctx, counts); err != nil {
		return "", v, err
	}
	ok, err := s.takeCode(ctx, v.Account, code)
	if err == nil && !ok {
		err = fault.New(fault.Unauthenticated, "code", "access.code")
	}
	if err == nil {
		err = s.takeBackTries(ctx, counts)
	}
	if err != nil {
		return "", v, err
	}
	renewed = newSecret()
	ok, err = s.Store.RenewSession(ctx, hashOf(token), hashOf(renewed), s.Now())
	s.told.forget(hashOf(token))
	if err == nil && !ok {
		err = ended()
	}
	if err == nil {
		v, err = s.Visit(ctx, renewed)
	}
	return renewed, v, err
}

func (s *Service) takeCode(ctx context.Context, a Account, code string) (bool, error) {
	code = typedCode(code)
	if len(code) == 16 {
		return s.Store.UseRecovery(ctx, a.ID, hashOf(code))
	}
	shown, ok, err := s.codeOf(ctx, a.ID, code)
	if err != nil || !ok {
		return false, err
	}
	return s.Store.UseStep(ctx, a.ID, shown.Step)
}

// codeOf is the second factor of an account, proven or not, as a code of it was shown; false: it is no such code.
func (s *Service) codeOf(ctx context.Context, id uuid.UUID, code string) (shown ProvenFactor, ok bool, err error) {
	c, known, err := s.Store.CredentialsByID(ctx, id)
	if err != nil || !known || c.Factor == nil {
		return shown, false, err
	}
	secret, err := s.Sealer.Open(c.Factor, id[:])
	if err != nil {
		return shown, false, fmt.Errorf("the second factor of account %s cannot be read: %w", id, err)
	}
	step, ok := codeStep(code, string(secret), s.Now())
	return ProvenFactor{Account: id, Sealed: c.Factor, Step: step}, ok, nil
}

// Enrol returns the second factor that is to be set up; until it is proven it stays the same, in all tabs. UNAUTHENTICATED: it is not the time for that.
func (s *Service) Enrol(ctx context.Context, token string) (Enrolment, error) {
	v, err := s.enrolling(ctx, token)
	if err != nil {
		return Enrolment{}, err
	}
	sealed, err := s.Sealer.Seal([]byte(newFactor()), v.ID[:])
	if err != nil {
		return Enrolment{}, err
	}
	sealed, ok, err := s.Store.SetFactor(ctx, v.ID, hashOf(token), sealed)
	if err == nil && !ok {
		err = ended()
	}
	if err != nil {
		return Enrolment{}, err
	}
	secret, err := s.Sealer.Open(sealed, v.ID[:])
	if err != nil {
		return Enrolment{}, fmt.Errorf("the second factor of account %s cannot be read: %w", v.ID, err)
	}
	return enrolment(v.Login, string(secret))
}

// enrolling is the visitor who has to set up a second factor, or is signed in and has none.
func (s *Service) enrolling(ctx context.Context, token string) (Visitor, error) {
	v, err := s.Visit(ctx, token)
	if err == nil && v.Step != StepEnrol && (v.Step != StepNone || v.SecondFactor != nil) {
		err = ended()
	}
	return v, err
}

// Prove takes the third step: a code shows that the second factor works. It returns the recovery codes, this once. UNAUTHENTICATED: the code is wrong, or it is not the time for that, or no more.
func (s *Service) Prove(ctx context.Context, token, code string) (renewed string, recovery []string, v Visitor, err error) {
	if v, err = s.enrolling(ctx, token); err != nil {
		return "", nil, v, err
	}
	shown, ok, err := s.codeOf(ctx, v.ID, typedCode(code))
	if err == nil && !ok {
		err = fault.New(fault.Unauthenticated, "code", "access.code")
	}
	if err != nil {
		return "", nil, v, err
	}
	renewed = newSecret()
	recovery, shown.Recovery = newRecoveryCodes()
	ok, err = s.Store.ProveFactor(ctx, shown, hashOf(token), hashOf(renewed), s.Now())
	s.told.forget(hashOf(token))
	if err == nil && !ok {
		err = ended()
	}
	if err == nil {
		v, err = s.Visit(ctx, renewed)
	}
	if err != nil {
		return "", nil, v, err
	}
	return renewed, recovery, v, nil
}

// ChangePassword gives the account of a session another password. All its sessions and tokens end; who asks goes on with the token that is returned. UNAUTHENTICATED:
// the password is not that of the account, or no more; INVALID: the new one is none; LIMITED: too many tries.
func (s *Service) ChangePassword(ctx context.Context, token, old, password string) (renewed string, v Visitor, err error) {
	if v, err = s.Visit(ctx, token); err != nil {
		return "", v, err
	}
	if v.Step != StepNone && v.Step != StepPassword {
		return "", v, ended()
	}
	hash, err := s.changePassword(ctx, v.ID, old, password)
	if err != nil {
		return "", v, err
	}
	renewed = newSecret()
	now := s.Now()
	session := Session{Account: v.Account, Handle: uuid.New(), Device: v.Device, Factor: v.Factor, Began: now, Seen: now}
	ok, err := s.Store.AddSession(ctx, hashOf(renewed), session, Proof{Password: hash}, hashOf(token), now.Add(-s.Longest))
	if err == nil && !ok {
		err = ended()
	}
	if err == nil {
		v, err = s.Visit(ctx, renewed)
	}
	return renewed, v, err
}

// ChangeOwnPassword is ChangePassword for who asks without a browser's session at hand.
func (s *Service) ChangeOwnPassword(ctx context.Context, actor account.Actor, old, password string) error {
	id, err := own(actor)
	if err != nil {
		return err
	}
	_, err = s.changePassword(ctx, id, old, password)
	return err
}

// changePassword returns what is kept of the new one.
func (s *Service) changePassword(ctx context.Context, id uuid.UUID, old, password string) (hash string, err error) {
	c, ok, err := s.Store.CredentialsByID(ctx, id)
	if err != nil {
		return "", err
	}
	if !ok || c.Provider != "" {
		return "", ended()
	}
	audit.About(ctx, accountKind, id)
	counts := []Count{s.count(ofPair, c.Login, "old password")} // of its own: who holds a session cannot keep the owner from signing in
	if err := s.try(ctx, counts); err != nil {
		return "", err
	}
	line := id.String()
	if ok, err = s.hasher.matches(ctx, line, old, c.Password); err != nil {
		return "", err
	}
	if !ok {
		return "", fault.New(fault.Unauthenticated, "oldPassword", "access.oldPassword")
	}
	if err := s.takeBackTries(ctx, counts); err != nil {
		return "", err
	}
	if err := CheckPassword(c.Login, password); err != nil {
		return "", err
	}
	if foldPassword(old) == foldPassword(password) {
		return "", fault.New(fault.Invalid, "password", "access.same")
	}
	if hash, err = s.hasher.hash(ctx, line, password); err != nil {
		return "", err
	}
	defer s.Forget()
	if ok, err = s.Store.SetPassword(ctx, id, hash, false, c.Password); err == nil && !ok { // meanwhile it was given another, or linked
		err = ended()
	}
	return hash, err
}

// SignOut ends the session of a token, at once. Where there is none it does nothing.
func (s *Service) SignOut(ctx context.Context, token string) error {
	defer s.told.forget(hashOf(token))
	return s.Store.EndSession(ctx, hashOf(token))
}

// own is the account that an actor is, in person. FORBIDDEN: a program, or nobody who has one.
func own(actor account.Actor) (uuid.UUID, error) {
	if err := actor.RequirePerson(); err != nil {
		return uuid.Nil, err
	}
	if id, err := uuid.Parse(actor.ID); err == nil {
		return id, nil
	}
	if actor.Role == account.Public {
		return uuid.Nil, fault.New(fault.Forbidden, "", "access.ended")
	}
	return uuid.Nil, fault.New(fault.Forbidden, "", "access.noAccount")
}

// EndOtherSessions ends all sessions of the account of a token but this one.
func (s *Service) EndOtherSessions(ctx context.Context, token string) error {
	v, err := s.visitorAt(ctx, token, StepNone)
	if err != nil {
		return err
	}
	defer s.Forget()
	return s.Store.EndSessions(ctx, v.ID, hashOf(token))
}

// EndSession ends one session of the account of a token, this one too. NOT_FOUND: there is none of that handle, or no more.
func (s *Service) EndSession(ctx context.Context, token string, handle uuid.UUID) error {
	v, err := s.visitorAt(ctx, token, StepNone)
	if err != nil {
		return err
	}
	defer s.Forget()
	ok, err := s.Store.EndSessionOf(ctx, v.ID, handle)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "access.noSession")
	}
	return err
}

// Sessions returns those of the account of a token, the newest first.
func (s *Service) Sessions(ctx context.Context, token string) ([]Session, error) {
	v, err := s.visitorAt(ctx, token, StepNone)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Sessions(ctx, v.ID)
	live := list[:0]
	for _, one := range list {
		if s.over(one, step(one, v.Duties)) == "" {
			live = append(live, one)
		}
	}
	return live, err
}

// Enabled is what the audit calls it where an account is no longer disabled.
const Enabled audit.Action = "ENABLE_ACCOUNT"

// What deeds are about, as the audit says.
const (
	accountKind = "ACCOUNT"
	tokenKind   = "ACCESS_TOKEN"
)

// giving is who gives accounts, in person.
func giving(actor account.Actor) error {
	if err := actor.RequirePerson(); err != nil {
		return err
	}
	if err := actor.RequireRole(account.Security); err != nil {
		return fault.Wrap(err, fault.Forbidden, "", "access.giving")
	}
	return nil
}

// mayGive is whether an actor who gives accounts may give one of a role, or anything to one: all but staff have theirs from the machine. Else one person alone, who may give accounts,
// would be an operator and an auditor as well. FORBIDDEN.
func mayGive(actor account.Actor, role account.Role, field string) error {
	if account.Administrative(role) && !isOnTheMachine(actor) {
		return fault.New(fault.Forbidden, field, "access.onMachine")
	}
	return nil
}

// Give adds an account and returns its first password, this once; it is to be changed at the first sign-in. Who gives accounts only, those of staff; the machine all. INVALID: it cannot be one;
// NOT_FOUND: no such worker; CONFLICT: the login was given before, or the worker has an account.
func (s *Service) Give(ctx context.Context, actor account.Actor, n NewAccount) (a Account, password string, err error) {
	a, password, hash, err := s.given(ctx, actor, n)
	if err != nil {
		return a, "", err
	}
	audit.About(ctx, accountKind, a.ID)
	return a, password, s.Store.AddAccount(ctx, actor, a, hash)
}

// given is the account that n would be, with its first password and how that is kept.
func (s *Service) given(ctx context.Context, actor account.Actor, n NewAccount) (a Account, password, hash string, err error) {
	if err := giving(actor); err != nil {
		return a, "", "", err
	}
	n.Login = FoldLogin(n.Login)
	if err := n.Check(); err != nil {
		return a, "", "", err
	}
	if err := mayGive(actor, n.Role, "role"); err != nil {
		return a, "", "", err
	}
	if n.Worker != nil {
		if _, err := s.Staff.Worker(ctx, account.TheOperator(), *n.Worker); err != nil {
			return a, "", "", err
		}
	}
	password = newPassword()
	if hash, err = s.hasher.hash(ctx, actor.ID, password); err != nil {
		return a, "", "", err
	}
	a = Account{ID: uuid.Must(uuid.NewV7()), Login: n.Login, Role: n.Role, Worker: n.Worker, Demo: n.Demo, MustChange: !n.Demo, Created: s.Now(), CreatedBy: actor.ID}
	return a, password, hash, nil
}

// newPassword is one that nobody guesses and anybody can read out: four times four letters and digits, 80 bits.
func newPassword() string {
	c := newSecret()
	return c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:16]
}

// List returns a page of the accounts, by login. Who gives accounts only.
func (s *Service) List(ctx context.Context, actor account.Actor, q Query) (page.Page[Account], error) {
	if err := giving(actor); err != nil {
		return page.Page[Account]{}, err
	}
	return s.Store.Accounts(ctx, actor, q)
}

// Logins are those of the accounts that acted in entries of the audit, by their ids: no entry holds a login. Auditors only.
func (s *Service) Logins(ctx context.Context, actor account.Actor, entries []page.Item[audit.Link]) (map[string]string, error) {
	if err := actor.RequireRole(account.Auditor); err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, item := range entries {
		if id, err := uuid.Parse(item.Node.Entry.Actor); err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.Logins(ctx, ids)
}

// ByLogin returns an account. Who gives accounts only. NOT_FOUND: none.
func (s *Service) ByLogin(ctx context.Context, actor account.Actor, login string) (Account, error) {
	if err := giving(actor); err != nil {
		return Account{}, err
	}
	a, ok, err := s.Store.AccountByLogin(ctx, actor, FoldLogin(login))
	if err == nil && !ok {
		err = noAccount(login)
	}
	return a, err
}

func noAccount(login string) error {
	return fault.New(fault.NotFound, "id", "access.notFound", "login", fault.Shorten(login, 60))
}

// another is an account that is not the actor's own. Who gives accounts only. NOT_FOUND: none; FORBIDDEN: it is.
func (s *Service) another(ctx context.Context, actor account.Actor, id uuid.UUID) (Account, error) {
	if err := giving(actor); err != nil {
		return Account{}, err
	}
	if actor.ID == id.String() {
		return Account{}, fault.New(fault.Forbidden, "id", "access.self")
	}
	a, ok, err := s.Store.AccountByID(ctx, actor, id)
	switch {
	case err == nil && !ok:
		err = noAccount(id.String())
	case err == nil:
		audit.About(ctx, accountKind, id)
	}
	return a, err
}

// Disable ends what an account may do, at once, or gives it back; its sessions and tokens end. Who gives accounts only, and not the own one: the last would be shut out. All but staff get it back from the machine.
func (s *Service) Disable(ctx context.Context, actor account.Actor, id uuid.UUID, disabled bool) (Account, error) {
	if !disabled {
		audit.As(ctx, Enabled)
	}
	a, err := s.another(ctx, actor, id)
	if err != nil {
		return a, err
	}
	a.Disabled = nil
	if now := s.Now(); disabled {
		a.Disabled = &now
	} else if err := mayGive(actor, a.Role, "id"); err != nil {
		return a, err
	}
	defer s.Forget()
	return a, s.Store.SetDisabled(ctx, actor, id, a.Disabled)
}

// Link has the owner of an account sign in by the provider of identities, under the name that they have there, and by no password, until Reset: the first who comes under that name has the account from then on.
// Its sessions and tokens end. Who gives accounts only, of staff; the machine of all. CONFLICT: another account has the name.
func (s *Service) Link(ctx context.Context, actor account.Actor, id uuid.UUID, as string) (Account, error) {
	a, err := s.another(ctx, actor, id)
	if err == nil {
		err = mayGive(actor, a.Role, "id")
	}
	if err != nil {
		return a, err
	}
	if a.Demo {
		return a, fault.New(fault.Invalid, "id", "access.linkDemo")
	}
	if a.Provider = strings.TrimSpace(as); a.Provider == "" || !name.Fits(a.Provider, maxProviderName) {
		return a, fault.New(fault.Invalid, "name", "access.linkName", "max", maxProviderName)
	}
	if err := name.Check("name", a.Provider); err != nil {
		return a, err
	}
	defer s.Forget()
	a.MustChange = false
	return a, s.Store.Link(ctx, id, a.Provider)
}

// Reset gives an account another first password, with which its owner signs in from then on, and returns it, this once; its sessions and tokens end, and where factor its second factor is to be set up anew. Who
// gives accounts only, of staff; the machine of all: who could reset an operator's second factor would be the operator.
func (s *Service) Reset(ctx context.Context, actor account.Actor, id uuid.UUID, factor bool) (a Account, password string, err error) {
	if a, err = s.another(ctx, actor, id); err == nil {
		err = mayGive(actor, a.Role, "id")
	}
	if err != nil {
		return a, "", err
	}
	return s.reset(ctx, actor.ID, a, factor)
}

func (s *Service) reset(ctx context.Context, by string, a Account, factor bool) (_ Account, password string, err error) {
	password = newPassword()
	hash, err := s.hasher.hash(ctx, by, password)
	if err != nil {
		return a, "", err
	}
	defer s.Forget()
	if _, err := s.Store.SetPassword(ctx, a.ID, hash, !a.Demo, ""); err != nil {
		return a, "", err
	}
	a.MustChange = !a.Demo
	a.Provider = ""
	if factor {
		a.SecondFactor = nil
		if err := s.Store.DropFactor(ctx, a.ID); err != nil {
			return a, "", err
		}
	}
	return a, password, s.Store.ForgetTries(ctx, s.Sealer.Name(a.Login))
}

// EndSessions signs an account out everywhere. Who gives accounts, or whose account it is.
func (s *Service) EndSessions(ctx context.Context, actor account.Actor, id uuid.UUID) error {
	if mine, err := own(actor); err != nil || mine != id {
		if _, err := s.another(ctx, actor, id); err != nil {
			return err
		}
	}
	audit.About(ctx, accountKind, id)
	defer s.Forget()
	return s.Store.EndSessions(ctx, id, [32]byte{})
}

// DemoLogin is an account to try things with.
type DemoLogin struct {
	Login, Password string
	Role            account.Role
	Post            staff.Post // of staff
}

// demoLogins are one a role, and one a kind of area that staff see: the leader and the chief are those of the worker's grid, who comes first.
var demoLogins = []DemoLogin{
	{Login: "demo-worker", Role: account.Staff, Post: staff.GridWorker}, {Login: "demo-leader", Role: account.Staff, Post: staff.GridLeader},
	{Login: "demo-chief", Role: account.Staff, Post: staff.ChiefLeader}, {Login: "demo-operator", Role: account.Operator},
	{Login: "demo-security", Role: account.Security}, {Login: "demo-auditor", Role: account.Auditor},
}

// GiveDemo gives the accounts of the demo passwords that are made anew, and makes those that are missing; a post that nobody holds has none. Who gives accounts only; that
// the town is the demo's is for the caller to see.
func (s *Service) GiveDemo(ctx context.Context, actor account.Actor) (list []DemoLogin, err error) {
	var over uuid.UUID // the worker, whom the others lead
	for _, d := range demoLogins {
		a, err := s.ByLogin(ctx, actor, d.Login)
		switch {
		case err == nil && (!a.Demo || a.Disabled != nil):
			continue // somebody's, or not wanted
		case err == nil:
			_, d.Password, err = s.reset(ctx, actor.ID, a, true)
		case fault.Is(err, fault.NotFound):
			n := NewAccount{Login: d.Login, Role: d.Role, Demo: true}
			if d.Role == account.Staff {
				worker, ok, err := s.Store.WorkerOf(ctx, account.TheDoor(), d.Post, over, s.Staff.Day(nil))
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
				n.Worker = &worker
			}
			var hash string
			if a, d.Password, hash, err = s.given(ctx, actor, n); err == nil {
				err = s.Store.AddAccount(ctx, actor, a, hash)
			}
		}
		if err != nil {
			return nil, err
		}
		if d.Post == staff.GridWorker && a.Worker != nil {
			over = a.Worker.ID
		}
		list = append(list, d)
	}
	return list, nil
}

// Me returns the account that an actor is, with its duties today and, of staff, the worker's name. false: an actor that has none.
func (s *Service) Me(ctx context.Context, actor account.Actor) (a Account, duties []staff.Duty, name string, ok bool, err error) {
	id, err := uuid.Parse(actor.ID)
	if err != nil {
		return a, nil, "", false, nil
	}
	if a, ok, err = s.Store.AccountByID(ctx, account.TheDoor(), id); err != nil || !ok {
		return a, nil, "", false, err
	}
	name = a.Login
	if a.Worker != nil {
		duties, err = s.Staff.Duties(ctx, account.TheDoor(), *a.Worker)
		if err == nil && len(duties) > 0 {
			name = duties[0].Worker.Name
		}
	}
	return a, duties, name, true, err
}
