package db_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/portrait"
	"wangge/domain/staff"
)

// pictures keeps portraits in memory.
type pictures struct {
	kept    map[string]*portrait.Portrait
	written func()
	writes  int
	stuck   string // the name that cannot be removed
	asked   []string
}

func (p *pictures) Write(_ context.Context, name string, picture *portrait.Portrait) error {
	p.kept[name] = picture
	p.writes++
	if p.written != nil {
		p.written()
	}
	return nil
}

func (p *pictures) Read(context.Context, string, bool) ([]byte, bool, error) {
	return nil, false, nil
}

func (p *pictures) Remove(_ context.Context, name string) error {
	p.asked = append(p.asked, name)
	if name == p.stuck {
		return fmt.Errorf("%s is stuck", name)
	}
	delete(p.kept, name)
	return nil
}

// TestPhotosOfALongEnter: portraits of two hours' work all reach their workers, though a server sweeps all the while.
func TestPhotosOfALongEnter(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	now := time.Now()
	album := &pictures{kept: map[string]*portrait.Portrait{}}
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: func() time.Time { return now }, Zone: shanghai, IDs: key.Random{}, Pictures: album}
	album.written = func() {
		now = now.Add(10 * time.Minute)
		if _, err := pool.Exec(t.Context(), "UPDATE loose_photo SET since = since - interval '10 minutes'"); err != nil {
			t.Fatal(err)
		}
		if n, err := s.SweepPhotos(t.Context(), account.TheOperator()); n != 0 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	}
	var division string
	if err := pool.QueryRow(t.Context(), "SELECT code FROM division WHERE home = 'near' ORDER BY code DESC LIMIT 1").Scan(&division); err != nil {
		t.Fatal(err)
	}
	var entries []staff.Entry
	for i := range 12 {
		entries = append(entries, staff.Entry{ID: uuid.UUID{15: byte(i)}, Division: division,
			NewWorker: staff.NewWorker{Name: fmt.Sprint("周", i), Photo: &portrait.Portrait{Full: []byte{1}, Small: []byte{2}}}})
	}
	if added, err := s.Enter(t.Context(), account.TheOperator(), slices.Values(entries)); added != 12 || err != nil {
		t.Fatalf("%d workers, %v", added, err)
	}
	rows, err := pool.Query(t.Context(), "SELECT name FROM worker_photo WHERE name NOT IN (SELECT name FROM loose_photo) ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		named = append(named, name)
	}
	if kept := slices.Sorted(maps.Keys(album.kept)); len(named) != 12 || !slices.Equal(kept, named) {
		t.Errorf("kept are %q, workers have %q", kept, named)
	}
}

// TestPhotosOfWhoIsKnown: who comes in again with a whole town keeps their photo, and no other is made or kept for them, be it a picture or none.
func TestPhotosOfWhoIsKnown(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	album := &pictures{kept: map[string]*portrait.Portrait{}}
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: time.Now, Zone: shanghai, IDs: key.Random{}, Pictures: album}
	face := &portrait.Portrait{Full: []byte{1}, Small: []byte{2}}
	of := func(id byte, division string) staff.Entry {
		return staff.Entry{ID: uuid.UUID{15: id}, Division: division, NewWorker: staff.NewWorker{Name: fmt.Sprint("周", id), Photo: face}}
	}
	file := of(2, "990101001001")
	file.Photo, file.PhotoFile = nil, []byte("no picture: reading it would be refused")
	for _, c := range []struct {
		name          string
		entries       []staff.Entry
		added, writes int
	}{
		{"two are new", []staff.Entry{of(1, "990101001001"), of(2, "990101001001")}, 2, 2},
		{"they come again", []staff.Entry{of(1, "990101001001"), file}, 0, 0},
		{"with a third", []staff.Entry{of(1, "990101001001"), of(3, "990101001001"), file}, 1, 1},
	} {
		album.writes = 0
		if added, err := s.Enter(t.Context(), account.TheOperator(), slices.Values(c.entries)); added != c.added || album.writes != c.writes || err != nil {
			t.Errorf("%s: %d workers, want %d; %d photos written, want %d; %v", c.name, added, c.added, album.writes, c.writes, err)
		}
	}
	if len(album.kept) != 3 {
		t.Errorf("%d photos of three workers", len(album.kept))
	}
}

// TestPhotosThatCannotBeRemoved: one does not stop the others, and who changes a photo waits for the one that was lost alone.
func TestPhotosThatCannotBeRemoved(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	album := &pictures{kept: map[string]*portrait.Portrait{}}
	op := account.TheOperator()
	s := &staff.Service{Store: db.NewStaff(db.New(pool)), Now: time.Now, Zone: shanghai, IDs: key.Random{}, Pictures: album}
	face := &portrait.Portrait{Full: []byte{1}, Small: []byte{2}}
	w, err := s.Add(t.Context(), op, staff.NewWorker{Name: "周晓", Photo: face}, staff.AreaDivision, "990101001001")
	if err != nil {
		t.Fatal(err)
	}
	lost := slices.Collect(maps.Keys(album.kept))[0]
	album.stuck = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	if _, err := pool.Exec(t.Context(), "INSERT INTO loose_photo (name, since) VALUES ($1, '-infinity'), ('BB', '-infinity'), ('CC', '-infinity')", album.stuck); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), op, staff.Change{Worker: w.Key, Version: w.Version, Photo: face}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(album.asked, []string{lost}) || album.kept[lost] != nil || len(album.kept) != 1 {
		t.Errorf("a change removed %q; it lost %s", album.asked, lost)
	}
	album.asked = nil
	if n, err := s.SweepPhotos(t.Context(), op); n != 2 || err == nil || !slices.Equal(album.asked, []string{album.stuck, "BB", "CC"}) {
		t.Errorf("swept %d, %v, asked for %q", n, err, album.asked)
	}
	if n, err := s.SweepPhotos(t.Context(), op); n != 0 || err != nil {
		t.Errorf("at once again: %d, %v", n, err)
	}
	if _, err := pool.Exec(t.Context(), "UPDATE loose_photo SET since = since - interval '61 minutes'"); err != nil {
		t.Fatal(err)
	}
	album.stuck = ""
	if n, err := s.SweepPhotos(t.Context(), op); n != 1 || err != nil {
		t.Errorf("an hour later: %d, %v", n, err)
	}
}
