package main

import (
	"cmp"
	"context"
	"time"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/domain/secret"
	"wangge/internal/cli"
	"wangge/internal/config"
	"wangge/internal/keyring"
)

// residents wires residents' files with the keys that they are sealed with.
func residents(store *db.DB, s config.Settings) *resident.Service {
	file := keysFile(s)
	keys := &secret.Keys{Store: db.NewSecrets(store), Now: time.Now, NewID: key.Random{}.NewID, Ring: func() (*secret.Ring, error) {
		ring, _, err := keyring.Open(file, time.Now())
		return ring, err
	}}
	return &resident.Service{Store: db.NewResidents(store), Keys: keys, Now: time.Now, Zone: s.Zone, IDs: key.Random{}}
}

func keysFile(s config.Settings) string { return cmp.Or(s.SecretKeys, keyring.File(s.Data)) }

// Keys implements cli.Program.
func (program) Keys(ctx context.Context, s config.Settings) (report cli.KeysReport, err error) {
	report.File = keysFile(s)
	err = withHouse(ctx, s, func(h *house) error {
		store := db.NewSecrets(h.store)
		ring, err := h.residents.Keys.Ring()
		if err != nil {
			return err
		}
		all, err := store.DataKeys(ctx)
		if err != nil {
			return err
		}
		values, err := store.SealedUnder(ctx, resident.Columns)
		if err != nil {
			return err
		}
		under := map[string]int{}
		for _, w := range all {
			under[w.RingKey]++
			report.Values += values[w.ID]
			if w.Retired == nil {
				report.DataKeys++
			} else {
				report.Retired++
				report.Left += values[w.ID]
			}
		}
		ids, made := ring.Keys()
		for i, id := range ids {
			report.Ring = append(report.Ring, cli.RingKey{ID: id, Made: made[i], DataKeys: under[id]})
		}
		return h.residents.Keys.Check(ctx)
	})
	return report, err
}

// RotateKeys implements cli.Program.
func (program) RotateKeys(ctx context.Context, s config.Settings, job cli.RotateJob) (done cli.Rotated, err error) {
	err = audited(ctx, s, byHand(account.TheOperator()), audit.Entry{Action: audit.RotateKeys}, func(ctx context.Context, h *house) error {
		keys, store, file := h.residents.Keys, db.NewSecrets(h.store), keysFile(s)
		ring, err := keys.Ring() // made where there is none
		if err != nil {
			return err
		}
		return keyring.Alone(file, func() error {
			if err := keys.Check(ctx); err != nil { // a ring that is not theirs is not to be turned
				return err
			}
			if ring, err = keys.Ring(); err != nil {
				return err
			}
			if ring, err = ring.Turned(time.Now()); err != nil {
				return err
			}
			if err := keyring.Save(file, ring); err != nil { // before anything is sealed under it
				return err
			}
			done.Key, _ = ring.Current()
			var columns []secret.Column
			if job.DataKeys {
				columns = resident.Columns
			}
			turned, err := keys.Turn(ctx, store, columns, func(values int) { job.Progress(cli.Progress{Rows: values}) })
			done.DataKeys, done.Retired, done.Values, done.Dropped = turned.DataKeys, turned.Retired, turned.Values, turned.Dropped
			if err != nil || !job.DropUnused {
				return err
			}
			all, err := store.DataKeys(ctx)
			if err != nil {
				return err
			}
			small := ring.Without(func(id string) bool {
				for _, w := range all {
					if w.RingKey == id {
						return false
					}
				}
				return true
			})
			done.RingDropped = ring.Len() - small.Len()
			return keyring.Save(file, small)
		})
	})
	return done, err
}
