//go:build unchecked

package graph_test

import (
	"slices"
	"testing"

	"wangge/domain/account"
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
		office := slices.Contains([]string{"Mutation.appointWorker", "Mutation.endAssignment", "Mutation.recordAbsence", "Mutation.endAbsence"}, row)
		if cell := cells[row][column]; office && got.Errors == nil && cell != "all" && !(cell == "own" && slices.Contains(who.own, n)) {
			leaks++
			t.Errorf("%s %s does %s in %s: %s", who.name, when, row, p.grid, got.Raw)
		}
		leaks += scan(t, row+" as "+column+" ("+who.name+") "+when, actor, values, variables, got.Raw)
	})
	t.Logf("%d cases, %d of them not refused by any check, %d leaks", cases, let, leaks)
	if let < cases*9/10 {
		t.Error("checks still refuse")
	}
}
