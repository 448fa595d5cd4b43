package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/resident"
)

// $1 districts, $2 the day, $3 how many at most.
const (
	expireResidencies = `-- name: expire.Residencies
DELETE FROM residency i USING (
	SELECT d.district, d.id FROM residency d JOIN retention k ON k.what = 'RESIDENCY'
	WHERE d.district = ANY($1) AND upper(d.during) + k.days <= $2::date ORDER BY d.district, d.id LIMIT $3
) x WHERE i.district = x.district AND i.id = x.id RETURNING i.district, i.resident_id`

	// $1 districts, $2 people: pairs.
	expirePeople = `-- name: expire.People
DELETE FROM resident r USING unnest($1::text[], $2::uuid[]) s (district, id) WHERE r.district = s.district AND r.id = s.id
AND NOT EXISTS (SELECT 1 FROM residency i WHERE i.district = r.district AND i.resident_id = r.id) RETURNING r.district, r.id`

	expireTags = `-- name: expire.Tags
DELETE FROM care_tag t USING (
	SELECT d.district, d.id FROM care_tag d JOIN retention k ON k.what = 'CARE_TAG'
	WHERE d.district = ANY($1) AND d.expires_on + k.days <= $2::date ORDER BY d.district, d.id LIMIT $3
) x WHERE t.district = x.district AND t.id = x.id`

	expireForms = `-- name: expire.Forms
DELETE FROM household_form f USING (
	SELECT d.district, d.id FROM household_form d JOIN retention k ON k.what = 'FORM'
	WHERE d.district = ANY($1) AND d.filled_on + k.days <= $2::date ORDER BY d.district, d.id LIMIT $3
) x WHERE f.district = x.district AND f.id = x.id`

	// Answers that nobody gave who still belongs to the household: whoever lives there next is not told them. $1 districts, $2 the day, $3 how many at most.
	expireAnswers = `-- name: expire.Answers
DELETE FROM household_form f USING (
	SELECT d.district, d.id FROM household_form d WHERE d.district = ANY($1)
	AND EXISTS (SELECT 1 FROM residency i WHERE i.district = d.district AND i.dwelling_id = d.dwelling_id AND i.number = d.number AND i.during @> d.filled_on)
	AND NOT EXISTS (SELECT 1 FROM residency i WHERE i.district = d.district AND i.dwelling_id = d.dwelling_id AND i.number = d.number AND i.during @> d.filled_on
		AND (upper_inf(i.during) OR upper(i.during) > $2::date))
	ORDER BY d.district, d.id LIMIT $3
) x WHERE f.district = x.district AND f.id = x.id`

	// $1 district, $2 who is erased, $3 the day: answers that nobody else gave who still belongs to the household.
	answersErased = `-- name: expire.AnswersErased
DELETE FROM household_form f USING residency i
WHERE i.district = $1 AND i.resident_id = $2 AND f.district = i.district AND f.dwelling_id = i.dwelling_id AND f.number = i.number AND i.during @> f.filled_on
AND NOT EXISTS (SELECT 1 FROM residency o WHERE o.district = i.district AND o.dwelling_id = i.dwelling_id AND o.number = i.number AND o.resident_id <> i.resident_id
	AND o.during @> f.filled_on AND (upper_inf(o.during) OR upper(o.during) > $3::date))`

	expireUses = `-- name: expire.Uses
DELETE FROM resident_use WHERE uses[cardinality(uses)] < $1::date - 2`
)

// expiredAtOnce is how many rows of a kind one transaction removes.
const expiredAtOnce = 1000

// Expire implements resident.Store.
func (s *Residents) Expire(ctx context.Context, keeper account.Actor, day civil.Date) (done resident.Ended, more bool, err error) {
	homes, err := s.everywhere(ctx, keeper)
	if err != nil {
		return done, false, err
	}
	err = s.As(ctx, keeper, func(ctx context.Context, tx pgx.Tx) error {
		in := &importing{tx: tx}
		ofPeople, people, err := in.pairs(ctx, expireResidencies, homes, day.Time(), expiredAtOnce)
		if err != nil {
			return err
		}
		done.Residencies = len(people)
		if done.People, err = erase(ctx, in, ofPeople, people, day); err != nil {
			return err
		}
		if done.Tags, err = in.exec(ctx, expireTags, homes, day.Time(), expiredAtOnce); err != nil {
			return err
		}
		if done.Forms, err = in.exec(ctx, expireForms, homes, day.Time(), expiredAtOnce); err != nil {
			return err
		}
		answers, err := in.exec(ctx, expireAnswers, homes, day.Time(), expiredAtOnce)
		if err != nil {
			return err
		}
		done.Forms += answers
		more = max(done.Residencies, done.Tags, done.Forms) >= expiredAtOnce
		if _, err := in.exec(ctx, expireUses, day.Time()); err != nil {
			return err
		}
		left, who, err := in.pairs(ctx, peopleGone, homes, day.Time())
		if err != nil {
			return err
		}
		return settleWhere(ctx, tx, append(left, ofPeople...), append(who, people...), day.Time())
	})
	return done, more, err
}

// erase removes those of people who have no residency left, and counts them.
func erase(ctx context.Context, in *importing, homes []string, people []uuid.UUID, day civil.Date) (int, error) {
	if len(people) == 0 {
		return 0, nil
	}
	from, gone, err := in.pairs(ctx, expirePeople, homes, people)
	if err != nil {
		return 0, err
	}
	counts := map[string]int{}
	for _, home := range from {
		counts[home]++
	}
	for home, n := range counts {
		if _, err := in.exec(ctx, residentErased, home, day.Time(), string(resident.AtItsEnd), n); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}
