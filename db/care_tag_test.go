package db_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/resident"
	vault "wangge/domain/secret"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// TestATagIsOneUnderAllKeys: who has a tag is not given it again under another key, also by two who do it at once, and sealing anew goes on where there are two nevertheless.
func TestATagIsOneUnderAllKeys(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	tag := resident.Tag{Category: "DISABLED"}
	if _, err := r.SetTag(ctx, leader, planted.Key, tag); err != nil {
		t.Fatal(err)
	}
	store := db.NewSecrets(r.store)
	now := time.Now()
	if n, err := store.Retire(ctx, now); err != nil || n == 0 {
		t.Fatalf("%d keys retired, %v", n, err)
	}
	r.Keys = &vault.Keys{Ring: func() (*vault.Ring, error) { return r.ring, nil }, Store: store, Now: func() time.Time { return now }, NewID: key.Random{}.NewID}
	if _, err := r.SetTag(ctx, leader, planted.Key, tag); !fault.Is(err, fault.Conflict) {
		t.Errorf("under another key: %v", err)
	}
	errs := make(chan error)
	for range 4 {
		go func() {
			_, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "ELDERLY"})
			errs <- err
		}()
	}
	done := 0
	for range 4 {
		switch err := <-errs; {
		case err == nil:
			done++
		case !fault.Is(err, fault.Conflict):
			t.Error(err)
		}
	}
	if done != 1 {
		t.Errorf("four at once set it %d times", done)
	}
	// A twin, as a building's move between districts brings it.
	var old, twin uuid.UUID
	var sealed []byte
	if err := r.pool.QueryRow(ctx, "SELECT id, tag FROM care_tag ORDER BY id LIMIT 1").Scan(&old, &sealed); err != nil {
		t.Fatal(err)
	}
	plain, err := r.Keys.Open(ctx, vault.Place{Table: "care_tag", Column: "tag", Row: old}, sealed)
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := r.Keys.For(ctx, "here", resident.CareKeys)
	if err != nil {
		t.Fatal(err)
	}
	twin = key.Random{}.NewID()
	if _, err := r.pool.Exec(ctx, "INSERT INTO care_tag SELECT district, $2, resident_id, restricted, $3, decode(repeat('00', 32), 'hex'), set_by, set_on, review_on, expires_on, communities, grids, buildings FROM care_tag WHERE id = $1",
		old, twin, sealing.Seal(vault.Place{Table: "care_tag", Column: "tag", Row: twin}, plain)); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if _, err := r.Keys.Turn(ctx, store, resident.Columns, func(int) {}); err != nil {
		t.Errorf("sealing anew: %v", err)
	}
	if f, err := r.File(ctx, leader, household(1)); err != nil || len(f.Members[0].Tags) != 3 {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestATagThatHoldsNoMoreMakesPlace: it is set anew, and leaves one row.
func TestATagThatHoldsNoMoreMakesPlace(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	now := time.Now()
	r.Now = func() time.Time { return now }
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(1, 0, 2)
	if f, err := r.File(ctx, leader, household(1)); err != nil || len(f.Members[0].Tags) != 0 {
		t.Fatalf("it stands after it expired: %+v, %v", f, err)
	}
	if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Errorf("it is not set anew: %v", err)
	}
	var n int
	if err := r.pool.QueryRow(ctx, "SELECT count(*) FROM care_tag").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestARestrictedTagIsNotTold: who may not see restricted tags is not told by a refusal that there is one.
func TestARestrictedTagIsNotTold(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	planted := r.enter(t)
	c := resident.Category{Code: "DISABLED", Chinese: "残疾", English: "Disabled", LegalBasis: "x", Version: 1}
	operator := account.TheOperator()
	for _, restricted := range []bool{true, false} {
		c.Restricted = restricted
		var err error
		if c, err = r.SetCategory(ctx, operator, c); err != nil {
			t.Fatal(err)
		}
		if restricted {
			if _, err := r.SetTag(ctx, leader, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := r.SetTag(ctx, worker, planted.Key, resident.Tag{Category: "DISABLED"}); err != nil {
		t.Errorf("who may not see it: %v", err)
	}
	if f, err := r.File(ctx, worker, household(1)); err != nil || len(f.Members[0].Tags) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := r.File(ctx, leader, household(1)); err != nil || len(f.Members[0].Tags) != 2 {
		t.Errorf("who may see both: %+v, %v", f, err)
	}
}

// TestFilesFollowWhoeverMovedHoweverLate: where the hourly task was down for more than a week, files are shut to the old grid as soon as it runs.
func TestFilesFollowWhoeverMovedHoweverLate(t *testing.T) {
	r := plantRegister(t)
	ctx := t.Context()
	now := time.Now()
	r.Now = func() time.Time { return now }
	planted := r.enter(t)
	both := in("both", staff.GridWorker, gridsOf("g1", "g2"))
	f, err := r.File(ctx, worker, household(1))
	if err != nil {
		t.Fatal(err)
	}
	leaves := r.Today().AddDays(2)
	if _, err := r.MoveOut(ctx, worker, f.Members[0].Residency.Key, leaves); err != nil {
		t.Fatal(err)
	}
	if _, err := r.MoveIn(ctx, both, planted.Key, household(2), resident.Residency{LivesHere: true, Tenure: resident.Tenant, From: leaves}); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 40)
	if _, err := r.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reveal(ctx, worker, planted.Key, resident.Phone, visit); !fault.Is(err, fault.NotFound) {
		t.Errorf("they moved 38 days ago: %v", err)
	}
	if _, err := r.Reveal(ctx, both, planted.Key, resident.Phone, visit); err != nil {
		t.Errorf("where they are: %v", err)
	}
}
