package db_test

import (
	"testing"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// TestTwoFilesOfOnePersonBecomeOne: with what both hold, also what the actor may not see; the other is gone and counted. Two people stay two.
func TestTwoFilesOfOnePersonBecomeOne(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	both := in("both", staff.GridWorker, gridsOf("g1", "g2"))
	enter := func(n int, p resident.Person) key.Key {
		t.Helper()
		out, err := r.Create(ctx, both, resident.Entry{Household: household(n), Person: p, Residency: resident.Residency{LivesHere: true, RegisteredHere: n == 1, Tenure: resident.Owner}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Key
	}
	keep, other := enter(1, resident.Person{Name: plantedName, Identity: plantedNumber}), enter(2, resident.Person{Name: "甲", Phone: plantedPhone})
	third := enter(1, resident.Person{Name: "乙", Identity: "440524198001010021"})
	if _, err := r.SetCategory(ctx, account.TheOperator(), resident.Category{Code: "ILL", Chinese: "病", English: "Ill", LegalBasis: "x", Restricted: true}); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []struct {
		of       key.Key
		category string
	}{{keep, "ELDERLY"}, {other, "ELDERLY"}, {other, "ILL"}, {other, "DISABLED"}} {
		if _, err := r.SetTag(ctx, leader, tag.of, resident.Tag{Category: tag.category}); err != nil {
			t.Fatal(err)
		}
	}
	version := func(k key.Key) (n int) {
		t.Helper()
		if err := r.pool.QueryRow(ctx, "SELECT version FROM resident WHERE id = $1", k.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	merge := resident.Merge{Keep: keep, KeepVersion: version(keep), Other: other, OtherVersion: version(other)}
	seen := merge
	seen.SamePerson = true
	with := func(change func(*resident.Merge)) resident.Merge {
		m := seen
		change(&m)
		return m
	}
	for _, c := range []struct {
		name  string
		actor account.Actor
		m     resident.Merge
		code  fault.Code
		field string
	}{
		{"no number says that they are one", both, merge, fault.Invalid, "samePerson"},
		{"one lies in another's grid", worker, seen, fault.NotFound, "other"},
		{"both lie in another's grid", stranger, seen, fault.NotFound, "keep"},
		{"who keeps no files", leader, seen, fault.Forbidden, ""},
		{"an informant", informant, seen, fault.Forbidden, ""},
		{"the operator", account.TheOperator(), seen, fault.Forbidden, ""},
		{"a file with itself", both, with(func(m *resident.Merge) { m.Other = m.Keep }), fault.Invalid, "other"},
		{"two districts", both, with(func(m *resident.Merge) { m.Other.Home = "there" }), fault.Invalid, "other"},
		{"a version of before", both, with(func(m *resident.Merge) { m.OtherVersion-- }), fault.Conflict, "otherVersion"},
		{"two numbers", both, with(func(m *resident.Merge) { m.Other, m.OtherVersion = third, version(third) }), fault.Conflict, "other"},
	} {
		if _, err := r.Merge(ctx, c.actor, c.m); !fault.Is(err, c.code) || c.field != "" && fault.As(err).Field != c.field {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	got, err := r.Merge(ctx, both, seen)
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != keep || got.Version != version(keep) {
		t.Errorf("%+v", got)
	}
	for field, want := range map[resident.Field]string{resident.Phone: plantedPhone, resident.IdentityNumber: plantedNumber, resident.Name: plantedName} {
		if v, err := r.Reveal(ctx, both, keep, field, visit); err != nil || v != want {
			t.Errorf("%s: %q, %v", field, v, err)
		}
	}
	if _, err := r.Reveal(ctx, both, other, resident.Phone, visit); !fault.Is(err, fault.NotFound) {
		t.Errorf("the other file: %v", err)
	}
	tags := func(actor account.Actor) (n int) {
		t.Helper()
		f, err := r.File(ctx, actor, household(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range f.Members {
			if m.Key == keep {
				n = len(m.Tags)
			}
		}
		return n
	}
	if a, b := tags(leader), tags(worker); a != 3 || b != 2 {
		t.Errorf("who may see all sees %d tags, who may see those that are not restricted %d", a, b)
	}
	// Entered on one day, they live where the file that was kept says; the restricted tag went along, still restricted.
	var lives, registered, erased int
	if err := r.pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE lives_here), count(*) FILTER (WHERE registered_here), (SELECT sum(people) FROM resident_erasure WHERE reason = 'MERGED')
		FROM residency WHERE resident_id = $1`, keep.ID).Scan(&lives, &registered, &erased); err != nil || lives != 1 || registered != 1 || erased != 1 {
		t.Errorf("lives %d, registered %d, erased %d, %v", lives, registered, erased, err)
	}
	if f, err := r.File(ctx, worker, household(2)); !fault.Is(err, fault.NotFound) {
		t.Errorf("the household of another's grid: %+v, %v", f, err)
	}
}
