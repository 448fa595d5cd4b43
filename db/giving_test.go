package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/db"
	"wangge/domain/account"
	"wangge/internal/testdb"
)

// TestWhoGivesAccountsByStraightSQL: those of staff; those of operators, of who gives accounts and of auditors on the machine alone, and elsewhere they are disabled at most.
func TestWhoGivesAccountsByStraightSQL(t *testing.T) {
	pool := testdb.New(t)
	d := db.New(pool)
	if _, err := pool.Exec(t.Context(), `INSERT INTO account (id, login, role, worker_home, worker_id, created_at, created_by, disabled_at) SELECT gen_random_uuid(), r || '-' || s, r,
		CASE r WHEN 'staff' THEN 'h' END, CASE r WHEN 'staff' THEN gen_random_uuid() END, now(), 'x', CASE s WHEN 'off' THEN now() END
		FROM unnest(ARRAY['staff', 'operator', 'security', 'auditor']) r, unnest(ARRAY['on', 'off']) s`); err != nil {
		t.Fatal(err)
	}
	errUndo := errors.New("undone")
	// done is whether a statement does something; false: no row, or refused by a policy.
	done := func(actor account.Actor, sql string) bool {
		t.Helper()
		var rows int64
		err := d.As(t.Context(), actor, func(ctx context.Context, tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, sql)
			if err != nil {
				return err
			}
			rows = tag.RowsAffected()
			return errUndo
		})
		var refused *pgconn.PgError
		if !errors.Is(err, errUndo) && !(errors.As(err, &refused) && refused.Code == "42501") {
			t.Errorf("%s: %v", sql, err)
		}
		return rows > 0
	}
	insert := func(role string) string {
		return `INSERT INTO account (id, login, role, worker_home, worker_id, created_at, created_by) SELECT gen_random_uuid(), 'new', r, CASE r WHEN 'staff' THEN 'h' END, CASE r WHEN 'staff' THEN gen_random_uuid() END,
			now(), 'x' FROM unnest(ARRAY['` + role + `']) r`
	}
	here, machine, named := account.Actor{Role: account.Security, ID: "0190"}, account.Actor{Role: account.Security, ID: "machine"}, account.Actor{Role: account.Security, ID: "machine-li"}
	feigned := account.Actor{Role: account.Security, ID: "machines"}
	for _, c := range []struct {
		what, sql         string
		byAccount, byHand bool
	}{
		{"staff given", insert("staff"), true, true}, {"an operator given", insert("operator"), false, true},
		{"security given", insert("security"), false, true}, {"an auditor given", insert("auditor"), false, true},
		{"staff disabled", "UPDATE account SET disabled_at = now() WHERE login = 'staff-on'", true, true}, {"staff given back", "UPDATE account SET disabled_at = NULL WHERE login = 'staff-off'", true, true},
		{"an operator disabled", "UPDATE account SET disabled_at = now() WHERE login = 'operator-on'", true, true}, {"an operator given back", "UPDATE account SET disabled_at = NULL WHERE login = 'operator-off'", false, true},
		{"an auditor given back", "UPDATE account SET disabled_at = NULL WHERE login = 'auditor-off'", false, true},
		{"another login for an operator", "UPDATE account SET login = 'mine' WHERE login = 'operator-on'", false, true},
		{"staff made an operator", "UPDATE account SET role = 'operator', worker_home = NULL, worker_id = NULL WHERE login = 'staff-on'", false, true},
		{"an account removed", "DELETE FROM account WHERE login = 'staff-on'", false, false},
	} {
		for _, by := range []struct {
			actor account.Actor
			may   bool
		}{{here, c.byAccount}, {feigned, c.byAccount}, {machine, c.byHand}, {named, c.byHand},
			{account.TheOperator(), false}, {account.Anyone(), false}, {account.Actor{Role: account.Auditor, ID: "machine"}, false}, {account.Actor{Role: account.Staff, ID: "machine"}, false}} {
			if got := done(by.actor, c.sql); got != by.may {
				t.Errorf("%s by %s %s: %v", c.what, by.actor.Role, by.actor.ID, got)
			}
		}
	}
}
