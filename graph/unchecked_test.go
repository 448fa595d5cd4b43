//go:build unchecked

package graph_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// TestPoliciesAloneTellNothing: with no check of ours for a role or right, PostgreSQL keeps back what is not for who asks, and lets nobody else write who is in office.
func TestPoliciesAloneTellNothing(t *testing.T) {
	rows, cells := matrix(t)
	w := newWorld(t)
	values := w.planted()
	cases, let, leaks := 0, 0, 0
	account.Unchecked.Store(true)
	defer account.Unchecked.Store(false)
	w.walk(rows, func(row, column, when string, who *asker, actor account.Actor, p *spot, n int, variables any, got answer) {
		cases++
		if got.code() != "FORBIDDEN" {
			let++
		}
		stats := row == "PlaceStats of few" && !slices.Contains(who.own, n) || row == "CoverageProblem.households"
		if stats && probes[row].told(p, string(got.Raw)) && actor.Role != account.Operator {
			leaks++
			t.Errorf("%s %s is told by %s how many live in %s: %s", who.name, when, row, p.grid, got.Raw)
		}
		if got.code() == "INTERNAL" {
			t.Errorf("%s %s by %s does not come as far as the database: %s", who.name, when, row, got.Raw)
		}
		office := slices.Contains([]string{"Mutation.appointWorker", "Mutation.endAssignment", "Mutation.recordAbsence", "Mutation.endAbsence"}, row)
		if cell := cells[row][column]; office && got.Errors == nil && cell != "all" && !(cell == "own" && slices.Contains(who.own, n)) {
			leaks++
			t.Errorf("%s %s does %s in %s: %s", who.name, when, row, p.grid, got.Raw)
		}
		leaks += scan(t, row+" as "+column+" ("+who.name+") "+when, actor, values, variables, got.Raw)
	})
	t.Logf("%d cases, %d of them not refused by any check, %d leaks", cases, let, leaks)
	if let < cases*4/5 { // the database refuses in the same words
		t.Error("checks still refuse")
	}
}

// TestPoliciesAloneKeepAccounts: nobody but who gives accounts does anything to another's, or makes one, with no check of ours for a role.
func TestPoliciesAloneKeepAccounts(t *testing.T) {
	w := newWorld(t)
	var worker key.Key
	row := w.pool.QueryRow(t.Context(), "SELECT w.district, w.id FROM worker w WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.worker_id = w.id) ORDER BY w.id LIMIT 1")
	if err := row.Scan(&worker.Home, &worker.ID); err != nil {
		t.Fatal(err)
	}
	state := func() (all string) {
		t.Helper()
		if err := w.pool.QueryRow(t.Context(), `SELECT md5((SELECT string_agg(a::text || s.password || coalesce(s.factor::text, ''), ' ' ORDER BY a.id) FROM account a LEFT JOIN account_secret s ON s.account_id = a.id)
			|| (SELECT count(*) FROM session) || (SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM access_token))`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	account.Unchecked.Store(true)
	defer account.Unchecked.Store(false)
	for _, a := range w.askers {
		w.clock = w.clock.Add(time.Minute) // a code of a second factor is good once
		actor := w.actor(a)
		other := w.askers[slices.IndexFunc(w.askers, func(b *asker) bool { return b.account != "" && b.account != a.account })].account
		for _, m := range []struct {
			name, below string
			input       map[string]any
		}{
			{"createAccount", "password", map[string]any{"login": "intruder", "workerId": worker.String()}},
			{"disableAccount", "account { login }", map[string]any{"id": other, "disabled": true}},
			{"resetPassword", "password", map[string]any{"id": other, "secondFactor": true}},
			{"linkAccount", "account { login }", map[string]any{"id": other, "name": "intruder"}},
			{"endSessions", "id", map[string]any{"id": other}},
			{"revokeAccessToken", "id", map[string]any{"id": uuid.NewString()}},
		} {
			if actor.Role == account.Security && m.name != "revokeAccessToken" { // who may
				continue
			}
			before := state()
			of := mutation(m.name, m.below, nil)
			got := w.ask(t, actor, of.query, map[string]any{"in": m.input})
			if code := got.code(); code == "" || code == "INTERNAL" || code == "INVALID" {
				t.Errorf("%s by %s: %s", m.name, a.name, got.Raw)
			}
			if state() != before {
				t.Errorf("%s by %s changed an account: %s", m.name, a.name, got.Raw)
			}
		}
	}
}
