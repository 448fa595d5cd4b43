package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

const contactsSet = `-- name: contacts.Set
UPDATE division SET supervision_phone = $3, station_name = $4, station_address = $5, station_hours = $6, station_hours_en = $7, station_phone = $8,
	night_phones = $9, night_names = $10, night_names_en = $11, version = version + 1
WHERE id = $1 AND version = $2`

// contactRow is a division's contacts as they are read. station is nil where the division has none of its own, nightPhones where it says
// nobody.
type contactRow struct {
	supervision                                string
	station                                    *string
	address, hours, hoursEnglish, phone        string
	nightPhones, nightNames, nightNamesEnglish []string
}

func (r contactRow) contacts() place.Contacts {
	c := place.Contacts{SupervisionPhone: r.supervision}
	if r.station != nil {
		c.Station = &place.Station{Name: *r.station, Address: r.address, Hours: r.hours, HoursEnglish: r.hoursEnglish, Phone: r.phone}
	}
	for i, number := range r.nightPhones {
		c.Night = append(c.Night, place.NightNumber{Phone: number, Name: r.nightNames[i], NameEnglish: r.nightNamesEnglish[i]})
	}
	return c
}

// SaveContacts implements place.Store.
func (s *Places) SaveContacts(ctx context.Context, actor account.Actor, division uuid.UUID, c place.Contacts, version int) error {
	args := []any{division, version, orNull(c.SupervisionPhone)}
	if st := c.Station; st != nil {
		args = append(args, &st.Name, orNull(st.Address), orNull(st.Hours), orNull(st.HoursEnglish), orNull(st.Phone))
	} else {
		args = append(args, nil, nil, nil, nil, nil)
	}
	var phones, names, english []string // nil is NULL
	for _, n := range c.Night {
		phones, names, english = append(phones, n.Phone), append(names, n.Name), append(english, n.NameEnglish)
	}
	args = append(args, phones, names, english)
	return s.arranging(ctx, actor, func(context.Context, pgx.Tx) ([]locks, error) { return []locks{theDivision(division)}, nil }, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, contactsSet, args...)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.Conflict, "version", "conflict")
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedContacts, divisions: these(division)})
	})
}
