package access_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// TestWhatIsDoneToAccountsIsNotedWithIt: in the deed's own transaction, so that what cannot be noted is not done, whoever's transaction it is; each once, with who did it to
// which account.
func TestWhatIsDoneToAccountsIsNotedWithIt(t *testing.T) {
	w := newTown(t)
	ctx, store := t.Context(), db.New(w.pool)
	keys, err := audit.NewKeys(strings.Repeat("k", audit.MinSecret))
	if err != nil {
		t.Fatal(err)
	}
	w.Service.Store = db.NewAccounts(store)
	notes := &audit.Service{Store: db.NewAudit(store), Keys: keys, Now: func() time.Time { return w.now }}

	// held is all that the tables hold of accounts, but for what is counted and used up on the way.
	held := func() (rows string) {
		t.Helper()
		if err := w.pool.QueryRow(ctx, `SELECT concat_ws(E'\n', (SELECT string_agg(a::text, E'\n' ORDER BY id) FROM account a), (SELECT string_agg(account_id || password || coalesce(factor::text, ''), E'\n' ORDER BY account_id) FROM account_secret),
			(SELECT string_agg(concat_ws(' ', account_id, handle, encode(hash, 'hex'), factor, began_at), E'\n' ORDER BY hash) FROM session s), (SELECT string_agg(t::text, E'\n' ORDER BY id) FROM access_token t), (SELECT string_agg(r::text, E'\n' ORDER BY hash) FROM recovery_code r))`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	// last are the entries that were added since it was asked last.
	seen := 0
	last := func() (lines []string) {
		t.Helper()
		all, err := notes.Store.List(ctx, account.Actor{Role: account.Auditor, ID: "auditor"}, audit.Query{Page: page.Args{First: 1000}})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range all.Items[:len(all.Items)-seen] {
			e := item.Node.Entry
			lines = append(lines, strings.TrimSpace(strings.Join([]string{string(e.Action), e.Actor, e.Result, e.Object.ID}, " ")))
		}
		seen = len(all.Items)
		return lines
	}
	// does has a deed done where it cannot be noted, and then where it can.
	does := func(by account.Actor, action audit.Action, want func() string, do func(ctx context.Context) error) {
		t.Helper()
		w.now = w.now.Add(40 * time.Second) // a code is of another step
		was := held()
		store.Keys = nil
		if err := notes.Do(ctx, by, audit.Entry{Action: action}, do); err == nil {
			t.Errorf("%s is done, and cannot be noted", action)
		}
		if is := held(); is != was {
			t.Errorf("%s could not be noted, and left\n%s\nof\n%s", action, is, was)
		}
		store.Keys = keys
		w.now = w.now.Add(40 * time.Second)
		if err := notes.Do(ctx, by, audit.Entry{Action: action}, do); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		if is := held(); is == was {
			t.Errorf("%s did nothing", action)
		}
		if got, want := last(), []string{want()}; !slices.Equal(got, want) {
			t.Errorf("noted are %q, want %q", got, want)
		}
	}

	machine, password := access.OnTheMachine(), ""
	var a access.Account
	does(machine, "CREATE_ACCOUNT", func() string { return "CREATE_ACCOUNT machine OK " + a.ID.String() }, func(ctx context.Context) (err error) {
		a, password, err = w.Give(ctx, machine, access.NewAccount{Login: "op.one", Role: account.Operator})
		return err
	})
	owner, id := a.Owner(), a.ID.String()
	its := func(action string) func() string {
		return func() string { return action + " " + id + " OK" }
	}
	var token, secret string
	does(account.Anyone(), "SIGN_IN", func() string { return "SIGN_IN " + id + " OK " + id }, func(ctx context.Context) (err error) {
		token, _, err = w.SignIn(ctx, "op.one", password, "")
		return err
	})
	does(owner, "CHANGE_PASSWORD", func() string { return "CHANGE_PASSWORD " + id + " OK " + id }, func(ctx context.Context) error {
		renewed, _, err := w.ChangePassword(ctx, token, password, newPassword)
		if err == nil {
			token = renewed
		}
		return err
	})
	e, err := w.Enrol(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	secret = e.Secret
	does(owner, "SET_SECOND_FACTOR", its("SET_SECOND_FACTOR"), func(ctx context.Context) error {
		renewed, _, _, err := w.Prove(ctx, token, w.code(secret))
		if err == nil {
			token = renewed
		}
		return err
	})
	other, _, err := w.SignIn(ctx, "op.one", newPassword, "")
	if err != nil {
		t.Fatal(err)
	}
	does(owner, "SHOW_CODE", its("SHOW_CODE"), func(ctx context.Context) error {
		_, v, err := w.ShowCode(ctx, other, w.code(secret))
		if err == nil && v.Step != access.StepNone {
			t.Errorf("after the code: %s", v.Step)
		}
		return err
	})
	// By the pages who ends sessions shows the own; GraphQL knows the actor alone.
	does(owner, "END_SESSIONS", its("END_SESSIONS"), func(ctx context.Context) error { return w.EndOtherSessions(ctx, token) })
	if _, _, err = w.SignIn(ctx, "op.one", newPassword, ""); err != nil {
		t.Fatal(err)
	}
	list, err := w.Sessions(ctx, token)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	one := slices.IndexFunc(list, func(s access.Session) bool { return !s.Factor })
	does(owner, "END_SESSIONS", its("END_SESSIONS"), func(ctx context.Context) error { return w.EndSession(ctx, token, list[one].Handle) })
	actor := w.who(token)
	var made access.Token
	does(actor, "CREATE_ACCESS_TOKEN", func() string { return "CREATE_ACCESS_TOKEN " + id + " OK " + made.ID.String() }, func(ctx context.Context) (err error) {
		_, made, err = w.MakeToken(ctx, actor, access.NewToken{Name: "a map", Expires: w.now.Add(time.Hour)})
		return err
	})
	does(actor, "REVOKE_ACCESS_TOKEN", its("REVOKE_ACCESS_TOKEN"), func(ctx context.Context) error { return w.TakeBack(ctx, actor, made.ID) })

	// Refused deeds are noted once, name an account that there is, and leave what was counted: a wrong password.
	tries := func() (n int) {
		t.Helper()
		if err := w.pool.QueryRow(ctx, `SELECT coalesce(sum(tries), 0) FROM sign_in_try`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, k := range []*audit.Keys{nil, keys} {
		store.Keys = k
		was := tries()
		if err := notes.Do(ctx, account.Anyone(), audit.Entry{Action: "SIGN_IN"}, func(ctx context.Context) error {
			return third(w.SignIn(ctx, "op.one", "not the password", ""))
		}); !fault.Is(err, fault.Unauthenticated) || tries() <= was {
			t.Errorf("a wrong password: %v, %d tries after %d", err, tries(), was)
		}
	}
	if got, want := last(), []string{"SIGN_IN public UNAUTHENTICATED"}; !slices.Equal(got, want) {
		t.Errorf("noted are %q, want %q", got, want)
	}
	sec := account.Actor{Role: account.Security, ID: uuid.NewString()}
	if err := notes.Do(ctx, sec, audit.Entry{Action: "RESET_PASSWORD"}, func(ctx context.Context) error { return third(w.Reset(ctx, sec, a.ID, true)) }); !fault.Is(err, fault.Forbidden) {
		t.Error(err)
	}
	if got, want := last(), []string{"RESET_PASSWORD " + sec.ID + " FORBIDDEN " + id}; !slices.Equal(got, want) {
		t.Errorf("noted are %q, want %q", got, want)
	}

	// Another session of the account is that of a program without a browser: it has the actor alone.
	does(actor, "CHANGE_PASSWORD", func() string { return "CHANGE_PASSWORD " + id + " OK " + id }, func(ctx context.Context) error {
		return w.ChangeOwnPassword(ctx, actor, newPassword, newPassword+" again")
	})
	byMachine := func(action string) func() string {
		return func() string { return action + " machine OK " + id }
	}
	other, _, err = w.SignIn(ctx, "op.one", newPassword+" again", "")
	if err != nil {
		t.Fatal(err)
	}
	does(machine, "END_SESSIONS", byMachine("END_SESSIONS"), func(ctx context.Context) error { return w.EndSessions(ctx, machine, a.ID) })
	does(machine, "RESET_PASSWORD", byMachine("RESET_PASSWORD"), func(ctx context.Context) error { return third(w.Reset(ctx, machine, a.ID, true)) })
	does(machine, "LINK_ACCOUNT", byMachine("LINK_ACCOUNT"), func(ctx context.Context) error { return second(w.Link(ctx, machine, a.ID, "one@city")) })
	does(machine, "DISABLE_ACCOUNT", byMachine("DISABLE_ACCOUNT"), func(ctx context.Context) error { return second(w.Disable(ctx, machine, a.ID, true)) })
	does(machine, "DISABLE_ACCOUNT", byMachine("ENABLE_ACCOUNT"), func(ctx context.Context) error { return second(w.Disable(ctx, machine, a.ID, false)) })

	// Who leaves is let out, noted or not.
	_, password, err = w.Reset(ctx, machine, a.ID, true)
	if err == nil {
		token, _, err = w.SignIn(ctx, "op.one", password, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	store.Keys = nil
	if err := notes.Do(ctx, owner, audit.Entry{Action: "SIGN_OUT"}, func(ctx context.Context) error { return w.SignOut(ctx, token) }); err == nil {
		t.Error("nobody is told that signing out was not noted")
	}
	if _, err := w.Visit(ctx, token); !access.Ended(err) {
		t.Errorf("signed out, and still there: %v", err)
	}
	store.Keys = keys
	if _, err := notes.Verify(ctx, audit.Machine(), nil, nil); err != nil {
		t.Error(err)
	}
}
