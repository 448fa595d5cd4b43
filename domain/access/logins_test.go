package access_test

import (
	"testing"

	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// TestTheAuditIsReadWithLogins: no entry holds a login; who reads the audit is told those of the accounts that acted, and nobody else is told any.
func TestTheAuditIsReadWithLogins(t *testing.T) {
	w := newTown(t)
	a, _ := w.account("zhang.san", account.Operator, 0)
	b, _ := w.account("li.si", account.Auditor, 0)
	w.account("wang.wu", account.Auditor, 0)
	var entries []page.Item[audit.Link]
	for _, actor := range []string{a.ID.String(), a.ID.String(), "operator-zhang", "", b.ID.String(), "00000000-0000-0000-0000-000000000000"} {
		entries = append(entries, page.Item[audit.Link]{Node: audit.Link{Entry: audit.Entry{Actor: actor}}})
	}
	got, err := w.Logins(t.Context(), account.Actor{Role: account.Auditor, ID: "x"}, entries)
	if err != nil || len(got) != 2 || got[a.ID.String()] != "zhang.san" || got[b.ID.String()] != "li.si" {
		t.Errorf("%v, %v", got, err)
	}
	for _, actor := range []account.Actor{account.Anyone(), account.TheOperator(), access.OnTheMachine(), {Role: account.Staff, ID: "x"}} {
		if got, err := w.Logins(t.Context(), actor, entries); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) || got != nil {
			t.Errorf("%s: %v, %v", actor.Role, got, err)
		}
	}
}
