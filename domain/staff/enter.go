package staff

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/internal/fault"
)

// Entry is a worker with the posts they hold, where a whole town's staff come in at once.
type Entry struct {
	ID uuid.UUID // whom the district knows by it already stays as they are, posts included
	NewWorker
	Division string // code; its district keeps the record
	Terms    []Term

	PhotoName string // for the Store: the name of Photo in Pictures; "": none
}

// Term is a post held for a time. AreaName is as in Store.ResolveArea, but that groups and buildings are named by code and not by
// id; the area lies in the district of the worker.
type Term struct {
	ID       uuid.UUID
	Post     Post
	Cover    Cover
	AreaKind AreaKind
	AreaName string
	From     civil.Date
	Until    *civil.Date // the first day out of office; nil: open
}

// Enter adds workers and puts them in office, all or none, and returns how many were new. Operators only. INVALID: as for Add and
// Appoint; NOT_FOUND: no such division or area; CONFLICT: somebody holds a post already.
func (s *Service) Enter(ctx context.Context, actor account.Actor, entries iter.Seq[Entry]) (added int, err error) {
	if err := actor.RequireOperator(); err != nil {
		return 0, err
	}
	ready, err := s.pictured(ctx, actor, entries)
	if err != nil {
		return 0, err
	}
	return s.Store.EnterWorkers(ctx, actor, ready)
}

// pictured checks entries and keeps the portraits of those that are new, which takes hours where they are many: before the transaction, and however long it takes none is
// swept meanwhile. What it returns names the portraits and holds none.
func (s *Service) pictured(ctx context.Context, actor account.Actor, entries iter.Seq[Entry]) (ready []Entry, err error) {
	var names []string
	homes := map[string]string{} // of divisions, by code
	held := s.Now()
	for e := range entries {
		if err := checkEntry(e); err != nil {
			return nil, err
		}
		known, err := s.known(ctx, actor, e, homes)
		if err != nil {
			return nil, err
		}
		if known {
			e.PhotoFile, e.Photo = nil, nil
		}
		if e.Photo, err = pictureOf(ctx, e.PhotoFile, e.Photo); err != nil {
			return nil, err
		}
		if e.PhotoName, err = s.keep(ctx, actor, e.Photo); err != nil {
			return nil, err
		}
		if e.PhotoName != "" {
			names = append(names, e.PhotoName)
		}
		e.PhotoFile, e.Photo = nil, nil
		ready = append(ready, e)
		if now := s.Now(); now.Sub(held) >= holdsEvery {
			if err := s.Store.HoldPhotos(ctx, actor, names); err != nil {
				return nil, err
			}
			held = now
		}
	}
	if len(names) == 0 {
		return ready, ctx.Err()
	}
	return ready, s.Store.HoldPhotos(ctx, actor, names)
}

// known reports whether e has a photo and its district a worker of its id already, whose photo stays. homes are the districts that were found before, by division.
func (s *Service) known(ctx context.Context, actor account.Actor, e Entry, homes map[string]string) (bool, error) {
	if e.PhotoFile == nil && e.Photo == nil {
		return false, nil
	}
	home, ok := homes[e.Division]
	if !ok {
		area, _, err := s.Store.ResolveArea(ctx, actor, AreaDivision, e.Division) // one that there is not is for the Store to refuse
		if err != nil {
			return false, err
		}
		home, homes[e.Division] = area.Home, area.Home
	}
	_, found, err := s.Store.WorkerByKey(ctx, actor, key.Key{Home: home, ID: e.ID})
	return found, err
}

func checkEntry(e Entry) error {
	if err := CheckWorker(e.NewWorker); err != nil {
		return fmt.Errorf("worker %s: %w", e.ID, err)
	}
	for _, t := range e.Terms {
		if t.Until != nil && !t.From.Before(*t.Until) {
			return fmt.Errorf("%s of worker %s: %w", t.Post, e.ID, fault.New(fault.Invalid, "until", "staff.order"))
		}
	}
	return nil
}
