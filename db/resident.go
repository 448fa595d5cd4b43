package db

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"resident.livesElsewhere", "They live elsewhere at that time: end that first.", "此期间已在别处居住：请先办理迁出。"},
	[3]string{"resident.registeredElsewhere", "They are registered elsewhere at that time: end that first.", "此期间户籍已登记在别处：请先办理迁出。"},
	[3]string{"care.twice", "They belong to this category already.", "已有该类别的标签。"},
)

const (
	homeColumns = `h.district, h.id, u.id, d.id, d.room, h.number, u.building_id, h.grid_id, h.community_id`

	residentHome = `-- name: resident.Home
SELECT ` + homeColumns + ` FROM household h JOIN dwelling d ON d.district = h.district AND d.id = h.dwelling_id
JOIN unit u ON u.district = d.district AND u.id = d.unit_id
WHERE h.district = $1 AND h.id = $2 ORDER BY h.id`

	residentHomesAt = `-- name: resident.HomesAt
SELECT ` + homeColumns + ` FROM building b JOIN unit u ON u.district = b.district AND u.building_id = b.id
JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id JOIN household h ON h.district = d.district AND h.dwelling_id = d.id AND h.until IS NULL
WHERE ($1 = '' OR b.district = $1) AND b.code = $2 AND ($3 = '' OR u.name = $3) AND d.room = $4 AND ($5 = '' OR h.number = $5) ORDER BY h.id LIMIT 2`

	residentColumns  = `r.district, r.id, r.name, r.identity, r.identity_lookup, r.odd_identity, r.phone, r.born, r.communities, r.grids, r.buildings, r.version`
	residencyColumns = `i.district, i.id, i.resident_id, i.unit_id, i.dwelling_id, i.number, i.registered_here, i.lives_here, i.tenure, lower(i.during), upper(i.during),
	i.community_id, i.grid_id, i.building_id`
	tagColumns = `t.district, t.id, t.resident_id, t.restricted, t.tag, t.lookup, t.set_by, t.set_on, t.review_on, t.expires_on, t.communities, t.grids, t.buildings`

	residentMembers = `-- name: resident.Members
SELECT ` + residencyColumns + ` FROM residency i
WHERE i.district = $1 AND i.dwelling_id = $2 AND i.number = $3 AND i.during @> $4::date ORDER BY lower(i.during), i.id`

	residentsByID = `-- name: resident.ByID
SELECT ` + residentColumns + ` FROM resident r WHERE r.district = $1 AND r.id = ANY($2) ORDER BY r.id`

	// In one order, so that two who hold the same never wait for each other.
	residentsHeld = `-- name: resident.Held
SELECT ` + residentColumns + ` FROM resident r WHERE r.district = $1 AND r.id = ANY($2) ORDER BY r.id FOR UPDATE`

	// A person may be known in several districts.
	residentsByIdentity = `-- name: resident.ByIdentity
SELECT ` + residentColumns + ` FROM resident r WHERE r.district = ANY($1) AND r.identity_lookup = ANY($2)
ORDER BY r.district, r.id LIMIT 20`

	residenciesOf = `-- name: resident.Residencies
SELECT ` + residencyColumns + ` FROM residency i WHERE i.district = $1 AND i.resident_id = $2 ORDER BY lower(i.during), i.id`

	residencyByID = `-- name: resident.Residency
SELECT ` + residencyColumns + ` FROM residency i WHERE i.district = $1 AND i.id = $2 ORDER BY i.id`

	residentAdd = `-- name: resident.Add
INSERT INTO resident (district, id, name, identity, identity_lookup, odd_identity, phone, born, communities, grids, buildings, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, array_remove(ARRAY[$9::uuid], NULL), array_remove(ARRAY[$10::uuid], NULL), ARRAY[$11::uuid], $12)`

	residentSave = `-- name: resident.Save
UPDATE resident SET name = $3, identity = $4, identity_lookup = $5, odd_identity = $6, phone = $7, born = $8, version = version + 1
WHERE district = $1 AND id = $2 AND version = $9`

	residencyAdd = `-- name: resident.AddResidency
INSERT INTO residency (district, id, resident_id, unit_id, dwelling_id, number, registered_here, lives_here, tenure, during, community_id, grid_id, building_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, daterange($10, $11, '[)'), $12, $13, $14)`

	residencyEnd = `-- name: resident.EndResidency
UPDATE residency SET during = daterange(lower(during), $3::date, '[)') WHERE district = $1 AND id = $2 AND upper_inf(during) RETURNING resident_id`

	// $1 the district, $2 the files that residencies, or tags, are put together of.
	residenciesGone = `-- name: resident.DropResidencies
DELETE FROM residency WHERE district = $1 AND resident_id = ANY($2)`

	// $3 the tags that are left.
	tagsGone = `-- name: resident.DropTags
DELETE FROM care_tag WHERE district = $1 AND resident_id = ANY($2) AND NOT id = ANY($3)`

	tagMove = `-- name: resident.MoveTag
UPDATE care_tag SET resident_id = $3, restricted = $4 WHERE district = $1 AND id = $2`

	residentRemove = `-- name: resident.Remove
DELETE FROM resident WHERE district = $1 AND id = $2`

	residentErased = `-- name: resident.Erased
INSERT INTO resident_erasure (district, month, reason, people) VALUES ($1, date_trunc('month', $2::date)::date, $3, $4)
ON CONFLICT (district, month, reason) DO UPDATE SET people = resident_erasure.people + excluded.people`

	tagsOfResidents = `-- name: resident.Tags
SELECT ` + tagColumns + ` FROM care_tag t WHERE t.district = ANY($1) AND t.resident_id = ANY($2) ORDER BY t.resident_id, t.id`

	tagByID = `-- name: resident.Tag
SELECT ` + tagColumns + ` FROM care_tag t WHERE t.district = $1 AND t.id = $2 ORDER BY t.id`

	// Tags of one category, by its hashes under all keys: a constraint would not see that two hashes are of one. $1 district, $2 resident, $3 hashes, $4 restricted or not,
	// $5 the day. One that holds no more makes place.
	lockTags    = "SELECT pg_advisory_xact_lock(hashtextextended('wangge tags ' || $1::uuid::text, 0))"
	tagsExpired = `-- name: resident.TagsExpired
DELETE FROM care_tag WHERE district = $1 AND resident_id = $2 AND lookup = ANY($3) AND restricted = $4 AND expires_on <= $5`
	tagStands = `-- name: resident.TagStands
SELECT EXISTS (SELECT 1 FROM care_tag WHERE district = $1 AND resident_id = $2 AND lookup = ANY($3) AND restricted = $4)`

	tagAdd = `-- name: resident.AddTag
INSERT INTO care_tag (district, id, resident_id, restricted, tag, lookup, set_by, set_on, review_on, expires_on, communities, grids, buildings)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

	tagRemove = `-- name: resident.RemoveTag
DELETE FROM care_tag WHERE district = $1 AND id = $2`

	careCategories = `-- name: resident.Categories
SELECT c.code, c.name_zh, c.name_en, c.legal_basis, c.restricted, c.version FROM care_category c ORDER BY c.code`

	careCategoryAdd = `-- name: resident.AddCategory
INSERT INTO care_category (code, name_zh, name_en, legal_basis, restricted) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (code) DO NOTHING`

	careCategorySave = `-- name: resident.SaveCategory
UPDATE care_category SET name_zh = $2, name_en = $3, legal_basis = $4, restricted = $5, version = version + 1 WHERE code = $1 AND version = $6`

	collectionForms = `-- name: resident.Forms
SELECT f.version, f.since, f.items FROM collection_form f ORDER BY f.version`

	formOfHousehold = `-- name: resident.Form
SELECT f.id, f.form, f.answers, f.filled_on, f.filled_by FROM household_form f WHERE f.district = $1 AND f.dwelling_id = $2 AND f.number = $3 ORDER BY f.id`

	formSave = `-- name: resident.SaveForm
INSERT INTO household_form (district, id, unit_id, dwelling_id, number, form, answers, filled_on, filled_by, community_id, grid_id, building_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (district, dwelling_id, number) DO UPDATE SET id = excluded.id, form = excluded.form, answers = excluded.answers, filled_on = excluded.filled_on,
	filled_by = excluded.filled_by`

	residentUse = `-- name: resident.Use
INSERT INTO resident_use AS u (actor, what, uses) VALUES ($1, $2, ARRAY[$3::timestamptz])
ON CONFLICT (actor, what) DO UPDATE SET uses = ARRAY(SELECT x FROM unnest(u.uses) x WHERE x > $4 ORDER BY x) || $3
WHERE (SELECT count(*) FROM unnest(u.uses) x WHERE x > $4) < $5`

	residentUsed = `-- name: resident.Used
SELECT (SELECT count(*) FROM unnest(u.uses) x WHERE x > $3) FROM resident_use u WHERE u.actor = $1 AND u.what = $2 ORDER BY u.what`

	// Who gives one number to somebody shares the district's lock; a list that is taken in has it alone, since it would take too many others.
	shareNumbers = "SELECT pg_advisory_xact_lock_shared(hashtext('wangge numbers'), hashtext($1))"
	lockNumber   = `-- name: resident.LockNumber
SELECT pg_advisory_xact_lock(l.n) FROM (SELECT DISTINCT hashtextextended('wangge number ' || encode(h, 'hex'), 0) AS n FROM unnest($1::bytea[]) h ORDER BY n) l ORDER BY l.n`
	lockNumbers = "SELECT pg_advisory_xact_lock(hashtext('wangge numbers'), hashtext($1))"
)

// Residents implements resident.Store.
type Residents struct{ *DB }

// NewResidents returns the store of residents' files.
func NewResidents(d *DB) *Residents { return &Residents{d} }

// Work implements resident.Store.
func (s *Residents) Work(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return s.As(ctx, actor, func(ctx context.Context, _ pgx.Tx) error { return fn(ctx) })
}

// homes runs sql, which answers households.
func (s *Residents) homes(ctx context.Context, actor account.Actor, sql string, args ...any) (out []resident.Home, err error) {
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var h resident.Home
		var grid, community *uuid.UUID
		err := rows.Scan(&h.Household.Home, &h.Household.ID, &h.Unit, &h.Dwelling, &h.Room, &h.Number, &h.Area.Building, &grid, &community)
		h.Area.District, h.Area.Grid, h.Area.Community = h.Household.Home, orNil(grid), orNil(community)
		out = append(out, h)
		return err
	})
	return out, err
}

// Home implements resident.Store.
func (s *Residents) Home(ctx context.Context, actor account.Actor, household key.Key) (resident.Home, bool, error) {
	found, err := s.homes(ctx, actor, residentHome, household.Home, household.ID)
	if err != nil || len(found) == 0 {
		return resident.Home{}, false, err
	}
	return found[0], true, nil
}

// HomesAt implements resident.Store.
func (s *Residents) HomesAt(ctx context.Context, actor account.Actor, district, building, unit, room, number string) ([]resident.Home, error) {
	return s.homes(ctx, actor, residentHomesAt, district, building, unit, room, number)
}

// orNil is the id, or the zero one for NULL; known is the other way round.
func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func scanResident(rows pgx.Rows) (r resident.Sealed, err error) {
	err = rows.Scan(&r.Key.Home, &r.Key.ID, &r.Name, &r.Identity, &r.IdentityLookup, &r.OddIdentity, &r.Phone, &r.Born,
		&r.Places.Communities, &r.Places.Grids, &r.Places.Buildings, &r.Version)
	return r, err
}

func scanResidency(rows pgx.Rows) (r resident.Residency, err error) {
	var from time.Time
	var until *time.Time
	var community, grid *uuid.UUID
	err = rows.Scan(&r.Key.Home, &r.Key.ID, &r.ResidentID, &r.Unit, &r.Dwelling, &r.Number, &r.RegisteredHere, &r.LivesHere, &r.Tenure, &from, &until,
		&community, &grid, &r.Area.Building)
	r.From = civil.FromTime(from)
	if until != nil {
		day := civil.FromTime(*until)
		r.Until = &day
	}
	r.Area.District, r.Area.Community, r.Area.Grid = r.Key.Home, orNil(community), orNil(grid)
	return r, err
}

func scanTag(rows pgx.Rows) (t resident.SealedTag, err error) {
	var set, review, expires time.Time
	err = rows.Scan(&t.Key.Home, &t.Key.ID, &t.ResidentID, &t.Restricted, &t.Sealed, &t.Lookup, &t.SetBy, &set, &review, &expires,
		&t.Places.Communities, &t.Places.Grids, &t.Places.Buildings)
	t.SetOn, t.ReviewOn, t.ExpiresOn = civil.FromTime(set), civil.FromTime(review), civil.FromTime(expires)
	return t, err
}

// residencies runs sql, which answers residencies.
func (s *Residents) residencies(ctx context.Context, actor account.Actor, sql string, args ...any) (out []resident.Residency, err error) {
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		r, err := scanResidency(rows)
		out = append(out, r)
		return err
	})
	return out, err
}

// people runs sql, which answers residents.
func (s *Residents) people(ctx context.Context, actor account.Actor, sql string, args ...any) (out []resident.Sealed, err error) {
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		r, err := scanResident(rows)
		out = append(out, r)
		return err
	})
	return out, err
}

// MembersOf implements resident.Store.
func (s *Residents) MembersOf(ctx context.Context, actor account.Actor, h resident.Home, day civil.Date) ([]resident.Residency, map[uuid.UUID]resident.Sealed, error) {
	list, err := s.residencies(ctx, actor, residentMembers, h.Household.Home, h.Dwelling, h.Number, day.Time())
	if err != nil {
		return nil, nil, err
	}
	ids := make([]uuid.UUID, len(list))
	for i, r := range list {
		ids[i] = r.ResidentID
	}
	people, err := s.people(ctx, actor, residentsByID, h.Household.Home, ids)
	of := make(map[uuid.UUID]resident.Sealed, len(people))
	for _, p := range people {
		of[p.Key.ID] = p
	}
	return list, of, err
}

// ResidentByKey implements resident.Store.
func (s *Residents) ResidentByKey(ctx context.Context, actor account.Actor, k key.Key) (resident.Sealed, bool, error) {
	found, err := s.people(ctx, actor, residentsByID, k.Home, []uuid.UUID{k.ID})
	if err != nil || len(found) == 0 {
		return resident.Sealed{}, false, err
	}
	return found[0], true, nil
}

// ByIdentity implements resident.Store.
func (s *Residents) ByIdentity(ctx context.Context, actor account.Actor, district string, lookups [][]byte) ([]resident.Sealed, error) {
	homes := []string{district}
	if district == "" {
		var err error
		if homes, err = s.everywhere(ctx, actor); err != nil {
			return nil, err
		}
	}
	return s.people(ctx, actor, residentsByIdentity, homes, lookups)
}

// LockNumbers implements resident.Store.
func (s *Residents) LockNumbers(ctx context.Context, keeper account.Actor, district string, lookups [][]byte) error {
	return s.As(ctx, keeper, func(ctx context.Context, tx pgx.Tx) (err error) {
		if len(lookups) == 0 {
			_, err = tx.Exec(ctx, lockNumbers, district)
			return err
		}
		if _, err = tx.Exec(ctx, shareNumbers, district); err == nil {
			_, err = tx.Exec(ctx, lockNumber, lookups)
		}
		return err
	})
}

// ResidenciesOf implements resident.Store.
func (s *Residents) ResidenciesOf(ctx context.Context, actor account.Actor, k key.Key) ([]resident.Residency, error) {
	return s.residencies(ctx, actor, residenciesOf, k.Home, k.ID)
}

// ResidencyByKey implements resident.Store.
func (s *Residents) ResidencyByKey(ctx context.Context, actor account.Actor, k key.Key) (resident.Residency, bool, error) {
	found, err := s.residencies(ctx, actor, residencyByID, k.Home, k.ID)
	if err != nil || len(found) == 0 {
		return resident.Residency{}, false, err
	}
	return found[0], true, nil
}

// AddResident implements resident.Store.
func (s *Residents) AddResident(ctx context.Context, actor account.Actor, r resident.Sealed, first resident.Residency) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, residentAdd, r.Key.Home, r.Key.ID, r.Name, r.Identity, r.IdentityLookup, r.OddIdentity, r.Phone, r.Born,
			known(first.Area.Community), known(first.Area.Grid), first.Area.Building, r.Version)
		if err != nil {
			return err
		}
		return addResidency(ctx, tx, first)
	})
}

func addResidency(ctx context.Context, tx pgx.Tx, r resident.Residency) error {
	var until *time.Time
	if r.Until != nil {
		day := r.Until.Time()
		until = &day
	}
	_, err := tx.Exec(ctx, residencyAdd, r.Key.Home, r.Key.ID, r.ResidentID, r.Unit, r.Dwelling, r.Number, r.RegisteredHere, r.LivesHere, string(r.Tenure), r.From.Time(), until,
		known(r.Area.Community), known(r.Area.Grid), r.Area.Building)
	return err
}

// SaveResident implements resident.Store.
func (s *Residents) SaveResident(ctx context.Context, actor account.Actor, r resident.Sealed) error {
	return s.one(ctx, actor, fault.New(fault.Conflict, "version", "conflict"), residentSave,
		r.Key.Home, r.Key.ID, r.Name, r.Identity, r.IdentityLookup, r.OddIdentity, r.Phone, r.Born, r.Version)
}

// one runs sql, which changes one row; none is the error where it changes none.
func (s *Residents) one(ctx context.Context, actor account.Actor, none error, sql string, args ...any) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err == nil && tag.RowsAffected() == 0 {
			err = none
		}
		return err
	})
}

// AddResidency implements resident.Store.
func (s *Residents) AddResidency(ctx context.Context, actor account.Actor, r resident.Residency, today civil.Date) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if err := addResidency(ctx, tx, r); err != nil {
			return err
		}
		return settleMoved(ctx, tx, []string{r.Key.Home}, []uuid.UUID{r.ResidentID}, today.Time())
	})
}

// EndResidency implements resident.Store.
func (s *Residents) EndResidency(ctx context.Context, actor account.Actor, k key.Key, until, today civil.Date) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		moved, err := idsOf(ctx, tx, residencyEnd, k.Home, k.ID, until.Time())
		if err == nil && len(moved) == 0 {
			err = fault.New(fault.Conflict, "id", "conflict")
		}
		if err != nil {
			return err
		}
		return settleMoved(ctx, tx, []string{k.Home}, moved, today.Time())
	})
}

// RemoveResident implements resident.Store.
func (s *Residents) RemoveResident(ctx context.Context, actor account.Actor, k key.Key, why resident.Reason, day civil.Date) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		err := keeping(ctx, func(ctx context.Context) error { // while their residencies say of which households they were
			_, err := tx.Exec(ctx, answersErased, k.Home, k.ID, day.Time())
			return err
		})
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, residentRemove, k.Home, k.ID)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.Conflict, "id", "conflict")
		}
		if err != nil {
			return err
		}
		return keeping(ctx, func(ctx context.Context) error {
			_, err := tx.Exec(ctx, residentErased, k.Home, day.Time(), string(why), 1)
			return err
		})
	})
}

// HoldResidents implements resident.Store.
func (s *Residents) HoldResidents(ctx context.Context, actor account.Actor, district string, ids []uuid.UUID) ([]resident.Sealed, error) {
	return s.people(ctx, actor, residentsHeld, district, ids)
}

// MergeResidents implements resident.Store. The two files' own rows are written as the actor, who must reach both; what belongs to them as the keeper.
func (s *Residents) MergeResidents(ctx context.Context, actor account.Actor, m resident.Merged, today civil.Date) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if err := s.SaveResident(ctx, actor, m.Kept); err != nil {
			return err
		}
		err := keeping(ctx, func(ctx context.Context) error {
			both, left := []uuid.UUID{m.Kept.Key.ID, m.Other.ID}, make([]uuid.UUID, len(m.Tags))
			for i, t := range m.Tags {
				left[i] = t.Key.ID
			}
			if _, err := tx.Exec(ctx, residenciesGone, m.Other.Home, both); err != nil {
				return err
			}
			for _, r := range m.Residencies {
				if err := addResidency(ctx, tx, r); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(ctx, tagsGone, m.Other.Home, both, left); err != nil {
				return err
			}
			for _, t := range m.Tags {
				if _, err := tx.Exec(ctx, tagMove, t.Key.Home, t.Key.ID, m.Kept.Key.ID, t.Restricted); err != nil {
					return err
				}
			}
			return settleWhere(ctx, tx, []string{m.Kept.Key.Home}, []uuid.UUID{m.Kept.Key.ID}, today.Time())
		})
		if err != nil {
			return err
		}
		return s.RemoveResident(ctx, actor, m.Other, resident.InAnother, today)
	})
}

// TagsOf implements resident.Store.
func (s *Residents) TagsOf(ctx context.Context, actor account.Actor, residents []key.Key) (map[uuid.UUID][]resident.SealedTag, error) {
	homes, ids := split(residents)
	out := map[uuid.UUID][]resident.SealedTag{}
	err := s.each(ctx, actor, tagsOfResidents, []any{homes, ids}, func(rows pgx.Rows) error {
		t, err := scanTag(rows)
		out[t.ResidentID] = append(out[t.ResidentID], t)
		return err
	})
	return out, err
}

// TagByKey implements resident.Store.
func (s *Residents) TagByKey(ctx context.Context, actor account.Actor, k key.Key) (t resident.SealedTag, found bool, err error) {
	err = s.each(ctx, actor, tagByID, []any{k.Home, k.ID}, func(rows pgx.Rows) (err error) {
		found = true
		t, err = scanTag(rows)
		return err
	})
	return t, found, err
}

// AddTag implements resident.Store.
func (s *Residents) AddTag(ctx context.Context, actor account.Actor, t resident.SealedTag, lookups [][]byte) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTags, t.ResidentID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, tagsExpired, t.Key.Home, t.ResidentID, lookups, t.Restricted, t.SetOn.Time()); err != nil {
			return err
		}
		var stands bool
		if err := tx.QueryRow(ctx, tagStands, t.Key.Home, t.ResidentID, lookups, t.Restricted).Scan(&stands); err != nil {
			return err
		}
		if stands {
			return fault.New(fault.Conflict, "category", "care.twice")
		}
		_, err := tx.Exec(ctx, tagAdd, t.Key.Home, t.Key.ID, t.ResidentID, t.Restricted, t.Sealed, t.Lookup, t.SetBy, t.SetOn.Time(), t.ReviewOn.Time(), t.ExpiresOn.Time(),
			given(t.Places.Communities), given(t.Places.Grids), given(t.Places.Buildings))
		return err
	})
}

// given is a list that the store keeps as an empty one, not as NULL.
func given(ids []uuid.UUID) []uuid.UUID {
	if ids == nil {
		return []uuid.UUID{}
	}
	return ids
}

// RemoveTag implements resident.Store.
func (s *Residents) RemoveTag(ctx context.Context, actor account.Actor, k key.Key) error {
	return s.one(ctx, actor, fault.New(fault.Conflict, "id", "conflict"), tagRemove, k.Home, k.ID)
}

// Categories implements resident.Store.
func (s *Residents) Categories(ctx context.Context, actor account.Actor) (out []resident.Category, err error) {
	err = s.each(ctx, actor, careCategories, nil, func(rows pgx.Rows) error {
		var c resident.Category
		err := rows.Scan(&c.Code, &c.Chinese, &c.English, &c.LegalBasis, &c.Restricted, &c.Version)
		out = append(out, c)
		return err
	})
	return out, err
}

// SaveCategory implements resident.Store.
func (s *Residents) SaveCategory(ctx context.Context, actor account.Actor, c resident.Category) error {
	moved := fault.New(fault.Conflict, "version", "conflict")
	if c.Version == 0 {
		return s.one(ctx, actor, moved, careCategoryAdd, c.Code, c.Chinese, c.English, c.LegalBasis, c.Restricted)
	}
	return s.one(ctx, actor, moved, careCategorySave, c.Code, c.Chinese, c.English, c.LegalBasis, c.Restricted, c.Version)
}

// Forms implements resident.Store.
func (s *Residents) Forms(ctx context.Context, actor account.Actor) (out []resident.Form, err error) {
	err = s.each(ctx, actor, collectionForms, nil, func(rows pgx.Rows) error {
		var f resident.Form
		var since time.Time
		var items []byte
		if err := rows.Scan(&f.Version, &since, &items); err != nil {
			return err
		}
		f.Since = civil.FromTime(since)
		out = append(out, f)
		return json.Unmarshal(items, &out[len(out)-1].Items)
	})
	return out, err
}

// FormOf implements resident.Store.
func (s *Residents) FormOf(ctx context.Context, actor account.Actor, h resident.Home) (f resident.SealedForm, found bool, err error) {
	err = s.each(ctx, actor, formOfHousehold, []any{h.Household.Home, h.Dwelling, h.Number}, func(rows pgx.Rows) error {
		var on time.Time
		found = true
		err := rows.Scan(&f.ID, &f.Version, &f.Answers, &on, &f.FilledBy)
		f.FilledOn = civil.FromTime(on)
		return err
	})
	return f, found, err
}

// SaveForm implements resident.Store.
func (s *Residents) SaveForm(ctx context.Context, actor account.Actor, h resident.Home, f resident.SealedForm) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, formSave, h.Household.Home, f.ID, h.Unit, h.Dwelling, h.Number, f.Version, f.Answers, f.FilledOn.Time(), f.FilledBy,
			known(h.Area.Community), known(h.Area.Grid), h.Area.Building)
		return err
	})
}

// Use implements resident.Store.
func (s *Residents) Use(ctx context.Context, actor account.Actor, what string, now time.Time, within time.Duration, most int) (counted bool, err error) {
	err = s.As(s.Apart(ctx), account.TheKeeper(), func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, residentUse, actor.ID, what, now, now.Add(-within), most)
		counted = tag.RowsAffected() == 1
		return err
	})
	return counted, err
}

// Used implements resident.Store.
func (s *Residents) Used(ctx context.Context, actor account.Actor, what string, after time.Time) (n int, err error) {
	err = s.each(ctx, account.TheKeeper(), residentUsed, []any{actor.ID, what, after}, func(rows pgx.Rows) error { return rows.Scan(&n) })
	return n, err
}
