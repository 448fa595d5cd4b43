package db_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/resident"
	vault "wangge/domain/secret"
	"wangge/domain/staff"
)

func (r register) forms(t *testing.T) (n int) {
	t.Helper()
	if err := r.pool.QueryRow(t.Context(), "SELECT count(*) FROM household_form").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnswersGoWithWhoGaveThem: whoever lives in a home next, and their worker, are not told what the household before answered; one who stays keeps it.
func TestAnswersGoWithWhoGaveThem(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	now := time.Now()
	r.Now = func() time.Time { return now }
	fill := func() {
		t.Helper()
		if _, err := r.FillForm(ctx, worker, household(1), 1, map[string]string{"wishes": "x"}); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	planted, other := r.enter(t), r.other(t)
	if err := r.Erase(ctx, worker, planted.Key, resident.OnRequest); err != nil {
		t.Fatal(err)
	}
	if n := r.forms(t); n != 1 {
		t.Fatalf("%d forms while somebody is left who answered", n)
	}
	if err := r.Erase(ctx, worker, other.Key, resident.OnRequest); err != nil {
		t.Fatal(err)
	}
	if n := r.forms(t); n != 0 {
		t.Errorf("%d forms after all who answered were erased", n)
	}

	// A household leaves and another comes on the same day.
	both := in("both", staff.GridWorker, gridsOf("g1", "g2"))
	gone := r.enter(t)
	fill()
	f, err := r.File(ctx, worker, household(1))
	if err != nil {
		t.Fatal(err)
	}
	day := r.Today().AddDays(3)
	if _, err := r.MoveOut(ctx, worker, f.Members[0].Residency.Key, day); err != nil {
		t.Fatal(err)
	}
	if _, err := r.MoveIn(ctx, both, gone.Key, household(2), resident.Residency{LivesHere: true, Tenure: resident.Tenant, From: day}); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 2)
	if _, err := r.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	if n := r.forms(t); n != 1 {
		t.Errorf("%d forms the day before they leave", n)
	}
	now = now.AddDate(0, 0, 1)
	r.other(t)
	if done, err := r.Expire(ctx); err != nil || done.Forms != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if f, err := r.File(ctx, worker, household(1)); err != nil || f.Form != nil || len(f.Members) != 1 {
		t.Errorf("the next household: %+v, %v", f, err)
	}
}

// TestAListTellsPeopleOfOneNameApart: by number where it has one, and not by chance where it has none.
func TestAListTellsPeopleOfOneNameApart(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	enter := func(p resident.Person) resident.Resident {
		t.Helper()
		out, err := r.Create(ctx, worker, resident.Entry{Household: household(1), Person: p, Residency: resident.Residency{LivesHere: true, Tenure: resident.Owner}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	enter(resident.Person{Name: plantedName})
	numbered := enter(resident.Person{Name: plantedName, Identity: plantedNumber})
	take := func(p resident.Person) resident.ImportReport {
		t.Helper()
		rows := func(yield func(resident.ImportRow, error) bool) {
			yield(resident.ImportRow{Source: "row 2", Building: "b1", Unit: "1单元", Room: "301", Number: "1", Person: p, Residency: resident.Residency{LivesHere: true, Tenure: resident.Owner}}, nil)
		}
		report, err := r.Import(ctx, account.TheOperator(), iter.Seq2[resident.ImportRow, error](rows), resident.ImportOptions{Why: visit})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	for range 8 { // the order of a map is another each time
		if got := take(resident.Person{Name: plantedName, Identity: plantedNumber}); len(got.Refused) != 0 || got.Added+got.Updated != 0 {
			t.Fatalf("who stands there: %+v", got)
		}
	}
	if got := take(resident.Person{Name: plantedName, Identity: plantedNumber, Phone: plantedPhone}); got.Updated != 1 {
		t.Errorf("a telephone: %+v", got)
	}
	if v, err := r.Reveal(ctx, worker, numbered.Key, resident.Phone, visit); err != nil || v != plantedPhone {
		t.Errorf("it went to another: %v", err)
	}
	if got := take(resident.Person{Name: plantedName, Phone: plantedPhone}); len(got.Refused) != 1 || got.Refused[0].Fault.Key != "residents.sameName" {
		t.Errorf("a name of two: %+v", got)
	}
}

// TestAKeyIsNotDroppedUnderAListThatIsTakenIn: what is sealed under it is not there to be seen before the list is committed.
func TestAKeyIsNotDroppedUnderAListThatIsTakenIn(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	r.enter(t)
	store, residents := db.NewSecrets(r.store), db.NewResidents(r.store)
	if _, err := r.Keys.For(ctx, "here", resident.CareKeys); err != nil { // nobody has a tag
		t.Fatal(err)
	}
	if _, err := store.Retire(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	all, err := store.DataKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var idle vault.Wrapped
	for _, k := range all {
		if k.Category == resident.CareKeys {
			idle = k
		}
	}
	later := time.Now().Add(time.Hour)
	err = residents.Work(ctx, account.TheKeeper(), func(inside context.Context) error {
		if err := residents.LockNumbers(inside, account.TheKeeper(), "here", nil); err != nil {
			return err
		}
		if dropped, err := store.Drop(ctx, idle, resident.Columns, later); err != nil || dropped {
			t.Errorf("while a list is taken in: %v, %v", dropped, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if k.Category == resident.IdentityKeys {
			if dropped, err := store.Drop(ctx, k, resident.Columns, later); err != nil || dropped {
				t.Errorf("one that seals a number: %v, %v", dropped, err)
			}
		}
	}
	if dropped, err := store.Drop(ctx, idle, resident.Columns, later); err != nil || !dropped {
		t.Errorf("one that seals nothing: %v, %v", dropped, err)
	}
}
